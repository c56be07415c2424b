"""The view itself: zoom, panning by wheel and fingers, the minimap, its keys, and what is dropped on it from outside."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QContextMenuEvent, QDragMoveEvent, QDropEvent, QNativeGestureEvent, QPointingDevice, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.canvas.zoom import zoom_of
from app.dragged_operation import pack_operation
from engine.document.model import NodeId


def _wheel(view, at, pixels, notches, held=Qt.KeyboardModifier.NoModifier):
    phase = Qt.ScrollPhase.NoScrollPhase
    event = QWheelEvent(at, view.viewport().mapToGlobal(at), pixels, notches, Qt.MouseButton.NoButton, held, phase, False)
    QApplication.sendEvent(view.viewport(), event)


def test_the_wheel_zooms_at_the_cursor_and_two_fingers_pan(view, open_graph, make):
    open_graph(make.negation())
    at = QPointF(300, 200)
    under = view.mapToScene(at.toPoint())
    _wheel(view, at, QPoint(), QPoint(0, 120))
    assert zoom_of(view) == pytest.approx(1.2)
    assert (view.mapToScene(at.toPoint()) - under).manhattanLength() < 3
    corner = view.mapToScene(QPoint(0, 0))
    _wheel(view, at, QPoint(10, -30), QPoint(20, -60))
    assert zoom_of(view) == pytest.approx(1.2)
    assert view.mapToScene(QPoint(0, 0)) != corner
    _wheel(view, at, QPoint(10, -30), QPoint(0, 120), Qt.KeyboardModifier.ControlModifier)
    assert zoom_of(view) == pytest.approx(1.44)
    view.wheel_mode = "mouse"
    _wheel(view, at, QPoint(0, -30), QPoint(0, -240))
    assert zoom_of(view) == pytest.approx(1.0)


def test_a_pinch_zooms_at_the_fingers(view, open_graph, make):
    open_graph(make.negation())
    at = QPointF(400, 300)
    under, before = view.mapToScene(at.toPoint()), zoom_of(view)
    place = view.viewport().mapToGlobal(at)
    pinch = QNativeGestureEvent(
        Qt.NativeGestureType.ZoomNativeGesture, QPointingDevice.primaryPointingDevice(), 2, at, at, place, 0.25, QPointF()
    )
    QApplication.sendEvent(view.viewport(), pinch)
    assert zoom_of(view) == pytest.approx(before * 1.25)
    moved = view.mapToScene(at.toPoint()) - under
    assert abs(moved.x()) < 2
    assert abs(moved.y()) < 2


def test_zoom_stays_in_its_range_and_fits(view, open_graph, make):
    open_graph(make.negation())
    for _ in range(40):
        view.commands()["zoom_out"]()
    assert zoom_of(view) == pytest.approx(0.05)
    view.commands()["zoom_reset"]()
    assert zoom_of(view) == pytest.approx(1)
    view.commands()["fit_all"]()
    seen = view.mapToScene(view.viewport().rect()).boundingRect()
    assert seen.contains(view.scene().covered())
    view.scene().select([NodeId("tau")])
    view.commands()["fit_selection"]()
    assert (view.mapToScene(view.viewport().rect().center()) - view.scene().covered([NodeId("tau")]).center()).manhattanLength() < 3


def test_a_graph_opens_whole_or_readable_from_its_beginning(view, session, make):
    session.new(make.negation())
    assert view.mapToScene(view.viewport().rect()).boundingRect().contains(view.scene().covered())
    session.new(make.graph({f"n{index}": make.node("negate", 300 * index, 0) for index in range(40)}))
    assert zoom_of(view) == pytest.approx(0.6)
    seen = view.mapToScene(view.viewport().rect()).boundingRect()
    assert seen.contains(QPointF(0, 0))
    assert not seen.contains(view.scene().covered())


def test_the_minimap_leads_there(view, open_graph, make, qtbot):
    open_graph(make.negation())
    view.zoom(2)
    view.minimap.repaint()
    before = view.mapToScene(view.viewport().rect().center())
    QTest.mouseClick(view.minimap, Qt.MouseButton.LeftButton, pos=QPoint(20, 20))
    assert view.mapToScene(view.viewport().rect().center()) != before


def test_the_minimap_keeps_its_corner_and_shows_what_a_larger_view_shows(view, open_graph, make):
    open_graph(make.negation())
    view.zoom(4)
    before = view.minimap.grab().toImage()
    view.resize(view.width() + 300, view.height() + 200)
    assert view.viewport().rect().contains(view.minimap.geometry())
    assert view.viewport().rect().right() - view.minimap.geometry().right() < 30
    assert view.minimap.grab().toImage() != before


def test_double_clicks_search_and_open(hand, open_graph, make, heard):
    open_graph(make.negation())
    hand.double_click((600, 500))
    hand.double_click(hand.title("tau"))
    assert [name for name, _ in heard if name.startswith("wish")] == ["wish_search", "wish_inspector"]


def test_arrows_walk_enter_opens_and_c_connects(view, open_graph, make, heard):
    open_graph(make.negation())
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Right):
        QTest.keyClick(view, key)
    QTest.keyClick(view, Qt.Key.Key_Return)
    view.commands()["connect"]()
    selected = [what for name, what in heard if name == "selection_ids_changed"]
    assert selected[0] == ("base",)
    assert [(name, what) for name, what in heard if name in ("wish_inspector", "wish_connect")] == [
        ("wish_inspector", selected[-1][0]),
        ("wish_connect", selected[-1][0]),
    ]


def _drop(view, packed, at, held=Qt.KeyboardModifier.NoModifier):
    place = view.viewportTransform().map(QPointF(*at))
    event = QDropEvent(place, Qt.DropAction.CopyAction, packed, Qt.MouseButton.LeftButton, held)
    view.dropEvent(event)


def test_an_operation_dropped_from_the_palette_lands_on_the_canvas_or_in_a_wire(hand, session, wires, view, open_graph, make):
    open_graph(make.graph({"t": make.node("task_vector"), "e": make.node("apply", 480, 0)}, ("t.vector", "e.vector")))
    x, y = hand.output("t.vector")
    end = hand.input("e.vector")
    _drop(view, pack_operation("negate"), ((x + end[0]) / 2, (y + end[1]) / 2))
    assert wires() == {("t.vector", "negate.vector"), ("negate.vector", "e.vector")}
    x, y = hand.output("negate.vector")
    _drop(view, pack_operation("scale"), ((x + end[0]) / 2, (y + end[1]) / 2), Qt.KeyboardModifier.AltModifier)
    assert wires() == {("t.vector", "negate.vector"), ("negate.vector", "e.vector")}
    session.undo_stack.undo()
    _drop(view, pack_operation("checkpoint"), (300, 400))
    assert hand.scene.selected_ids == ("checkpoint",)
    assert session.undo_stack.count() == 2


@pytest.mark.parametrize(("operation", "glows"), [("negate", True), ("checkpoint", False)])
def test_a_wire_glows_under_what_could_go_in_it(hand, view, open_graph, make, operation, glows):
    open_graph(make.graph({"t": make.node("task_vector"), "e": make.node("apply", 480, 0)}, ("t.vector", "e.vector")))
    (x, y), end = hand.output("t.vector"), hand.input("e.vector")
    place = view.viewportTransform().map(QPointF((x + end[0]) / 2, (y + end[1]) / 2)).toPoint()
    packed, held = pack_operation(operation), (Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    before = view.grab().toImage()
    view.dragMoveEvent(QDragMoveEvent(place, Qt.DropAction.CopyAction, packed, *held))
    assert (view.grab().toImage() != before) is glows


def test_files_dropped_are_handed_over_with_the_port_under_them(hand, view, open_graph, make, heard, tmp_path):
    open_graph(make.graph({"like": make.node("analogy", 100, 100)}))
    packed = QMimeData()
    packed.setUrls([QUrl.fromLocalFile(str(tmp_path))])
    _drop(view, packed, hand.input("like.c"))
    (drop,) = [what for name, what in heard if name == "files_dropped"]
    assert drop.paths == (tmp_path,)
    assert drop.end == make.input("like.c")
    heard.clear()
    x, y = hand.input("like.b")
    _drop(view, packed, (x + 60, y + 5))
    assert [what.end for name, what in heard if name == "files_dropped"] == [make.input("like.b")], "the whole row takes it"


def _ask_menu(hand, view, at):
    place = view.viewportTransform().map(QPointF(*at)).toPoint()
    QApplication.sendEvent(view.viewport(), QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, view.viewport().mapToGlobal(place)))


def test_the_menu_is_asked_for_what_lies_under_the_cursor_which_is_selected(hand, view, open_graph, make, heard):
    open_graph(make.negation())
    hand.scene.select([NodeId("not"), NodeId("edit")])
    for at in (hand.title("not"), hand.title("tau"), (600, 500)):
        _ask_menu(hand, view, at)
    assert [what.node for name, what in heard if name == "wish_menu"] == ["not", "tau", None]
    assert [what for name, what in heard if name == "selection_ids_changed"] == [("edit", "not"), ("tau",)]


def test_a_tooltip_tells_of_the_node_or_the_port_under_the_cursor(hand, view, open_graph, make):
    open_graph(make.negation())
    hover = lambda at: hand.scene.hover_text(view._hit(view.viewportTransform().map(QPointF(*at))))  # noqa: E731
    assert hover(hand.title("tau")).splitlines()[0] == "Task vector"
    assert hover(hand.input("tau.tuned")).splitlines()[0] == "tuned (checkpoint)"
    assert hover(hand.output("tau.vector")).splitlines()[0] == "vector (vector)"
    assert hover((600, 500)) == ""
