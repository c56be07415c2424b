"""The session: every change can be undone, is announced once, and is safe on the disk when it says so."""

import json
from itertools import pairwise

import pytest

from app.recovery import RecoveryCopy, find_recoveries
from app.session import Session
from engine.document.edits import add_node, move_nodes, remove_nodes, set_label, set_parameter
from engine.document.model import Document, Node, NodeId
from engine.document.storage import load_document, save_document
from engine.errors import DocumentError

A, B = NodeId("a"), NodeId("b")


@pytest.fixture
def session(qapp):
    session = Session()
    yield session
    session.close()


@pytest.fixture
def heard(session):
    """Everything the session says, in order."""
    events = []
    session.document_changed.connect(lambda before, after: events.append(("document", before, after)))
    session.modified_changed.connect(lambda modified: events.append(("modified", modified)))
    session.path_changed.connect(lambda: events.append(("path", session.path)))
    session.opened.connect(lambda: events.append(("opened",)))
    session.refused.connect(lambda message: events.append(("refused", message)))
    return events


def add(name, operation="scale"):
    return lambda document: add_node(document, NodeId(name), Node(operation))


def turn(value):
    return lambda document: set_parameter(document, A, "factor", value)


def factor(session):
    return session.document.nodes[A].parameters.get("factor")


def test_change_is_announced_with_both_documents(session, heard):
    before = session.document
    assert session.apply("Add", add("a"))
    assert heard == [("document", before, session.document), ("modified", True)]
    assert A in session.document.nodes


def test_edit_that_changes_nothing_is_no_step(session, heard):
    session.apply("Add", add("a"))
    heard.clear()
    assert not session.apply("Name", lambda document: set_label(document, A, None))
    assert heard == []
    assert session.undo_stack.count() == 1


def test_edit_that_can_not_be_done_is_refused_and_changes_nothing(session, heard):
    before = session.document
    assert not session.apply("Remove", lambda document: remove_nodes(document, [A]))
    assert [event[0] for event in heard] == ["refused"]
    assert "there is no such node" in heard[0][1]
    assert session.document is before


def test_undo_and_redo_give_the_very_documents_back(session, heard):
    documents = [session.document]
    for name in "abc":
        session.apply("Add", add(name))
        documents.append(session.document)
    for document in documents[-2::-1]:
        session.undo_stack.undo()
        assert session.document is document
    for document in documents[1:]:
        session.undo_stack.redo()
        assert session.document is document
    changes = [event[1:] for event in heard if event[0] == "document"]
    assert all(before[1] is after[0] for before, after in pairwise(changes))


def test_one_gesture_is_one_step(session):
    session.apply("Add", add("a"))
    for value in (0.1, 0.2, 0.3):
        session.apply("Strength", turn(value), merge="drag 1")
    assert session.undo_stack.count() == 2
    session.undo_stack.undo()
    assert factor(session) is None
    session.undo_stack.redo()
    assert factor(session) == 0.3


def test_two_gestures_are_two_steps(session):
    session.apply("Add", add("a"))
    session.apply("Strength", turn(0.1), merge="drag 1")
    session.apply("Strength", turn(0.2), merge="drag 2")
    session.apply("Strength", turn(0.3))
    session.apply("Strength", turn(0.4))
    assert session.undo_stack.count() == 5


def test_gesture_that_leads_back_leaves_no_step(session):
    session.apply("Add", add("a"))
    session.apply("Move", lambda document: move_nodes(document, {A: (1, 1)}), merge="drag")
    session.apply("Move", lambda document: move_nodes(document, {A: None}), merge="drag")
    assert session.undo_stack.count() == 1
    assert session.undo_stack.undoText() == "Add"


def test_listener_may_edit_and_all_hear_of_it_in_the_same_order(session):
    heard = []

    def name_it(_before, after):
        if after.nodes and after.nodes[A].label is None:
            session.apply("Name", lambda document: set_label(document, A, "named"))

    session.document_changed.connect(name_it)
    session.document_changed.connect(lambda before, after: heard.append((before, after)))
    empty = session.document
    session.apply("Add", add("a"))
    assert [before for before, _ in heard] == [empty, heard[0][1]]
    assert heard[-1][1] is session.document
    assert session.document.nodes[A].label == "named"
    assert session.undo_stack.count() == 2


def test_revision_counts_the_documents(session):
    session.apply("Add", add("a"))
    session.undo_stack.undo()
    assert session.revision == 2


def test_undo_back_to_the_saved_state_clears_the_mark(session, heard, tmp_path):
    session.apply("Add", add("a"))
    session.save(tmp_path / "g.loom")
    session.apply("Add", add("b"))
    session.apply("Add", add("c"))
    heard.clear()
    session.undo_stack.undo()
    assert session.is_modified
    session.undo_stack.undo()
    assert not session.is_modified
    assert [event for event in heard if event[0] == "modified"] == [("modified", False)]
    session.undo_stack.undo()
    assert session.is_modified


def test_edit_that_restores_the_saved_state_clears_the_mark(session, tmp_path):
    session.apply("Add", add("a"))
    session.save(tmp_path / "g.loom")
    session.apply("Add", add("b"))
    session.apply("Remove", lambda document: remove_nodes(document, [B]))
    assert not session.is_modified


def test_gesture_does_not_reach_across_a_save(session, tmp_path):
    session.apply("Add", add("a"))
    session.apply("Strength", turn(1), merge="drag")
    session.save(tmp_path / "g.loom")
    session.apply("Strength", turn(2), merge="drag")
    session.undo_stack.undo()
    assert not session.is_modified
    assert factor(session) == 1


def test_saved_file_is_the_document(session, heard, tmp_path):
    session.apply("Add", add("a"))
    path = tmp_path / "g.loom"
    session.save(path)
    assert load_document(path) == session.document
    assert (session.path, session.folder, session.name) == (path, tmp_path, "g.loom")
    assert ("path", path) in heard


def test_saving_again_says_no_new_path(session, heard, tmp_path):
    session.save(tmp_path / "g.loom")
    heard.clear()
    session.apply("Add", add("a"))
    session.save()
    assert [event[0] for event in heard] == ["document", "modified", "modified"]


def test_document_without_a_file_asks_for_one(session):
    with pytest.raises(DocumentError, match="no file yet"):
        session.save()


def test_failed_save_changes_nothing(session, tmp_path):
    path = tmp_path / "g.loom"
    session.save(path)
    session.apply("Add", add("a"))
    with pytest.raises(DocumentError):
        session.save(tmp_path / "missing" / "g.loom")
    assert session.path == path
    assert session.is_modified
    assert load_document(path) == Document()
    assert [entry.name for entry in tmp_path.iterdir()] == ["g.loom"]


def test_paths_follow_the_document_to_another_folder(session, tmp_path):
    (tmp_path / "old").mkdir()
    (tmp_path / "new").mkdir()
    session.save(tmp_path / "old" / "g.loom")
    session.apply("Add", lambda document: add_node(document, A, Node("checkpoint", {"source": "models/base"})))
    session.apply("Add", lambda document: add_node(document, B, Node("export_checkpoint", {"folder": "exports/x"})))
    session.save(tmp_path / "new" / "g.loom")
    assert session.document.nodes[A].parameters["source"] == "../old/models/base"
    assert session.document.nodes[B].parameters["folder"] == "exports/x"
    assert not session.is_modified
    session.undo_stack.undo()
    assert session.document.nodes[A].parameters["source"] == "../old/models/base", "undo must not point elsewhere"
    session.undo_stack.redo()
    assert not session.is_modified


def test_opening_forgets_the_steps_and_tells_of_the_document(session, heard, tmp_path):
    path = tmp_path / "g.loom"
    document = add("b")(Document(title="Other"))
    save_document(document, path)
    session.apply("Add", add("a"))
    before = session.document
    heard.clear()
    session.open(path)
    assert heard == [("document", before, document), ("modified", False), ("path", path), ("opened",)]
    assert not session.undo_stack.canUndo()


def test_file_that_can_not_be_read_leaves_the_session_as_it_was(session, heard, tmp_path):
    path = tmp_path / "g.loom"
    path.write_text("{")
    session.apply("Add", add("a"))
    before = session.document
    heard.clear()
    with pytest.raises(DocumentError):
        session.open(path)
    assert session.document is before
    assert heard == []
    assert session.undo_stack.canUndo()


def test_new_document_is_empty_and_unmodified(session, tmp_path):
    session.apply("Add", add("a"))
    session.save(tmp_path / "g.loom")
    session.new()
    assert session.document == Document()
    assert session.path is None
    assert not session.is_modified


def test_made_document_counts_as_unsaved(session):
    session.new(add("a")(Document(title="Analogy")))
    assert session.is_modified
    assert session.name == "Analogy"


def test_recovery_copy_lives_exactly_as_long_as_there_are_unsaved_changes(qapp, tmp_path):
    copy = RecoveryCopy(tmp_path / "recovery")
    session = Session(copy)
    assert not copy.file.exists()
    session.apply("Add", add("a"))
    copy.finish()
    assert json.loads(copy.file.read_text())["nodes"].keys() == {"a"}
    session.undo_stack.undo()
    copy.finish()
    assert not copy.file.exists()
    session.undo_stack.redo()
    copy.finish()
    assert copy.file.exists()
    session.save(tmp_path / "g.loom")
    copy.finish()
    assert not copy.file.exists()
    session.apply("Add", add("b"))
    copy.finish()
    assert copy.file.exists()
    session.close()
    assert not copy.file.exists()


def test_recovered_changes_belong_to_their_file_and_are_unsaved(qapp, tmp_path, left_behind):
    path = tmp_path / "g.loom"
    save_document(Document(), path)
    document = add("a")(Document())
    (recovery,) = find_recoveries(left_behind(document, path))
    copy = RecoveryCopy(tmp_path / "recovery")
    session = Session(copy)
    session.recover(recovery)
    assert session.document == document
    assert session.path == path
    assert session.is_modified
    assert load_document(path) == Document(), "the user's file is left alone"
    assert not recovery.file.exists()
    assert copy.file.exists()
    session.save()
    assert load_document(path) == document
    session.close()
