"""Every gesture with a real view and session: what it does to the document, in one undo step."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QNativeGestureEvent, QPointingDevice, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.canvas.connection import PortEnd
from app.canvas.gestures.draw_wire import DrawWire
from app.canvas.zoom import zoom_of
from app.dragged_operation import pack_operation
from engine.document.model import NodeId, PortRef

SHIFT, CONTROL, ALT = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier


@pytest.fixture
def heard(view):
    """Return the list of what the scene asks for, in order."""
    scene, said = view.scene(), []
    for name in ("wish_search", "wish_inspector", "wish_connect", "wish_menu", "refused", "files_dropped", "selection_ids_changed"):
        getattr(scene, name).connect(lambda what, name=name: said.append((name, what)))
    return said


def _wires(session):
    return {(str(wire.source), str(wire.target)) for wire in session.document.wires}


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


@pytest.mark.parametrize("is_backwards", [False, True])
def test_a_wire_is_drawn_either_way(hand, session, open_graph, make, is_backwards):
    open_graph(make.graph({"a": make.node("checkpoint"), "t": make.node("task_vector", 360, 48)}))
    ends = (hand.output("a.checkpoint"), hand.input("t.base"))
    hand.drag(*(reversed(ends) if is_backwards else ends))
    assert _wires(session) == {("a.checkpoint", "t.base")}
    assert session.undo_stack.count() == 1


def test_a_wire_springs_to_the_nearest_fitting_port(hand, session, open_graph, make):
    open_graph(make.graph({"a": make.node("checkpoint"), "t": make.node("task_vector", 360, 48)}))
    x, y = hand.input("t.base")
    hand.drag(hand.output("a.checkpoint"), (x - 15, y + 12))
    assert _wires(session) == {("a.checkpoint", "t.base")}


def test_a_wire_dropped_on_a_body_takes_the_first_empty_port(hand, session, open_graph, make):
    open_graph(make.graph({"a": make.node("checkpoint"), "t": make.node("task_vector", 360, 48)}))
    hand.drag(hand.output("a.checkpoint"), (hand.middle("t")[0] + 30, hand.title("t")[1]))
    assert _wires(session) == {("a.checkpoint", "t.tuned")}


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


def test_a_new_wire_takes_the_place_of_the_one_an_input_has(hand, session, open_graph, make):
    open_graph(make.negation())
    hand.drag(hand.output("tau.vector"), hand.input("edit.vector"))
    assert ("tau.vector", "edit.vector") in _wires(session)
    assert ("not.vector", "edit.vector") not in _wires(session)


def test_a_refused_drop_says_why_at_the_cursor(hand, session, view, open_graph, make, heard):
    open_graph(make.graph({"a": make.node("checkpoint"), "e": make.node("scale", 360, 48)}))
    hand.drag(hand.output("a.checkpoint"), hand.input("e.vector"))
    (refusal,) = [what for name, what in heard if name == "refused"]
    assert refusal.reason == "Scale needs a task vector here; this is a checkpoint."
    assert view.bubble.reason == refusal.reason
    assert view.bubble.isVisible()
    assert not session.document.wires
    view.bubble.button.click()
    assert ("task_vector.vector", "e.vector") in _wires(session)
    assert ("a.checkpoint", "task_vector.tuned") in _wires(session)


def test_a_checkpoint_dropped_on_a_role_becomes_a_task_vector_where_the_base_is_known(hand, session, open_graph, make):
    open_graph(
        make.graph(
            {
                "base": make.node("checkpoint"), "a": make.node("checkpoint", 0, 168), "b": make.node("checkpoint", 0, 336),
                "ta": make.node("task_vector", 264, 96), "like": make.node("analogy", 720, 96),
            },
            ("a.checkpoint", "ta.tuned"), ("base.checkpoint", "ta.base"), ("ta.vector", "like.a"),
        )
    )  # fmt: skip
    hand.drag(hand.output("b.checkpoint"), hand.input("like.b"))
    assert {("b.checkpoint", "task_vector.tuned"), ("base.checkpoint", "task_vector.base"), ("task_vector.vector", "like.b")} <= _wires(
        session
    )
    assert session.undo_stack.count() == 1


def _roles(make):
    return make.graph(
        {
            "base": make.node("checkpoint"), "a": make.node("checkpoint", 0, 168), "b": make.node("checkpoint", 0, 336),
            "ta": make.node("task_vector", 264, 96), "like": make.node("analogy", 720, 96),
        },
        ("a.checkpoint", "ta.tuned"), ("base.checkpoint", "ta.base"), ("ta.vector", "like.a"),
    )  # fmt: skip


def test_a_checkpoints_node_let_go_over_a_role_plays_it_and_stays_where_it_was(hand, session, open_graph, make):
    open_graph(_roles(make))
    x, y = hand.input("like.c")
    hand.press(hand.title("b"))
    hand.move((x + 30, y + 4))
    assert hand.scene.mirror.nodes["base"].opacity() < 1, "what it would be wired to stands out"
    hand.release((x + 30, y + 4))
    assert {("b.checkpoint", "task_vector.tuned"), ("base.checkpoint", "task_vector.base"), ("task_vector.vector", "like.c")} <= _wires(
        session
    )
    assert session.document.nodes["b"].position == (0, 336)
    assert session.undo_stack.count() == 1
    assert hand.scene.mirror.nodes["base"].opacity() == 1
    session.undo_stack.undo()
    assert session.document == _roles(make)


def test_alt_lets_a_node_lie_over_a_role(hand, session, open_graph, make):
    open_graph(_roles(make))
    x, y = hand.input("like.c")
    hand.drag(hand.title("b"), (x + 30, y + 4), Qt.KeyboardModifier.AltModifier)
    assert session.document.wires == _roles(make).wires
    assert session.document.nodes["b"].position != (0, 336)


def test_what_is_made_from_an_analogy_plays_no_role_in_it(hand, session, open_graph, make):
    graph = make.graph({"like": make.node("analogy"), "s": make.node("scale", 480, 0)}, ("like.vector", "s.vector"))
    open_graph(graph)
    x, y = hand.input("like.a")
    hand.drag(hand.title("s"), (x + 30, y))
    assert session.document.wires == graph.wires


def test_a_wire_dropped_on_empty_canvas_asks_for_what_fits_and_joins_what_is_chosen(hand, session, open_graph, make, heard):
    open_graph(make.graph({"a": make.node("checkpoint")}))
    hand.drag(hand.output("a.checkpoint"), (500, 300))
    (wish,) = [what for name, what in heard if name == "wish_search"]
    assert wish.end == make.output("a.checkpoint")
    assert wish.position == pytest.approx((500, 300), abs=1)
    hand.scene.add_operation("apply", wish.position, end=wish.end)
    assert _wires(session) == {("a.checkpoint", "apply.base")}
    assert session.undo_stack.count() == 1


def test_a_wire_taken_off_its_input_goes_elsewhere_or_away(hand, session, open_graph, make, heard):
    open_graph(make.negation())
    hand.drag(hand.input("tau.tuned"), hand.input("tau.base"))
    assert ("tuned.checkpoint", "tau.base") in _wires(session)
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


@pytest.mark.parametrize(("held", "goes_between"), [(Qt.KeyboardModifier.NoModifier, True), (ALT, False)])
def test_a_node_dropped_on_a_wire_goes_in_between(hand, session, open_graph, make, held, goes_between):
    document = make.graph(
        {"t": make.node("task_vector"), "e": make.node("apply", 480, 0), "s": make.node("scale", 192, 360)}, ("t.vector", "e.vector")
    )
    open_graph(document)
    x, y = hand.title("s")
    hand.drag((x, y), (x + 24, y - 336), held)
    assert (_wires(session) == {("t.vector", "s.vector"), ("s.vector", "e.vector")}) == goes_between
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
    assert session.undo_stack.count() == 1
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


def test_a_note_is_written_in_place(hand, session, view, open_graph, make):
    open_graph(make.negation())
    view.commands()["note"]()
    x, y, *_ = session.document.notes[0].rect
    hand.double_click((x + 40, y + 40))
    view.naming.field.setPlainText("why 0.4: see the curve")
    QTest.keyClick(view.naming.field, Qt.Key.Key_Return, CONTROL)
    assert session.document.notes[0].text == "why 0.4: see the curve"
    assert not view.naming.field.isVisible()


def test_a_node_is_renamed_in_place_and_escape_keeps_its_name(hand, session, view, open_graph, make):
    open_graph(make.negation())
    hand.click(hand.title("tau"))
    for key, label in ((Qt.Key.Key_Escape, None), (Qt.Key.Key_Return, "What it learned")):
        view.commands()["rename"]()
        view.naming.field.setPlainText("What it learned")
        QTest.keyClick(view.naming.field, key)
        assert session.document.nodes[NodeId("tau")].label == label


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
    view.wheel_mode = "mouse"
    _wheel(view, at, QPoint(0, -30), QPoint(0, -120))
    assert zoom_of(view) == pytest.approx(1.0)


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


def test_an_operation_dropped_from_the_palette_lands_on_the_canvas_or_in_a_wire(hand, session, view, open_graph, make):
    open_graph(make.graph({"t": make.node("task_vector"), "e": make.node("apply", 480, 0)}, ("t.vector", "e.vector")))
    x, y = hand.output("t.vector")
    end = hand.input("e.vector")
    _drop(view, pack_operation("negate"), ((x + end[0]) / 2, (y + end[1]) / 2))
    assert _wires(session) == {("t.vector", "negate.vector"), ("negate.vector", "e.vector")}
    _drop(view, pack_operation("checkpoint"), (300, 400))
    assert hand.scene.selected_ids == ("checkpoint",)
    assert session.undo_stack.count() == 2


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


def test_the_minimap_leads_there(view, open_graph, make, qtbot):
    open_graph(make.negation())
    view.zoom(2)
    view.minimap.repaint()
    before = view.mapToScene(view.viewport().rect().center())
    QTest.mouseClick(view.minimap, Qt.MouseButton.LeftButton, pos=QPoint(20, 20))
    assert view.mapToScene(view.viewport().rect().center()) != before


def test_a_graph_opens_whole_or_readable_from_its_beginning(view, session, make):
    session.new(make.negation())
    assert view.mapToScene(view.viewport().rect()).boundingRect().contains(view.scene().covered())
    session.new(make.graph({f"n{index}": make.node("negate", 300 * index, 0) for index in range(40)}))
    assert zoom_of(view) == pytest.approx(0.6)
    seen = view.mapToScene(view.viewport().rect()).boundingRect()
    assert seen.contains(QPointF(0, 0))
    assert not seen.contains(view.scene().covered())


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
