"""Unsaved changes outlive a crash: one copy a session, written beside nobody's file, found again when its process is gone."""

from __future__ import annotations

import contextlib
import os
import secrets
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

from engine.document.json_values import FrozenMapping, JsonValue
from engine.document.model import Document
from engine.document.storage import load_document, save_document
from engine.errors import DocumentError

_KEY = "recovery"
"""The key of the copy that says whose it is; the rest is a `.loom` file as any other."""
_SHORTEST_SECONDS = 0.2
"""Between two writes: a crash costs at most this moment, and a slider drag does not write its every step."""
_PATIENCE_SECONDS = 10.0
"""How long closing waits for a disk that does not answer."""


def recovery_folder() -> Path:
    """Return the folder for recovery copies: the system's place for a program's own state; it may not exist yet."""
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return (Path(local) if local else Path.home() / "AppData" / "Local") / "weightloom" / "recovery"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "weightloom" / "recovery"
    state = os.environ.get("XDG_STATE_HOME")
    return (Path(state) if state else Path.home() / ".local" / "state") / "weightloom" / "recovery"


@dataclass(frozen=True)
class Recovery:
    """Name what a crashed session left."""

    file: Path
    """The copy."""
    path: Path | None
    """The user's file that the changes belong to; None for a document never saved."""
    title: str
    changed_at: float
    """When the copy was written: seconds since 1970."""

    def load(self) -> Document:
        """Return the document with its unsaved changes.

        Raises:
            DocumentError: the copy can't be read.
        """
        document = load_document(self.file)
        return replace(document, unknown=FrozenMapping({key: value for key, value in document.unknown.items() if key != _KEY}))

    def discard(self) -> None:
        """Delete the copy: its changes are saved, open elsewhere or not wanted."""
        _remove(self.file)


def find_recoveries(folder: Path) -> tuple[Recovery, ...]:
    """Return what sessions left whose process is gone, the latest first; what can't be read is left where it is."""
    found = sorted(_list_orphans(folder), key=lambda recovery: -recovery.changed_at)
    return tuple(found)


class RecoveryCopy:
    """Keep the copy of one session up to date from a thread of its own, so that neither JSON nor the disk holds up the window."""

    def __init__(self, folder: Path) -> None:
        """Choose the copy's name; nothing is written before the first change."""
        self.file = folder / f"{os.getpid()}-{secrets.token_hex(4)}.loom"
        self.failure = ""
        """Why the last write failed; empty when it did not."""
        self._waking = threading.Condition()
        self._next: Callable[[], str] | None = None
        """What is to be done with the file; a later wish takes the place of an earlier one. Returns why it failed."""
        self._is_busy = False
        self._is_closed = False
        self._thread: threading.Thread | None = None

    def write(self, document: Document, path: Path | None) -> None:
        """Write the document soon; of several within a moment, the last.

        Args:
            document: with unsaved changes.
            path: the user's file it belongs to, which is left alone.
        """
        self._ask(lambda: _save(document, path, self.file))

    def discard(self) -> None:
        """Delete the copy soon: there are no unsaved changes."""
        if self._thread is not None:
            self._ask(lambda: _remove(self.file))

    def finish(self) -> None:
        """Wait until the copy is as was asked for last."""
        with self._waking:
            self._waking.wait_for(lambda: self._next is None and not self._is_busy, _PATIENCE_SECONDS)

    def close(self) -> None:
        """Delete the copy, and wait until that is done and its thread has ended."""
        self.discard()
        with self._waking:
            self._is_closed = True
            self._waking.notify_all()
        if self._thread is not None:
            self._thread.join(_PATIENCE_SECONDS)

    def _ask(self, task: Callable[[], str]) -> None:
        with self._waking:
            self._next = task
            if self._thread is None:
                self._thread = threading.Thread(target=self._serve, name="recovery copy", daemon=True)
                self._thread.start()
            self._waking.notify_all()

    def _serve(self) -> None:
        while (task := self._await_task()) is not None:
            self.failure = task()
            with self._waking:
                self._is_busy = False
                self._waking.notify_all()
                self._waking.wait_for(lambda: self._is_closed, _SHORTEST_SECONDS)

    def _await_task(self) -> Callable[[], str] | None:
        with self._waking:
            self._waking.wait_for(lambda: self._next is not None or self._is_closed)
            task, self._next = self._next, None
            self._is_busy = task is not None
            return task


def _save(document: Document, path: Path | None, file: Path) -> str:
    """Write a copy; return why it can't be done, or nothing."""
    owner: Mapping[str, JsonValue] = {"path": str(path or ""), "pid": os.getpid(), "started": psutil.Process().create_time()}
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        save_document(replace(document, unknown=FrozenMapping({**document.unknown, _KEY: owner})), file)
    except (OSError, DocumentError) as error:
        return str(error)
    return ""


def _remove(file: Path) -> str:
    """Delete a copy; return why it can't be done, or nothing."""
    try:
        file.unlink(missing_ok=True)
    except OSError as error:
        return str(error)
    return ""


def _list_orphans(folder: Path) -> Iterator[Recovery]:
    for file in sorted(folder.glob("*.loom")):
        with contextlib.suppress(DocumentError, OSError):
            document = load_document(file)
            owner = document.unknown.get(_KEY)
            if isinstance(owner, Mapping) and not _is_alive(owner.get("pid"), owner.get("started")):
                path = str(owner.get("path") or "")
                yield Recovery(file, Path(path) if path else None, document.title, file.stat().st_mtime)


def _is_alive(pid: JsonValue, started: JsonValue) -> bool:
    """Tell whether the process still runs; another one that got the same number since then began at another time."""
    if not isinstance(pid, int) or not isinstance(started, int | float):
        return False
    try:
        process = psutil.Process(pid)
        return abs(process.create_time() - started) < 1 and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
    except psutil.Error:
        return True
