from __future__ import annotations

from dataclasses import replace

import pytest

from app.canvas.node_card import describe_node, slider_span, snap_value
from app.canvas.node_shape import GRAB_RADIUS, shape_node
from engine.catalogue import catalogue
from engine.document.model import Node, NodeId
from engine.operation import PortKind

A = NodeId("a")
UNDER_THE_TITLE = {"checkpoint", "lora_adapter", "series"}
"""Operations whose facts take the place of the file's name."""
MEASURED = sorted(
    each.id for each in catalogue().values() if {*each.outputs} & {PortKind.VECTOR, PortKind.CHECKPOINT} and each.id not in UNDER_THE_TITLE
)


@pytest.mark.parametrize("operation", sorted(catalogue()))
def test_every_declared_port_has_its_own_place_on_the_edge(make, operation):
    document = make.graph({"a": make.node(operation)})
    shape = shape_node(describe_node(document, A))
    declared = catalogue()[operation]
    assert len(shape.ports) == len(declared.inputs) + len(declared.outputs)
    for place in shape.ports:
        assert place.x == (shape.width if place.port.is_output else 0)
        assert 0 < place.y < shape.height
        assert shape.port_at(place.x, place.y) == place
    inputs = [place.y for place in shape.ports if not place.port.is_output]
    assert inputs == sorted(set(inputs))


@pytest.mark.parametrize("operation", sorted(catalogue()))
def test_facts_move_no_port(make, operation):
    document = make.graph({"a": make.node(operation)})
    plain, told = (shape_node(describe_node(document, A, fact)) for fact in ("", "‖τ‖ 0.83"))
    assert [place.y for place in plain.ports] == [place.y for place in told.ports]


@pytest.mark.parametrize(
    ("operation", "fact"),
    [
        *((each, "‖τ‖ ≈ 0.0597") for each in MEASURED),
        ("task_vector", "‖τ‖ 0.8"),
        ("evaluate", "accuracy 0.874"),
        ("evaluate", "f1 0.874"),
        ("strength_search", "λ = 0.5, 0.25"),
    ],
)
def test_no_node_grows_when_its_fact_comes(make, operation, fact):
    document = make.graph({"a": replace(make.node(operation), label="τ")})
    plain, told = (shape_node(describe_node(document, A, each)) for each in ("", fact))
    assert (told.width, told.height) == (plain.width, plain.height)


def test_an_unknown_operation_shows_the_ports_that_its_wires_name(make):
    document = make.graph({"a": make.node("from_the_future"), "b": make.node("negate")}, ("a.vector", "b.vector"), ("b.vector", "a.odd"))
    card = describe_node(document, A)
    assert not card.is_known
    assert "from_the_future" in card.subtitle
    assert [(port.name, port.is_output) for port in card.ports] == [("odd", False), ("vector", True)]


def test_a_press_far_from_every_port_takes_none(make):
    shape = shape_node(describe_node(make.graph({"a": make.node("apply")}), A))
    assert shape.port_at(shape.width / 2, 5) is None
    assert shape.port_at(0, 43 - GRAB_RADIUS + 1) is not None


@pytest.mark.parametrize(("value", "span"), [(0, (0, 1)), (0.4, (0, 1)), (1, (0, 1)), (-0.5, (-2, 2)), (1.5, (-2, 2)), (7, (-10, 10))])
def test_a_slider_spans_what_its_value_needs(value, span):
    assert slider_span(value, -10, 10) == span


def test_slider_values_are_decimals():
    assert snap_value(0.3, 0, 1) == 0.3
    assert snap_value(0.07, 0, 1) == 0.07
    assert snap_value(2, 0, 1) == 1


def test_only_scale_and_the_like_have_a_slider(make):
    document = make.graph({"a": make.node("apply", strength=0.25), "b": make.node("negate")})
    slider = shape_node(describe_node(document, A)).slider
    assert slider is not None
    assert slider.share == 0.25
    assert shape_node(describe_node(document, NodeId("b"))).slider is None


def test_a_value_that_is_no_number_has_no_slider_but_a_node(make):
    assert describe_node(make.graph({"a": make.node("apply", strength="much")}), A).slider is None


def test_the_sentence_of_an_analogy_names_the_checkpoints(make):
    document = make.graph(
        {
            "a": make.node("analogy"),
            "one": Node("checkpoint", label="A: plain 0–4"),
            "tau": make.node("task_vector"),
        },
        ("one.checkpoint", "tau.tuned"),
        ("tau.vector", "a.a"),
    )
    assert describe_node(document, A).sentence == "plain 0–4 is to B as C is to ?"
