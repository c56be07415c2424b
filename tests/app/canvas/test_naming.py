"""Notes and names are written where they stand."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.canvas.edit_steps import Selection
from engine.document.model import NodeId


def test_a_note_is_written_in_place(hand, session, view, open_graph, make):
    open_graph(make.negation())
    view.commands()["note"]()
    x, y, *_ = session.document.notes[0].rect
    hand.double_click((x + 40, y + 40))
    view.naming.field.setPlainText("why 0.4: see the curve")
    QTest.keyClick(view.naming.field, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
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


def test_a_frame_gets_its_title_by_the_same_command(hand, session, view, open_graph, make):
    open_graph(make.negation())
    hand.scene.select([NodeId("tau")])
    view.commands()["frame"]()
    (frame,) = session.document.frames
    hand.scene.choose(Selection(frames=frozenset({frame.id})))
    view.commands()["rename"]()
    view.naming.field.setPlainText("What it learned")
    QTest.keyClick(view.naming.field, Qt.Key.Key_Return)
    assert session.document.frames[0].title == "What it learned"
