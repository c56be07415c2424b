"""Wires drawn by hand: where they land, what they replace, and why one is refused."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.canvas.connection import PortEnd
from app.canvas.gestures.draw_wire import DrawWire
from engine.document.model import NodeId, PortRef


@pytest.mark.parametrize("is_backwards", [False, True])
def test_a_wire_is_drawn_either_way(hand, session, wires, open_graph, make, is_backwards):
    open_graph(make.graph({"a": make.node("checkpoint"), "t": make.node("task_vector", 360, 48)}))
    ends = (hand.output("a.checkpoint"), hand.input("t.base"))
    hand.drag(*(reversed(ends) if is_backwards else ends))
    assert wires() == {("a.checkpoint", "t.base")}
    assert session.undo_stack.count() == 1


def test_a_wire_springs_to_the_nearest_fitting_port(hand, wires, open_graph, make):
    open_graph(make.graph({"a": make.node("checkpoint"), "t": make.node("task_vector", 360, 48)}))
    x, y = hand.input("t.base")
    hand.drag(hand.output("a.checkpoint"), (x - 15, y + 12))
    assert wires() == {("a.checkpoint", "t.base")}


def test_a_wire_dropped_on_a_body_takes_the_first_empty_port(hand, wires, open_graph, make):
    open_graph(make.graph({"a": make.node("checkpoint"), "t": make.node("task_vector", 360, 48)}))
    hand.drag(hand.output("a.checkpoint"), (hand.middle("t")[0] + 30, hand.title("t")[1]))
    assert wires() == {("a.checkpoint", "t.tuned")}


def test_fitting_ports_glow_and_nodes_without_one_are_dimmed(hand, view, open_graph, make):
    open_graph(make.negation())
    hand.press(hand.output("tau.vector"))
    hand.move((600, 400))
    gesture = view.gesture
    assert isinstance(gesture, DrawWire)
    assert gesture._fitting == {PortEnd(PortRef.parse("edit.vector"), is_output=False)}
    assert hand.scene.nodes[NodeId("base")].opacity() < 1
    assert hand.scene.nodes[NodeId("edit")].opacity() == 1
    view.grab()
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert hand.scene.nodes[NodeId("base")].opacity() == 1


def test_a_new_wire_takes_the_place_of_the_one_an_input_has(hand, wires, open_graph, make):
    open_graph(make.negation())
    hand.drag(hand.output("tau.vector"), hand.input("edit.vector"))
    assert ("tau.vector", "edit.vector") in wires()
    assert ("not.vector", "edit.vector") not in wires()


def test_a_refused_drop_says_why_at_the_cursor(hand, wires, view, open_graph, make, heard):
    open_graph(make.graph({"a": make.node("checkpoint"), "e": make.node("scale", 360, 48)}))
    hand.drag(hand.output("a.checkpoint"), hand.input("e.vector"))
    (refusal,) = [what for name, what in heard if name == "refused"]
    assert refusal.reason == "Scale needs a task vector here; this is a checkpoint."
    assert view.bubble.reason == refusal.reason
    assert view.bubble.isVisible()
    assert not wires()
    view.bubble.button.click()
    assert ("task_vector.vector", "e.vector") in wires()
    assert ("a.checkpoint", "task_vector.tuned") in wires()


def test_a_wire_dropped_on_empty_canvas_asks_for_what_fits_and_joins_what_is_chosen(hand, session, wires, open_graph, make, heard):
    open_graph(make.graph({"a": make.node("checkpoint")}))
    hand.drag(hand.output("a.checkpoint"), (500, 300))
    (wish,) = [what for name, what in heard if name == "wish_search"]
    assert wish.end == make.output("a.checkpoint")
    assert wish.position == pytest.approx((500, 300), abs=1)
    hand.scene.add_operation("apply", wish.position, end=wish.end)
    assert wires() == {("a.checkpoint", "apply.base")}
    assert session.undo_stack.count() == 1


def test_a_wire_taken_off_its_input_goes_elsewhere_or_away(hand, session, wires, open_graph, make, heard):
    open_graph(make.negation())
    hand.drag(hand.input("tau.tuned"), hand.input("tau.base"))
    assert ("tuned.checkpoint", "tau.base") in wires()
    assert not session.document.wires_into(NodeId("tau"), "tuned")
    hand.drag(hand.input("tau.base"), (600, 500))
    assert not session.document.wires_into(NodeId("tau"))
    assert session.undo_stack.count() == 2
    assert not [name for name, _ in heard if name == "wish_search"]


def test_a_click_on_a_port_leaves_its_wire(hand, session, open_graph, make, heard):
    open_graph(make.negation())
    hand.click(hand.input("tau.tuned"))
    assert session.undo_stack.count() == 0
    assert not [name for name, _ in heard if name == "wish_search"]
