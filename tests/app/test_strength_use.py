"""Chosen strengths go to the nodes that make the same edit, whatever way they are built."""

import pytest

from app.strength_use import find_use, is_of_same_models, use_strengths
from engine.document.edits import add_node, connect, disconnect, remove_nodes, set_label, set_muted, set_parameter
from engine.document.model import Document, Node, NodeId, PortRef, Wire
from engine.planning.check import check_document
from engine.resources import resource_path

MODELS = resource_path("sample/models")


def make_graph(*extra, **operations):
    nodes = {"base": Node("checkpoint", {"source": str(MODELS / "base")}), "s": Node("strength_search", position=(0, 0))}
    wires = ["base.checkpoint s.base", "a.vector s.vectors", "b.vector s.vectors"]
    for name, tuned in (("a", "diag"), ("b", "dots")):
        nodes[f"m{name}"] = Node("checkpoint", {"source": str(MODELS / tuned)})
        nodes[name] = Node("task_vector")
        wires += [f"m{name}.checkpoint {name}.tuned", f"base.checkpoint {name}.base"]
    nodes |= {name: Node(operation, parameters) for name, (operation, parameters) in operations.items()}
    wires += extra
    parsed = [Wire(*map(PortRef.parse, wire.split())) for wire in wires]
    return Document("T", {NodeId(name): node for name, node in nodes.items()}, tuple(parsed))


SUM = ("add", {"weights": [0.3, 2]})
SUMMED = ("a.vector sum.vectors", "b.vector sum.vectors", "sum.vector apply.vector", "base.checkpoint apply.base")
SCALED = ("a.vector sa.vector", "b.vector sb.vector", "sa.vector sum.vectors", "sb.vector sum.vectors", *SUMMED[2:])


def settings(document, strengths):
    use = find_use(document, NodeId("s"), strengths)
    return {(setting.node, setting.parameter): setting.value for setting in use.settings}


def test_one_strength_goes_to_the_apply_and_the_rest_is_made_neutral():
    document = make_graph(*SUMMED, sum=SUM, apply=("apply", {}))
    assert settings(document, [0.7]) == {("apply", "strength"): 0.7, ("sum", "weights"): ()}
    use = find_use(document, NodeId("s"), [0.7])
    after = use_strengths(document, use)
    assert after.nodes["apply"].parameters["strength"] == 0.7
    assert after.nodes["sum"].parameters["weights"] == ()
    assert not use.is_in_use
    assert find_use(after, NodeId("s"), [0.7]).is_in_use
    assert use_strengths(after, use) is after


def test_one_for_each_goes_to_the_weights_of_the_sum_or_to_the_scales_before_it():
    document = make_graph(*SUMMED, sum=SUM, apply=("apply", {"strength": 0.5}))
    assert settings(document, [0.7, 0.2]) == {("apply", "strength"): 1, ("sum", "weights"): (0.7, 0.2)}
    document = make_graph(*SCALED, sum=("add", {}), sa=("scale", {}), sb=("scale", {}), apply=("apply", {}))
    found = settings(document, [0.7, 0.2])
    assert found[("sum", "weights")] == (0.7, 0.2)
    assert found[("sa", "factor")] == found[("sb", "factor")] == found[("apply", "strength")] == 1


def test_equal_strengths_are_one():
    document = make_graph(*SUMMED, sum=SUM, apply=("apply", {}))
    assert settings(document, [0.4, 0.4])[("apply", "strength")] == 0.4


def test_what_is_spread_over_other_nodes_is_in_use_all_the_same():
    parts = {"sum": ("add", {"weights": [0.5, 2]}), "sa": ("scale", {"factor": 2}), "sb": ("scale", {"factor": 0.1})}
    document = make_graph(*SCALED, **parts, apply=("apply", {"strength": 0.7}))
    assert find_use(document, NodeId("s"), [0.7, 0.14]).is_in_use
    assert not find_use(document, NodeId("s"), [0.7, 0.15]).is_in_use


@pytest.mark.parametrize("weights", ["x", [1], ["a", "b"], None])
def test_weights_that_are_none_are_replaced(weights):
    document = make_graph(*SUMMED, sum=("add", {"weights": weights}), apply=("apply", {}))
    use = find_use(document, NodeId("s"), [0.7, 0.2])
    assert not use.is_in_use
    assert find_use(use_strengths(document, use), NodeId("s"), [0.7, 0.2]).is_in_use


def test_scales_that_the_search_sees_stay_as_they_are():
    document = make_graph(*SCALED, sum=("add", {}), sa=("scale", {"factor": 3}), sb=("scale", {}), apply=("apply", {}))
    for old, new in (("a", "sa"), ("b", "sb")):
        document = disconnect(document, Wire(PortRef.parse(f"{old}.vector"), PortRef.parse("s.vectors")))
        document = connect(document, Wire(PortRef.parse(f"{new}.vector"), PortRef.parse("s.vectors")))
    assert {node for node, _ in settings(document, [0.7, 0.2])} == {"apply", "sum"}


@pytest.mark.parametrize(
    ("extra", "operations"),
    [
        (SUMMED[:1] + SUMMED[2:], {"sum": ("add", {})}),
        (("a.vector sum.vector", "sum.vector apply.vector", "base.checkpoint apply.base"), {"sum": ("negate", {})}),
        ((*SUMMED[:3], "ma.checkpoint apply.base"), {"sum": ("add", {})}),
    ],
    ids=["one vector only", "something else", "another base"],
)
def test_another_edit_is_left_alone(extra, operations):
    document = make_graph(*extra, apply=("apply", {}), **operations)
    assert find_use(document, NodeId("s"), [0.7]).settings == ()


def test_muted_nodes_and_searches_that_have_changed_take_nothing():
    document = make_graph(*SUMMED, sum=SUM, apply=("apply", {}))
    assert settings(set_muted(document, [NodeId("apply")], muted=True), [0.7]) == {}
    assert find_use(document, NodeId("s"), [0.7, 0.2, 0.1]) is None
    assert find_use(document, NodeId("apply"), [0.7]) is None


def test_a_choice_is_of_the_models_that_it_was_made_for():
    ran = make_graph(*SUMMED, sum=SUM, apply=("apply", {}))
    assert is_of_same_models(ran, ran, NodeId("s"))
    assert is_of_same_models(set_parameter(ran, NodeId("apply"), "strength", 0.1), ran, NodeId("s"))
    assert not is_of_same_models(set_parameter(ran, NodeId("ma"), "source", "elsewhere"), ran, NodeId("s"))
    assert not is_of_same_models(disconnect(ran, ran.wires[1]), ran, NodeId("s"))


def test_a_ring_of_wires_is_no_edit():
    document = make_graph("sum.vector sum.vectors", *SUMMED, sum=SUM, apply=("apply", {}))
    assert settings(document, [0.7]) == {}


@pytest.mark.parametrize(
    ("strengths", "formula"),
    [
        ([0.7, 0.7], "θ = θ[base] + 0.7 · (τ[ma] + τ[mb])"),
        ([0.7], "θ = θ[base] + 0.7 · (τ[ma] + τ[mb])"),
        ([0.7, 0.2], "θ = θ[base] + 0.7 · τ[ma] + 0.2 · τ[mb]"),
    ],
)
def test_where_no_node_makes_the_edit_one_is_added(strengths, formula, tmp_path):
    document = make_graph()
    after = use_strengths(document, find_use(document, NodeId("s"), strengths))
    assert [node.operation for node_id, node in after.nodes.items() if node_id not in document.nodes] == ["add", "apply"]
    assert find_use(after, NodeId("s"), strengths).is_in_use
    for name in ("base", "ma", "mb"):
        after = set_label(after, NodeId(name), name)
    after = remove_nodes(after, [NodeId("s")])
    after = add_node(after, NodeId("out"), Node("export_checkpoint", {"folder": "out"}))
    after = connect(after, Wire(PortRef.parse("apply.checkpoint"), PortRef.parse("out.checkpoint")))
    assert check_document(after, tmp_path).plan.formulas["out"].splitlines()[0] == formula
