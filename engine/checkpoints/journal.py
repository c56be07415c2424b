"""The journal of an unfinished export: one JSON line for each piece that is safely on the disk.

The first line says of which plan and of which inputs. A line is true once it is complete; a line that is not, because the run
died while it wrote it, is dropped together with what follows it, which only means that those pieces are made again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self, cast

from engine.checkpoints.flushing import flush_file
from engine.checkpoints.header import FileStamp
from engine.checkpoints.positioned_io import write_from
from engine.errors import StagingError, WriteError

FORMAT = "weightloom-journal/1"
JOURNAL_FLAGS = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)

_Line = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class JournalPiece:
    """Hold one span of a staged file that is on the disk."""

    file: str
    offset: int
    size_bytes: int


class Journal:
    """Append lines to the journal of one staging folder."""

    def __init__(self, path: Path, end: int, pieces: Sequence[JournalPiece], *, flush: bool) -> None:
        """Open the file and cut what follows position `end`; use `create` or `resume`.

        Raises:
            WriteError: It can't be opened.
        """
        self.path = path
        self.found = tuple(pieces)
        """The pieces that were there when the journal was opened."""
        self._is_flushed = flush
        self._end = end
        try:
            self._descriptor = os.open(path, JOURNAL_FLAGS, 0o644)
            os.ftruncate(self._descriptor, end)
        except OSError as error:
            fact = f"{path} can't be opened for writing: {error.strerror or error}."
            raise WriteError(fact, "Check that you may write there.") from error

    @classmethod
    def create(cls, path: Path, plan_hash: str, inputs: Iterable[FileStamp], *, flush: bool) -> Self:
        """Begin an empty journal with its first line."""
        journal = cls(path, 0, (), flush=flush)
        journal._append([_describe_run(plan_hash, inputs)])
        return journal

    @classmethod
    def resume(cls, path: Path, plan_hash: str, inputs: Iterable[FileStamp], *, flush: bool) -> Self:
        """Open the journal of an unfinished run of the same plan on the same inputs.

        Raises:
            StagingError: It is of another plan, of changed inputs, or damaged.
        """
        lines, end = _read_lines(path)
        _check_run(path, lines[0] if lines else None, _describe_run(plan_hash, inputs))
        return cls(path, end, [_parse_piece(path, line) for line in lines[1:]], flush=flush)

    def append(self, pieces: Iterable[JournalPiece]) -> None:
        """Write a line for each piece; their bytes must be on the disk already."""
        self._append([{"file": piece.file, "offset": piece.offset, "size": piece.size_bytes} for piece in pieces])

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _append(self, entries: Sequence[_Line]) -> None:
        text = "".join(json.dumps(entry, sort_keys=True, separators=(",", ":")) + "\n" for entry in entries).encode()
        write_from(self._descriptor, memoryview(text), self._end)
        self._end += len(text)
        if self._is_flushed:
            flush_file(self._descriptor)


def _describe_run(plan_hash: str, inputs: Iterable[FileStamp]) -> _Line:
    stamps = sorted([str(stamp.path), stamp.size_bytes, stamp.modified_ns] for stamp in inputs)
    return {"format": FORMAT, "plan": plan_hash, "inputs": stamps}


def _read_lines(path: Path) -> tuple[list[_Line], int]:
    """Return the complete lines from the first on, and the position after the last of them."""
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return [], 0
    except OSError as error:
        fact = f"{path} can't be read: {error.strerror or error}."
        raise StagingError(fact, "Run again with --restart to begin anew.") from error
    lines: list[_Line] = []
    end = 0
    for line in text.splitlines(keepends=True):
        entry = _parse_line(line)
        if entry is None:
            break
        lines.append(entry)
        end += len(line)
    return lines, end


def _parse_line(line: bytes) -> _Line | None:
    if not line.endswith(b"\n"):
        return None
    try:
        entry: object = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return cast("_Line", entry) if isinstance(entry, dict) else None


def _check_run(path: Path, found: _Line | None, expected: _Line) -> None:
    if found == expected:
        return
    remedy = "Run again with --restart to begin anew."
    if found is None or found.get("format") != FORMAT:
        fact = f"The unfinished run in {path.parent} left no journal that this version can read."
    elif found.get("plan") != expected["plan"]:
        fact = f"The unfinished run in {path.parent} is of another plan."
    else:
        fact = f"{_name_changed_input(found, expected)} changed since the unfinished run in {path.parent} read it."
    raise StagingError(fact, remedy)


def _name_changed_input(found: _Line, expected: _Line) -> str:
    stamps = cast("list[list[object]]", expected["inputs"])
    known = found.get("inputs")
    known = cast("list[object]", known) if isinstance(known, list) else []
    return next((str(stamp[0]) for stamp in stamps if stamp not in known), "The list of input files")


def _parse_piece(path: Path, line: _Line) -> JournalPiece:
    match line:
        case {"file": str(file), "offset": int(offset), "size": int(size_bytes)} if offset >= 0 and size_bytes >= 0:
            return JournalPiece(file, offset, size_bytes)
        case _:
            fact = f"{path} holds a line that no run wrote."
            raise StagingError(fact, "Run again with --restart to begin anew.")
