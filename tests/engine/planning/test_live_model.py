"""Live models: at every value of the live numbers they are what ordinary folding gives."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.document.edits import set_parameter
from engine.planning.coefficient import Symbol
from engine.planning.linear import Folding
from engine.planning.live_model import make_live_model
from engine.planning.live_weights import WeightEvaluator
from tests.engine.graph_lines import TWO_VECTORS

SOURCES = f"""{TWO_VECTORS}
    c = checkpoint source:c
"""
CHECKPOINTS = ("interpolate", "average", "apply")
LINES = {
    "task_vector": "tuned={p} base={p}",
    "interpolate": "first={p} second={p} amount:{t} path:{w}",
    "average": "checkpoints={p},{p},{p} weights:[{n},{n},1]",
    "negate": "vector={v}",
    "scale": "vector={v} factor:{r}",
    "add": "vectors={v},{v},{v} weights:{l}",
    "analogy": "a={v} b={v} c={v} d={v}",
    "apply": "base={p} vector={v} strength:{r}",
    "layer_filter": 'vector={v} include:["@mlp"]',
    "layer_curve": "vector={v} first:{r} last:{r} shape:ease",
    "ties": "vectors={v},{v}",
}
REALS = st.decimals(-3, 3, places=2, allow_nan=False).map(float)


@st.composite
def graphs(draw):
    """Return the lines of two graphs of one structure whose live numbers may differ."""
    both = ([], [])
    points, vectors = ["base", "a", "b", "c"], ["ta", "tb"]
    for number in range(draw(st.integers(1, 7))):
        operation = draw(st.sampled_from(sorted(LINES)))
        fixed = {"p": st.sampled_from(points), "v": st.sampled_from(vectors), "n": st.integers(0, 9), "w": st.just("line")}
        line = re.sub(r"\{([pvnw])\}", lambda found: str(draw(fixed[found[1]])), LINES[operation])  # noqa: B023
        muted = "!" if draw(st.integers(0, 9)) == 0 else ""
        live = {"r": REALS, "t": st.sampled_from([0, 0.25, 1]), "l": st.sampled_from(["[]", "[0.5,1,2]", "[-1,0,3]"])}
        for lines in both:
            words = re.sub(r"\{(\w)\}", lambda found: str(draw(live[found[1]])), line)  # noqa: B023
            lines.append(f"{muted}n{number} = {operation} {words}")
        (points if operation in CHECKPOINTS else vectors).append(f"n{number}")
    return tuple("\n".join([SOURCES, *lines]) for lines in both)


def exact_values(model, document):
    return {symbol: Fraction(repr(value)) for symbol, value in model.read_values(document).items()}


def expanded(form, base):
    return {atom.node: weight.number for atom, weight in form.weights if atom.node != base}


def add_up(live, group, values):
    """Return what each node weighs the columns with in a group of tensors, in exact fractions."""
    rows = []
    for node in live.nodes:
        total = {} if node.column is None else {live.columns[node.column]: Fraction(1)}
        for term in node.terms:
            factor = term.weights[group if len(term.weights) > 1 else 0].substitute(values).number
            for column, weight in rows[term.row].items():
                total[column] = total.get(column, 0) + factor * weight
        rows.append({column: weight for column, weight in total.items() if weight})
    return rows


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None, max_examples=40)
@given(pair=graphs())
def test_the_model_of_one_graph_gives_the_forms_of_all_that_differ_in_live_numbers(bench, family, pair):
    first, second = (bench.resolve(lines) for lines in pair)
    model = make_live_model(first)
    assert model == make_live_model(second)
    (live,) = model.families
    evaluator = WeightEvaluator(live)
    for resolved in (first, second):
        folding, values = Folding(resolved), exact_values(model, resolved.graph.document)
        weights = evaluator.evaluate({symbol: float(value) for symbol, value in values.items()})
        for tensor, group in zip(live.family.tensors, live.groups, strict=True):
            found = add_up(live, group, values)
            for index, node in enumerate(live.nodes):
                wanted = expanded(folding.segments(node.node, tensor)[0][1], live.family.base)
                assert found[index] == wanted
                assert weights[group, index] == pytest.approx([float(wanted.get(column, 0)) for column in live.columns], abs=1e-12)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None, max_examples=40)
@given(pair=graphs())
def test_what_stands_still_and_what_goes_together_does_so_at_all_numbers(bench, family, pair):
    first, second = (bench.resolve(lines) for lines in pair)
    model = make_live_model(first)
    (live,) = model.families
    evaluator = WeightEvaluator(live)
    before, after = (evaluator.evaluate(model.read_values(resolved.graph.document)) for resolved in (first, second))
    for row, origin in enumerate(live.origins):
        assert row in live.moving or (before[:, row] == after[:, row]).all()
        assert (after[:, row] == after[:, origin]).all()


def test_a_vector_has_the_value_of_the_model_it_is_the_change_of(bench, family):
    lines = f"""{SOURCES}
        sum = add vectors=ta,tb
        kept = trim vector=sum density:0.5
        edit = apply base=base vector=ta strength:1
        again = task_vector tuned=edit base=base
    """
    (live,) = make_live_model(bench.resolve(lines)).families
    names = [str(node.node) for node in live.nodes]
    assert {name: names[origin] for name, origin in zip(names, live.origins, strict=True) if names[origin] != name} == {
        "ta": "a",
        "tb": "b",
        "again": "edit",
    }
    assert {names[row] for row in live.moving} == {"sum", "kept", "edit", "again"}


def test_live_numbers_are_those_that_the_weights_follow_in_a_straight_line(bench, family):
    lines = f"""{SOURCES}
        s = scale vector=ta
        sum = add vectors=s,tb
        bent = layer_curve vector=sum first:0 last:2
        kept = trim vector=bent density:0.5
        way = interpolate first=a second=b amount:0.1
        arc = interpolate first=a second=b amount:0 path:arc
        mean = average checkpoints=a,b weights:[1,2]
        !quiet = scale vector=ta factor:3
        edit = apply base=base vector=kept
    """
    names = {f"{number.symbol.node}.{number.symbol.name}" for number in make_live_model(bench.resolve(lines)).numbers}
    assert names == {"s.factor", "sum.weights.0", "sum.weights.1", "bent.first", "bent.last", "way.amount", "edit.strength"}


def test_numbers_are_read_from_the_document_with_their_defaults(bench, family):
    resolved = bench.resolve(f"{SOURCES}\n sum = add vectors=ta,tb\n edit = apply base=base vector=sum")
    model, document = make_live_model(resolved), resolved.graph.document
    assert set(model.read_values(document).values()) == {1.0}
    changed = set_parameter(set_parameter(document, "edit", "strength", 0.25), "sum", "weights", [3, 0.5])
    values = model.read_values(changed)
    assert values == {Symbol("sum", "weights.0"): 3, Symbol("sum", "weights.1"): 0.5, Symbol("edit", "strength"): 0.25}
    assert model.find_number("edit", "strength").symbol == Symbol("edit", "strength")
    assert model.find_number("edit", "misfit") is None


def test_what_a_search_has_yet_to_choose_is_not_known(bench, family):
    lines = f"""{SOURCES}
        set = test_set source:set.npz split:validation
        best = strength_search base=base vectors=ta,tb targets=set
        out = apply base=best.checkpoint vector=ta strength:0.5
    """
    resolved = bench.resolve(lines)
    model = make_live_model(resolved)
    (live,), document = model.families, resolved.graph.document
    rows = {node.node: index for index, node in enumerate(live.nodes)}
    evaluator = WeightEvaluator(live)
    unknown = evaluator.evaluate(model.read_values(document))[0]
    assert np.isnan(unknown[rows["best"], :2]).all()
    assert unknown[rows["ta"]].tolist() == [1, 0, 0]
    known = evaluator.evaluate(model.read_values(document, {Symbol("best", "strength"): 0.3}))[0]
    assert known[rows["out"]] == pytest.approx([0.8, 0.3, 0])


def test_slopes_are_those_of_finite_differences(bench, family):
    lines = f"""{SOURCES}
        s = scale vector=ta factor:0.5
        x = add vectors=s,tb
        half = apply base=base vector=x strength:0.3
        more = apply base=half vector=s strength:2
    """
    resolved = bench.resolve(lines)
    model = make_live_model(resolved)
    evaluator, values = WeightEvaluator(model.families[0]), model.read_values(resolved.graph.document)
    for number in model.numbers:
        step = 1e-6
        moved = [evaluator.evaluate({**values, number.symbol: values[number.symbol] + sign * step}) for sign in (1, -1)]
        assert evaluator.slope(values, number.symbol) == pytest.approx((moved[0] - moved[1]) / (2 * step), abs=1e-8)
    assert not evaluator.slope(values, Symbol("x", "nothing")).any()


def test_a_search_is_not_made_of_its_references(bench, family):
    lines = f"""{SOURCES}
        target = test_set source:target.npz split:validation
        x = strength_search base=base vectors=ta targets=target references=c,b
    """
    (live,) = make_live_model(bench.resolve(lines)).families
    node = next(node for node in live.nodes if node.node == "x")
    assert node.operands == ("base", "ta")
    assert node.compared == ("c", "b")


def test_nodes_know_what_they_are_made_of_and_compared_with(bench, family):
    lines = f"""{SOURCES}
        tc = task_vector tuned=c base=base
        same = checkpoint source:c
        x = analogy a=ta b=tb c=ta d=tc
        t = ties vectors=ta,tb
    """
    (live,) = make_live_model(bench.resolve(lines)).families
    nodes = {node.node: node for node in live.nodes}
    assert nodes["x"].operands == ("ta", "tb", "ta")
    assert nodes["x"].compared == ("tc",)
    assert nodes["same"].source == nodes["c"].source
    assert live.columns == ("a", "b", nodes["c"].source, "t")
    assert live.kernels == ("t",)
    assert replace(live, kernels=()).columns == live.family.vectors
