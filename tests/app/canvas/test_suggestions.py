from __future__ import annotations

import pytest

from app.canvas.connection import PortEnd, can_connect
from app.canvas.suggestions import add_joined, convert, guess_base, offer_conversion, suggest_operations
from engine.catalogue import catalogue
from engine.document.edits import disconnect
from engine.document.model import NodeId, PortRef

REF = PortRef.parse


def test_the_best_suggestion_for_a_checkpoint_is_a_task_vector(make):
    document = make.graph({"a": make.node("checkpoint")})
    assert [each.id for each in suggest_operations(document, make.output("a.checkpoint"))][:2] == ["task_vector", "apply"]


@pytest.mark.parametrize("operation", sorted(catalogue()))
def test_every_suggestion_can_be_added_and_joined(make, operation):
    document = make.graph({"a": make.node(operation)})
    ends = [PortEnd(REF(f"a.{kind}"), is_output=True) for kind in catalogue()[operation].outputs]
    ends += [PortEnd(REF(f"a.{port.name}"), is_output=False) for port in catalogue()[operation].inputs]
    for end in ends:
        for suggested in suggest_operations(document, end):
            after, node_id = add_joined(document, suggested.id, (0, 0), end)
            assert len(after.wires) == 1
            assert node_id in {after.wires[0].source.node, after.wires[0].target.node}
            assert can_connect(disconnect(after, after.wires[0]), after.wires[0].source, after.wires[0].target) is None


def test_a_checkpoint_becomes_a_role_through_a_task_vector_of_the_base_the_others_count_from(make):
    document = make.graph(
        {
            "base": make.node("checkpoint"), "other": make.node("checkpoint"), "a": make.node("checkpoint"), "b": make.node("checkpoint"),
            "ta": make.node("task_vector"), "like": make.node("analogy"), "x": make.node("apply"),
        },
        ("a.checkpoint", "ta.tuned"), ("base.checkpoint", "ta.base"), ("ta.vector", "like.a"), ("other.checkpoint", "x.base"),
    )  # fmt: skip
    assert guess_base(document, NodeId("like")) == REF("base.checkpoint")
    conversion = offer_conversion(document, REF("b.checkpoint"), REF("like.b"))
    assert conversion is not None
    after = convert(document, conversion, (1, 2))
    (made,) = after.nodes.keys() - document.nodes.keys()
    assert after.nodes[made].operation == "task_vector"
    assert [str(wire.source) for wire in after.wires_into(made, "base")] == ["base.checkpoint"]
    assert [str(wire.source) for wire in after.wires_into(NodeId("like"), "b")] == [f"{made}.vector"]


def test_no_conversion_where_no_node_makes_one_kind_of_the_other(make):
    document = make.graph({"t": make.node("test_set"), "e": make.node("apply")})
    assert offer_conversion(document, REF("t.test_set"), REF("e.base")) is None
