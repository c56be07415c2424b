"""Recovery copies: found after a kill, never while their session lives, never in the way of the user's file."""

import os

import pytest

from app.recovery import RecoveryCopy, find_recoveries, recovery_folder
from engine.document.model import Document, Node, NodeId
from engine.document.storage import load_document


def make_document(title="Work", **unknown):
    return Document(title, {NodeId("a"): Node("scale", {"factor": 2})}, unknown=unknown)


@pytest.fixture
def copy(tmp_path):
    copy = RecoveryCopy(tmp_path / "recovery")
    yield copy
    copy.close()


def test_killed_session_is_found_with_all_it_had(tmp_path, killed):
    document = make_document(kept="as it is")
    path = tmp_path / "g.loom"
    (recovery,) = find_recoveries(killed(document, path))
    assert recovery.load() == document
    assert recovery.path == path
    assert recovery.title == "Work"


def test_document_never_saved_is_found_without_a_path(left_behind):
    (recovery,) = find_recoveries(left_behind(make_document()))
    assert recovery.path is None


def test_each_killed_session_is_found_the_latest_first(left_behind):
    left_behind(make_document("first"))
    folder = left_behind(make_document("second"))
    for order, recovery in enumerate(find_recoveries(folder)):
        os.utime(recovery.file, (1000 - order, 1000 - order))
    titles = [recovery.title for recovery in find_recoveries(folder)]
    assert sorted(titles) == ["first", "second"]
    moments = [recovery.changed_at for recovery in find_recoveries(folder)]
    assert moments == sorted(moments, reverse=True)


def test_living_session_is_not_found(copy, tmp_path):
    copy.write(make_document(), None)
    copy.finish()
    assert copy.file.exists()
    assert find_recoveries(tmp_path / "recovery") == ()


def test_reused_process_number_does_not_hide_a_crash(left_behind):
    folder = left_behind(make_document())
    (recovery,) = find_recoveries(folder)
    text = recovery.file.read_text()
    owner = load_document(recovery.file).unknown["recovery"]
    text = text.replace(f'"pid": {owner["pid"]}', f'"pid": {os.getpid()}')
    recovery.file.write_text(text)
    assert find_recoveries(folder) == (), "its own process lives"
    recovery.file.write_text(text.replace(f'"started": {owner["started"]}', f'"started": {owner["started"] - 5}'))
    assert len(find_recoveries(folder)) == 1


def test_discarded_recovery_is_found_no_more(left_behind):
    folder = left_behind(make_document())
    find_recoveries(folder)[0].discard()
    assert find_recoveries(folder) == ()


def test_damaged_copy_hides_no_other_and_stays(left_behind):
    folder = left_behind(make_document())
    damaged = folder / "1-damaged.loom"
    damaged.write_text("{")
    assert len(find_recoveries(folder)) == 1
    assert damaged.exists()


def test_there_is_nothing_to_find_in_a_folder_that_is_not_there(tmp_path):
    assert find_recoveries(tmp_path / "nowhere") == ()


def test_last_of_many_changes_is_kept(copy):
    for number in range(50):
        copy.write(make_document(f"change {number}"), None)
    copy.finish()
    assert load_document(copy.file).title == "change 49"


def test_copy_is_written_again_after_it_was_discarded(copy):
    copy.write(make_document("one"), None)
    copy.discard()
    copy.finish()
    assert not copy.file.exists()
    copy.write(make_document("two"), None)
    copy.finish()
    assert load_document(copy.file).title == "two"


def test_folder_that_can_not_be_written_is_told_and_ends_nothing(tmp_path):
    (tmp_path / "file").write_text("in the way")
    copy = RecoveryCopy(tmp_path / "file" / "recovery")
    copy.write(make_document(), None)
    copy.finish()
    assert "recovery" in copy.failure or "Not a directory" in copy.failure
    copy.close()


def test_sessions_of_one_process_have_copies_of_their_own(tmp_path):
    assert RecoveryCopy(tmp_path).file != RecoveryCopy(tmp_path).file


def test_folder_follows_the_system(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr("sys.platform", "linux")
    assert recovery_folder() == tmp_path / "weightloom" / "recovery"
