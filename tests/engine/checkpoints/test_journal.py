from __future__ import annotations

from pathlib import Path

import pytest

from engine.checkpoints.header import FileStamp
from engine.checkpoints.journal import Journal, JournalPiece
from engine.errors import StagingError

INPUTS = (FileStamp(Path("/models/b.safetensors"), 10, 1), FileStamp(Path("/models/a.safetensors"), 20, 2))
PIECES = [JournalPiece("model.safetensors", 8 * number, 8) for number in range(4)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a journal of four pieces."""
    journal = Journal.create(tmp_path / "journal.jsonl", "abc", INPUTS, flush=True)
    journal.append(PIECES[:1])
    journal.append(PIECES[1:])
    journal.close()
    return journal.path


def resume(path: Path, plan_hash: str = "abc", inputs: tuple[FileStamp, ...] = INPUTS) -> list[JournalPiece]:
    journal = Journal.resume(path, plan_hash, inputs, flush=False)
    journal.close()
    return list(journal.found)


def test_pieces_come_back_exactly(path: Path) -> None:
    assert resume(path) == PIECES


def test_the_order_of_the_inputs_does_not_matter(path: Path) -> None:
    assert resume(path, inputs=INPUTS[::-1]) == PIECES


def test_cut_anywhere_it_gives_the_whole_lines_before_and_goes_on_after_them(path: Path) -> None:
    text = path.read_bytes()
    first_line = text.index(b"\n") + 1
    for length in range(first_line, len(text)):
        path.write_bytes(text[:length])
        found = resume(path)
        assert found == PIECES[: text[first_line:length].count(b"\n")]
        journal = Journal.resume(path, "abc", INPUTS, flush=False)
        journal.append(PIECES[len(found) :])
        journal.close()
        assert path.read_bytes() == text


def test_what_follows_a_damaged_line_is_dropped(path: Path) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:2], b"\0" * 40 + b"\n", *lines[2:]]))
    assert resume(path) == PIECES[:1]


def test_a_journal_without_a_first_line_asks_for_a_restart(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:20])
    with pytest.raises(StagingError, match=r"no journal that this version can read.*--restart"):
        resume(path)
    path.unlink()
    with pytest.raises(StagingError, match="--restart"):
        resume(path)


def test_another_plan_and_changed_inputs_are_refused_by_name(path: Path) -> None:
    with pytest.raises(StagingError, match=r"another plan.*--restart"):
        resume(path, plan_hash="abd")
    changed = (INPUTS[0], FileStamp(INPUTS[1].path, 20, 3))
    with pytest.raises(StagingError, match=r"a\.safetensors changed since.*--restart"):
        resume(path, inputs=changed)


@pytest.mark.parametrize("line", [b"{}", b'{"file":"m","offset":-1,"size":1}', b'{"file":1,"offset":1,"size":1}'])
def test_lines_that_no_run_wrote_ask_for_a_restart(path: Path, line: bytes) -> None:
    path.write_bytes(path.read_bytes() + line + b"\n")
    with pytest.raises(StagingError, match="no run wrote"):
        resume(path)
