from __future__ import annotations

from app.canvas.connection import can_connect, can_insert, choose_port, explain_ends, explain_node, find_fitting
from engine.document.model import NodeId, PortRef

REF = PortRef.parse


def test_an_output_feeds_an_input_of_its_kind(make):
    document = make.graph({"a": make.node("checkpoint"), "t": make.node("task_vector")})
    assert can_connect(document, REF("a.checkpoint"), REF("t.tuned")) is None


def test_another_kind_is_refused_with_both_kinds_named(make):
    document = make.graph({"a": make.node("checkpoint"), "e": make.node("apply")})
    assert can_connect(document, REF("a.checkpoint"), REF("e.vector")) == "Apply needs a task vector here; this is a checkpoint."


def test_a_circle_is_refused(make):
    document = make.graph({"a": make.node("negate"), "b": make.node("scale")}, ("a.vector", "b.vector"))
    reason = can_connect(document, REF("b.vector"), REF("a.vector"))
    assert reason is not None
    assert "circle" in reason
    assert "itself" in (can_connect(document, REF("a.vector"), REF("a.vector")) or "")


def test_a_wire_that_is_there_is_not_drawn_twice(make):
    document = make.graph({"a": make.node("negate"), "b": make.node("add")}, ("a.vector", "b.vectors"))
    assert can_connect(document, REF("a.vector"), REF("b.vectors")) == "These two are joined already."


def test_an_unknown_operation_and_an_unknown_port_take_nothing(make):
    document = make.graph({"a": make.node("negate"), "x": make.node("from_the_future")})
    assert "does not know" in (can_connect(document, REF("a.vector"), REF("x.vector")) or "")
    assert "no port" in (can_connect(document, REF("a.vector"), REF("a.nothing")) or "")


def test_two_outputs_are_not_joined(make):
    document = make.graph({"a": make.node("negate"), "b": make.node("negate")})
    assert explain_ends(document, make.output("a.vector"), make.output("b.vector")) == (
        "Both of these are outputs: a wire goes from an output to an input."
    )


def test_fitting_ports_are_exactly_those_that_can_be_connected(make):
    document = make.negation()
    for end in (make.output("base.checkpoint"), make.output("tau.vector"), make.input("edit.vector"), make.input("tau.tuned")):
        fitting = find_fitting(document, end)
        for node_id in document.nodes:
            for name, is_output in (("checkpoint", True), ("vector", True), ("vector", False), ("base", False), ("tuned", False)):
                other = (make.output if is_output else make.input)(f"{node_id}.{name}")
                assert (explain_ends(document, end, other) is None) == (other in fitting), (end, other)


def test_a_wire_on_a_body_takes_the_empty_required_port_first(make):
    document = make.graph(
        {"a": make.node("checkpoint"), "b": make.node("checkpoint"), "t": make.node("task_vector")}, ("b.checkpoint", "t.tuned")
    )
    assert choose_port(document, make.output("a.checkpoint"), NodeId("t")) == make.input("t.base")
    assert choose_port(document, make.input("t.base"), NodeId("a")) == make.output("a.checkpoint")


def test_a_body_without_a_fitting_port_says_what_it_does_not_take(make):
    document = make.graph({"a": make.node("test_set"), "t": make.node("task_vector")})
    assert choose_port(document, make.output("a.test_set"), NodeId("t")) is None
    assert explain_node(document, make.output("a.test_set"), NodeId("t")) == "‘Task vector’ does not take a test set."


def test_a_node_goes_into_a_wire_only_when_its_kinds_fit_and_it_is_free(make):
    document = make.graph(
        {"t": make.node("task_vector"), "e": make.node("apply"), "s": make.node("scale"), "c": make.node("checkpoint")},
        ("t.vector", "e.vector"),
    )
    wire = document.wires[0]
    assert can_insert(document, wire, NodeId("s")) == (REF("s.vector"), REF("s.vector"))
    assert can_insert(document, wire, NodeId("c")) is None
    assert can_insert(document, wire, NodeId("t")) is None
