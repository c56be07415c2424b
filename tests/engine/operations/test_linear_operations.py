"""What each linear operation weighs its inputs with."""

from __future__ import annotations

from fractions import Fraction

import pytest

from engine.catalogue import catalogue
from engine.operation import Kernel
from engine.tensor_names import Place, find_places

SOMEWHERE = Place("w", "other", None, 0)


def weigh(name, counts, place=SOMEWHERE, **parameters):
    operation = catalogue()[name]
    values = {each.name: each.parse(parameters.get(each.name, each.default)) for each in operation.parameters}
    return dict(operation.behaviour(values).coefficients(counts, place))


def check(name, counts, **parameters):
    operation = catalogue()[name]
    return list(operation.check({each.name: each.parse(parameters.get(each.name, each.default)) for each in operation.parameters}, counts))


@pytest.mark.parametrize(
    ("name", "counts", "parameters", "expected"),
    [
        ("task_vector", {"tuned": 1, "base": 1}, {}, {"tuned": (1,), "base": (-1,)}),
        ("negate", {"vector": 1}, {}, {"vector": (-1,)}),
        ("scale", {"vector": 1}, {"factor": 0.1}, {"vector": (Fraction(1, 10),)}),
        ("add", {"vectors": 3}, {}, {"vectors": (1, 1, 1)}),
        ("add", {"vectors": 2}, {"weights": (0.3, -2)}, {"vectors": (Fraction(3, 10), -2)}),
        ("analogy", {"a": 1, "b": 1, "c": 1, "d": 0}, {}, {"a": (-1,), "b": (1,), "c": (1,), "d": ()}),
        ("analogy", {"a": 1, "b": 1, "c": 1}, {}, {"a": (-1,), "b": (1,), "c": (1,), "d": ()}),
        ("analogy", {"a": 1, "b": 1, "c": 1, "d": 1}, {}, {"a": (-1,), "b": (1,), "c": (1,), "d": (0,)}),
        ("apply", {"base": 1, "vector": 1}, {"strength": 0.4}, {"base": (1,), "vector": (Fraction(2, 5),)}),
        ("interpolate", {"first": 1, "second": 1}, {"amount": 0.3}, {"first": (Fraction(7, 10),), "second": (Fraction(3, 10),)}),
        ("average", {"checkpoints": 3}, {}, {"checkpoints": (Fraction(1, 3), Fraction(1, 3), Fraction(1, 3))}),
        ("average", {"checkpoints": 2}, {"weights": (0.1, 0.3)}, {"checkpoints": (Fraction(1, 4), Fraction(3, 4))}),
    ],
)
def test_coefficients(name, counts, parameters, expected):
    assert weigh(name, counts, **parameters) == expected


@pytest.mark.parametrize("amount", [0, 1])
def test_an_arc_ends_at_the_models_bit_by_bit(amount):
    assert weigh("interpolate", {}, path="arc", amount=amount) == {"first": (1 - amount,), "second": (amount,)}


def test_between_its_ends_an_arc_is_a_kernel():
    behaviour = catalogue()["interpolate"].behave(amount=Fraction(1, 2), path="arc", misfit="stop")
    assert isinstance(behaviour, Kernel)
    assert behaviour.parent == "first"


@pytest.mark.parametrize(("name", "port"), [("add", "vectors"), ("average", "checkpoints"), ("ties", "vectors")])
def test_weights_that_are_not_one_for_each_wire_are_a_problem(name, port):
    assert check(name, {port: 3}, weights=(1, 2)) == ["weights has 2 numbers for 3 wires; give one for each wire, or none for ones."]
    assert check(name, {port: 0}, weights=(1, 2)) == [
        "weights has 2 numbers, but nothing is wired in; wire in one for each, or take the weights out."
    ]
    assert not check(name, {port: 2}, weights=(1, 2))
    assert not check(name, {port: 2})


def test_an_average_of_nothing_is_a_problem():
    (sentence,) = check("average", {"checkpoints": 2}, weights=(0, 0))
    assert "All weights are 0" in sentence


NAMES = [f"model.layers.{number}.mlp.up_proj.weight" for number in range(11)] + ["model.embed_tokens.weight", "single.0.w"]


@pytest.mark.parametrize(
    ("include", "exclude", "chosen"),
    [
        (("*",), (), set(NAMES)),
        ((), (), set()),
        (("@mlp",), ("*.10.*", "*.?.mlp.*"), set()),
        (("@embeddings",), (), {"model.embed_tokens.weight"}),
        (("*.layers.1.*", "single.*"), ("@mlp",), {"single.0.w"}),
        (("MODEL.*",), (), set()),
    ],
)
def test_layer_filter_keeps_the_chosen_tensors(include, exclude, chosen):
    places = find_places(NAMES)
    kept = {name: weigh("layer_filter", {"vector": 1}, places[name], include=include, exclude=exclude)["vector"] for name in NAMES}
    assert kept == {name: (1 if name in chosen else 0,) for name in NAMES}


def test_an_unknown_preset_is_a_problem_that_names_the_known_ones():
    (sentence,) = check("layer_filter", {"vector": 1}, include=("@norm", "@ffn"))
    assert sentence == "include names the preset @ffn; there are @attention, @mlp, @norm, @embeddings, @head."


@pytest.mark.parametrize(
    ("shape", "name", "expected"),
    [
        ("line", "model.layers.0.mlp.up_proj.weight", Fraction(1, 2)),
        ("line", "model.layers.3.mlp.up_proj.weight", Fraction(1, 2) + Fraction(3, 2) * Fraction(3, 10)),
        ("line", "model.layers.10.mlp.up_proj.weight", Fraction(2)),
        ("ease", "model.layers.0.mlp.up_proj.weight", Fraction(1, 2)),
        ("ease", "model.layers.5.mlp.up_proj.weight", Fraction(5, 4)),
        ("ease", "model.layers.1.mlp.up_proj.weight", Fraction(1, 2) + Fraction(3, 2) * Fraction(28, 1000)),
        ("line", "model.embed_tokens.weight", Fraction(1)),
        ("line", "single.0.w", Fraction(1, 2)),
    ],
)
def test_layer_curve_goes_from_first_to_last_over_depth(shape, name, expected):
    assert weigh("layer_curve", {"vector": 1}, find_places(NAMES)[name], first=0.5, last=2, shape=shape) == {"vector": (expected,)}


@pytest.mark.parametrize(
    ("parameters", "counts", "word"),
    [
        ({"strengths": "pairs", "budget": 10}, {"vectors": 4}, "more than the budget of 10"),
        ({"step": 0}, {}, "larger than 0"),
        ({"start": 1, "stop": 0.5}, {}, "below the start"),
        ({"step": 0.0001}, {}, "10001 strengths"),
        ({"start": 0, "stop": 0.04}, {}, "never a candidate"),
        ({"rule": "largest_within_share"}, {}, "controls"),
        ({"rule": "largest_within_increase"}, {}, "controls"),
        ({"metric": "flagged_share"}, {}, "flagged_share"),
    ],
)
def test_a_search_that_can_find_nothing_is_a_problem(parameters, counts, word):
    (sentence,) = check("strength_search", counts, **parameters)
    assert word in sentence


def test_a_search_with_a_control_is_none():
    assert not check("strength_search", {"controls": 1}, rule="largest_within_share")


@pytest.mark.parametrize(
    ("name", "parameters", "word"),
    [
        ("evaluate", {"stride": 2000}, "stride"),
        ("evaluate", {"metric": "flagged_share"}, "scorer"),
        ("test_set", {"source": "x", "template": "a photo"}, "{}"),
    ],
)
def test_settings_that_contradict_one_another_are_a_problem(name, parameters, word):
    (sentence,) = check(name, {}, **parameters)
    assert word in sentence
