"""The commands of the canvas: each one undo step over what is selected."""

from __future__ import annotations

import subprocess
import sys

import pytest
from PySide6.QtGui import QGuiApplication

from app.actions import ACTIONS
from engine.document.model import NodeId
from engine.document.storage import parse_document


@pytest.fixture
def do(view):
    """Return a function that does a command by the id of its action."""
    return lambda name: view.commands()[name]()


def _select(view, *ids):
    view.scene().select([NodeId(each) for each in ids])


def _wires(session):
    return {(str(wire.source), str(wire.target)) for wire in session.document.wires}


def test_every_command_is_a_declared_action(view):
    assert set(view.commands()) <= {action.id for action in ACTIONS}


def test_copy_and_paste_keep_the_wires_among_the_copied(do, view, session, open_graph, make):
    open_graph(make.negation())
    _select(view, "tau", "not")
    do("copy")
    assert set(parse_document(QGuiApplication.clipboard().text()).nodes) == {"tau", "not"}
    do("paste")
    assert ("tau_2.vector", "not_2.vector") in _wires(session)
    assert not session.document.wires_into(NodeId("tau_2"))
    assert view.scene().selected_ids == ("not_2", "tau_2")
    assert session.undo_stack.count() == 1


def test_pasting_with_wires_keeps_the_incoming(do, view, session, open_graph, make):
    open_graph(make.negation())
    _select(view, "tau")
    do("copy")
    do("paste_with_wires")
    assert {("base.checkpoint", "tau_2.base"), ("tuned.checkpoint", "tau_2.tuned")} <= _wires(session)


def test_duplicate_leaves_the_clipboard_alone_and_shifts_the_copy(do, view, session, open_graph, make):
    open_graph(make.negation())
    QGuiApplication.clipboard().setText("mine")
    _select(view, "edit")
    do("duplicate")
    assert QGuiApplication.clipboard().text() == "mine"
    assert session.document.nodes[NodeId("edit_2")].position == (816, 96)


def test_cut_removes_and_paste_brings_back(do, view, session, open_graph, make):
    open_graph(make.negation())
    _select(view, "not")
    do("cut")
    assert "not" not in session.document.nodes
    do("paste")
    assert "not" in session.document.nodes
    assert session.undo_stack.count() == 2


def test_a_damaged_clipboard_is_refused_with_its_reason_and_plain_text_ignored(do, view, session, open_graph, make):
    open_graph(make.negation())
    said: list[str] = []
    session.refused.connect(said.append)
    QGuiApplication.clipboard().setText("just words")
    do("paste")
    assert not said
    QGuiApplication.clipboard().setText('{"format": "weightloom/1", "nodes": 3}')
    do("paste")
    assert len(said) == 1
    assert session.undo_stack.count() == 0


def test_delete_mends_and_undo_brings_everything_back(do, view, session, open_graph, make):
    open_graph(make.negation())
    before = session.document
    _select(view, "not")
    do("delete")
    assert ("tau.vector", "edit.vector") in _wires(session)
    assert view.scene().selected_ids == ()
    session.undo_stack.undo()
    assert session.document == before
    assert set(view.scene().nodes) == set(before.nodes)


def test_a_selected_wire_is_deleted(do, view, session, hand, open_graph, make):
    open_graph(make.negation())
    start, end = hand.output("tau.vector"), hand.input("not.vector")
    hand.click(((start[0] + end[0]) / 2, (start[1] + end[1]) / 2))
    do("delete")
    assert ("tau.vector", "not.vector") not in _wires(session)
    assert len(session.document.nodes) == 5


def test_mute_frame_note_align_distribute_tidy(do, view, session, open_graph, make):
    open_graph(make.negation())
    _select(view, "tau", "not", "edit")
    for name in ("mute", "align_top", "frame"):
        do(name)
    assert all(session.document.nodes[NodeId(each)].muted for each in ("tau", "not", "edit"))
    assert {session.document.nodes[NodeId(each)].position[1] for each in ("tau", "not", "edit")} == {48}
    assert set(session.document.frames[0].nodes) == {"tau", "not", "edit"}
    do("note")
    _select(view, "tau", "not", "edit")
    do("distribute_across")
    do("tidy")
    view.scene().select([])
    do("tidy")
    frame = session.document.frames[0].rect
    inside = {
        key
        for key, item in view.scene().nodes.items()
        if frame[0] <= item.x() <= frame[0] + frame[2] and frame[1] <= item.y() <= frame[1] + frame[3]
    }
    assert inside == {"tau", "not", "edit"}


def test_select_all_and_delete_leave_nothing(do, view, session, open_graph, make):
    open_graph(make.negation())
    do("note")
    do("select_all")
    do("delete")
    assert not session.document.nodes
    assert not session.document.notes
    assert not view.scene().nodes


_COPY_AND_LEAVE = """
from PySide6.QtWidgets import QApplication
application = QApplication([])
from app.canvas.scene import Scene
from app.canvas.view import CanvasView
from app.session import Session
session = Session()
view = CanvasView(Scene(session))
view.show()
view.scene().add_operation("negate", (0, 0))
view.commands()["copy"]()
view.commands()["paste"]()
view.close()
print(len(session.document.nodes))
"""


def test_a_process_that_copied_ends_cleanly(repository):
    ended = subprocess.run([sys.executable, "-c", _COPY_AND_LEAVE], cwd=repository, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "2\n", "")
