"""Gestures on nodes, frames and sliders with a real view and session: what each does to the document, in one undo step."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest

from engine.document.model import NodeId

SHIFT, CONTROL, ALT = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier


def _position(session, node):
    return session.document.nodes[NodeId(node)].position


def test_a_drag_moves_the_node_along_the_grid_in_one_step(hand, session, open_graph, make):
    open_graph(make.negation())
    hand.drag(hand.title("tau"), (hand.title("tau")[0] + 53, hand.title("tau")[1] - 30))
    assert _position(session, "tau") == (336, 72)
    assert session.undo_stack.count() == 1
    session.undo_stack.undo()
    assert _position(session, "tau") == (288, 96)
    assert hand.scene.nodes[NodeId("tau")].pos() == QPointF(288, 96)


def test_a_click_selects_and_changes_nothing(hand, session, open_graph, make, heard):
    open_graph(make.negation())
    hand.click(hand.title("tau"))
    hand.click(hand.title("not"), SHIFT)
    hand.click(hand.title("tau"), CONTROL)
    assert [what for name, what in heard if name == "selection_ids_changed"] == [("tau",), ("not", "tau"), ("not",)]
    assert session.undo_stack.count() == 0


def test_a_drag_of_one_of_several_moves_all(hand, session, open_graph, make):
    open_graph(make.negation())
    hand.scene.select([NodeId("tau"), NodeId("not")])
    hand.drag(hand.title("tau"), (hand.title("tau")[0] + 24, hand.title("tau")[1] + 48))
    assert (_position(session, "tau"), _position(session, "not")) == ((312, 144), (552, 144))


def test_escape_puts_a_dragged_node_back(hand, session, view, open_graph, make):
    open_graph(make.negation())
    hand.press(hand.title("tau"))
    hand.move((700, 500))
    QTest.keyClick(view, Qt.Key.Key_Escape)
    hand.release((700, 500))
    assert _position(session, "tau") == (288, 96)
    assert hand.scene.nodes[NodeId("tau")].pos() == QPointF(288, 96)


@pytest.mark.parametrize("held", [Qt.KeyboardModifier.NoModifier, ALT])
def test_a_node_dropped_on_a_wire_goes_in_between(hand, session, wires, open_graph, make, held):
    document = make.graph(
        {"t": make.node("task_vector"), "e": make.node("apply", 480, 0), "s": make.node("scale", 192, 360)}, ("t.vector", "e.vector")
    )
    open_graph(document)
    x, y = hand.title("s")
    hand.drag((x, y), (x + 24, y - 336), held)
    assert (wires() == {("t.vector", "s.vector"), ("s.vector", "e.vector")}) == (held != ALT)
    assert session.undo_stack.count() == 1


def test_the_rubber_band_selects_what_it_touches(hand, session, open_graph, make):
    open_graph(make.negation())
    hand.drag((270, 260), (560, 110))
    assert set(hand.scene.selected_ids) == {"tau", "not"}
    hand.drag((-20, -20), (30, 30), SHIFT)
    assert set(hand.scene.selected_ids) == {"base", "tau", "not"}
    hand.click((400, 500))
    assert hand.scene.selected_ids == ()
    assert session.undo_stack.count() == 0


def test_a_slider_drag_is_one_step_and_escape_takes_it_back(hand, session, view, open_graph, make):
    open_graph(make.negation())
    item = hand.scene.nodes[NodeId("edit")]
    place = item.shape_.slider
    at = lambda share: (item.x() + place.x + share * place.length, item.y() + place.y)  # noqa: E731
    hand.press(at(0.4))
    for share in (0.5, 0.6, 0.9):
        hand.move(at(share))
    assert session.document.nodes[NodeId("edit")].parameters["strength"] == 0.9
    hand.release(at(0.75))
    assert session.document.nodes[NodeId("edit")].parameters["strength"] == 0.75
    assert (session.undo_stack.count(), session.undo_stack.undoText()) == (1, "Set strength"), "as in the inspector and on the map"
    session.undo_stack.undo()
    assert session.document.nodes[NodeId("edit")].parameters["strength"] == 0.4
    hand.press(at(0.2))
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert session.document.nodes[NodeId("edit")].parameters["strength"] == 0.4


def test_undo_during_a_drag_calls_the_drag_off(hand, session, view, open_graph, make):
    open_graph(make.negation())
    hand.drag(hand.title("tau"), (hand.title("tau")[0] + 48, hand.title("tau")[1]))
    hand.press(hand.title("not"))
    hand.move((900, 500))
    session.undo_stack.undo()
    assert view.gesture is None
    hand.release((900, 500))
    assert hand.scene.nodes[NodeId("not")].pos() == QPointF(528, 96)
    assert session.undo_stack.canRedo()


def test_a_frame_moves_by_its_title_with_its_nodes_and_resizes_by_its_corner(hand, session, view, open_graph, make):
    open_graph(make.negation())
    hand.scene.select([NodeId("tau")])
    view.commands()["frame"]()
    x, y, width, height = session.document.frames[0].rect
    hand.drag((x + 40, y + 10), (x + 64, y + 34))
    assert _position(session, "tau") == (312, 120)
    assert session.document.frames[0].rect == (x + 24, y + 24, width, height)
    corner = (x + 24 + width - 5, y + 24 + height - 5)
    hand.drag(corner, (corner[0] + 300, corner[1] + 48))
    assert set(session.document.frames[0].nodes) == {"tau", "not"}
    assert session.undo_stack.count() == 3


@pytest.mark.parametrize("by_space", [False, True])
def test_middle_drag_and_space_drag_pan(hand, session, view, open_graph, make, by_space):
    open_graph(make.negation())
    before, button = view.mapToScene(QPoint(0, 0)), Qt.MouseButton.LeftButton if by_space else Qt.MouseButton.MiddleButton
    if by_space:
        QTest.keyPress(view, Qt.Key.Key_Space)
    hand.press((600, 500), button=button)
    hand.move((700, 540), button=button)
    hand.release((700, 540), button=button)
    if by_space:
        QTest.keyRelease(view, Qt.Key.Key_Space)
    after = view.mapToScene(QPoint(0, 0))
    assert after != before
    assert session.undo_stack.count() == 0
    assert hand.scene.selected_ids == ()


def test_escape_takes_away_a_strength_that_was_not_written_before(hand, session, view, open_graph, make):
    document = make.graph({"edit": make.node("apply", 0, 0)})
    open_graph(document)
    item = hand.scene.nodes[NodeId("edit")]
    place = item.shape_.slider
    hand.press((item.x() + place.x + 0.2 * place.length, item.y() + place.y))
    assert "strength" in session.document.nodes[NodeId("edit")].parameters
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert session.document == document
