"""The folder in which an export grows until it is whole: beside its target, journalled, renamed at the end.

    .NAME.partial-<plan hash>/
        journal.jsonl       which pieces are safely on the disk (see `engine.checkpoints.journal`)
        decisions.json      what the run decided on its way (see `engine.checkpoints.decisions`)
        files/              what is to become the target

A staging folder without `files`, or with nothing in it, is the rest of a run that was done or had not begun.
"""

from __future__ import annotations

import contextlib
import shutil
import time
from collections import defaultdict
from collections.abc import Generator, Sequence
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Self

from engine.checkpoints.coverage import Coverage
from engine.checkpoints.decisions import settle_decision
from engine.checkpoints.flushing import flush_folder
from engine.checkpoints.header import FileStamp
from engine.checkpoints.journal import Journal, JournalPiece
from engine.checkpoints.output_target import find_owned_files, is_plain_name, target_problem
from engine.checkpoints.replacement import find_stranger, repair_target, replace_files
from engine.checkpoints.staged_file import StagedFile
from engine.checkpoints.staging_folder import (
    FILES_NAME,
    StagingMode,
    find_neighbours,
    make_parents,
    name_staging,
    prepare_staging,
    remove_empty,
    remove_staging,
)
from engine.checkpoints.target_lock import TargetLock
from engine.errors import StagingError, WriteError

FLUSH_BYTES = 256 * 2**20
FLUSH_SECONDS = 10.0
"""A crash costs at most what was written since the last flush; flushing more often costs more than it saves."""
JOURNAL_NAME = "journal.jsonl"


class Staging:
    """Hold the files of one export until they are committed or discarded; writing and marking are safe from several threads."""

    def __init__(self, target: Path, lock: TargetLock, journal: Journal, *, overwrite: bool, flush: bool) -> None:
        """Take over what `open` has prepared."""
        self.target = target
        self.folder = journal.path.parent
        self.neighbours = find_neighbours(self.folder, target)
        """Staging folders of other plans with the same target, which are left as they are."""
        self.remarks: tuple[str, ...] = ()
        """What the user must know about how the staging was opened, as sentences; the neighbours are among them."""
        self.is_resumed = False
        self.bytes_written = 0
        self._lock = lock
        self._journal = journal
        self._may_overwrite = overwrite
        self._is_flushed = flush
        self._owned = find_owned_files(target)
        self._made_folders: tuple[Path, ...] = ()
        self._files: dict[str, StagedFile] = {}
        self._durable: defaultdict[str, Coverage] = defaultdict(Coverage)
        self._pending: list[JournalPiece] = []
        self._pending_bytes = 0
        self._last_flush = time.monotonic()
        self._has_flush_failed = False
        self._state_lock = Lock()
        self._flush_lock = Lock()
        for piece in journal.found:
            self._durable[piece.file].add(piece.offset, piece.offset + piece.size_bytes)

    @classmethod
    def open(
        cls,
        target: Path,
        plan_hash: str,
        inputs: Sequence[FileStamp] = (),
        *,
        mode: StagingMode = "fresh",
        overwrite: bool = False,
        flush: bool = True,
    ) -> Self:
        """Make or find the staging folder of a plan, after repairing what a crash left at the target.

        Args:
            target: the folder the export is to become.
            plan_hash: all that decides the export's bytes, as letters and digits.
            inputs: the input files; a resumed run refuses when they changed.
            mode: what to do about an unfinished run of the same plan: refuse, go on with it, or begin anew.
            overwrite: whether an older export at the target may be replaced.
            flush: whether to wait for the disk; without it a loss of power (not a crash) may cost the export.

        Raises:
            StagingError: Another run is writing there, or an unfinished one is in the way.
            WriteError: The target can't be written to.
        """
        target = target.resolve()
        _refuse(target_problem(target, overwrite=True))
        made_folders = make_parents(target)
        lock = TargetLock(target)
        with _undo_on_failure(lock, made_folders):
            repairs = repair_target(target)
            _refuse(target_problem(target, overwrite))
            folder = name_staging(target, plan_hash)
            is_resumed = prepare_staging(folder, mode)
            begin = Journal.resume if is_resumed else Journal.create
            journal = begin(folder / JOURNAL_NAME, plan_hash, inputs, flush=flush)
            staging = cls(target, lock, journal, overwrite=overwrite, flush=flush)
        staging.is_resumed = is_resumed
        staging.remarks = (*repairs, *_describe_opening(staging, mode, lock))
        staging._made_folders = made_folders
        return staging

    @property
    def durable_pieces(self) -> tuple[JournalPiece, ...]:
        """Return the pieces that an earlier run had finished."""
        return self._journal.found

    def settle(self, name: str, value: str) -> None:
        """Say what the run has decided on its way, before any piece that hangs on it is written.

        Raises:
            StagingError: The unfinished run that goes on had decided otherwise.
            WriteError: It can't be written down.
        """
        settle_decision(self.folder, name, value, flush=self._is_flushed)

    def create_file(self, name: str, size_bytes: int, header: bytes = b"") -> None:
        """Make a file of its final size, or go on with it, and write its header.

        Raises:
            DiskFullError: The disk has not enough room for it.
            WriteError: It can't be made, or would replace a file of the user's.
            StagingError: The unfinished run's file is not what its journal says.
        """
        path = self._check_name(name)
        if name in self._files:
            self._files.pop(name).close()
        found_bytes = path.stat().st_size if path.exists() else 0
        if self._durable[name].end > min(found_bytes, size_bytes):
            fact = f"{path} has {found_bytes:,} bytes, though the journal says that {self._durable[name].end:,} were written."
            raise StagingError(fact, "Run again with --restart to begin anew.")
        self._files[name] = StagedFile(path, size_bytes, header)
        self._count(len(header))

    def write_small(self, name: str, content: bytes) -> None:
        """Write a whole file at once (config, tokenizer, report).

        Raises:
            DiskFullError: The disk is full.
            WriteError: It can't be made, or would replace a file of the user's.
        """
        self._durable.pop(name, None)
        self.create_file(name, len(content), content)

    def write_piece(self, name: str, offset: int, buffer: memoryview) -> None:
        """Write part of a file that `create_file` made.

        Raises:
            DiskFullError: The disk is full.
            WriteError: It failed otherwise.
        """
        self._file(name).write(offset, buffer)
        self._count(buffer.nbytes)

    def is_durable(self, name: str, offset: int, size_bytes: int) -> bool:
        """Tell whether these bytes are on the disk and in the journal, by this run or an earlier one."""
        with self._state_lock:
            return name in self._durable and self._durable[name].is_covered(offset, offset + size_bytes)

    def mark_written(self, name: str, offset: int, size_bytes: int) -> None:
        """Say that a piece is complete; now and then this waits for the disk and journals all such pieces.

        Raises:
            DiskFullError: The disk turned out to be full.
            WriteError: The disk failed.
        """
        with self._state_lock:
            self._pending.append(JournalPiece(name, offset, size_bytes))
            self._pending_bytes += size_bytes
            is_due = self._pending_bytes >= FLUSH_BYTES or time.monotonic() - self._last_flush >= FLUSH_SECONDS
        if is_due and self._flush_lock.acquire(blocking=False):  # one thread waits for the disk, the others go on
            try:
                self._flush_pending()
            finally:
                self._flush_lock.release()

    def patch(self, name: str, offset: int, content: bytes) -> None:
        """Replace bytes already written, such as a fingerprint's placeholder.

        Raises:
            WriteError: It failed.
        """
        self._file(name).patch(offset, content)

    def commit(self) -> None:
        """Flush and read back everything, then let the staging become the target.

        Raises:
            WriteError: Something is missing, reads back otherwise, or can't be moved; the target is untouched.
        """
        with self._flush_lock:
            self._flush_pending()
        for name, file in self._files.items():
            self._check_whole(name, file)
            if self._is_flushed:
                file.flush()
            file.verify()
        self._close_files()
        self._remove_strangers()
        if self._is_flushed:
            flush_folder(self.folder / FILES_NAME)
        self._publish()
        if self._is_flushed:
            flush_folder(self.target.parent)
        shutil.rmtree(self.folder, ignore_errors=True)
        self._lock.release()

    def discard(self) -> None:
        """Remove the staging, and the folders that were made for it if nothing else lies there.

        Raises:
            WriteError: It can't be removed.
        """
        self._pending = []
        self._close_files()
        try:
            remove_staging(self.folder)
        except OSError as error:
            fact = f"{self.folder} can't be removed: {error.strerror or error}."
            raise WriteError(fact, "Delete it by hand.") from error
        finally:
            self._lock.release()
        remove_empty(self._made_folders)

    def close(self) -> None:
        """Journal what is written and leave the staging for a later `--resume`; after a commit or a discard this does nothing.

        Raises:
            WriteError: The disk failed; what was journalled before still counts.
        """
        try:
            with self._flush_lock:
                self._flush_pending()
        finally:
            self._close_files()
            self._lock.release()

    def __enter__(self) -> Self:
        """Return the staging itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close the staging; a failure to do so does not hide the error that is already on its way."""
        with contextlib.suppress(WriteError) if error else contextlib.nullcontext():
            self.close()

    def _check_name(self, name: str) -> Path:
        if not is_plain_name(name):
            fact = f"“{name}” is no name for a file of an export."
            raise WriteError(fact, "Rename the file it comes from.")
        _refuse(find_stranger(self.target, name, self._owned))
        return self.folder / FILES_NAME / name

    def _file(self, name: str) -> StagedFile:
        if name not in self._files:
            fact = f"{name} is not open for writing in {self.folder}."
            raise WriteError(fact, "Report this as a bug.")
        return self._files[name]

    def _count(self, size_bytes: int) -> None:
        with self._state_lock:
            self.bytes_written += size_bytes

    def _flush_pending(self) -> None:
        """Journal what is pending once it is on the disk; only for who holds the flush lock.

        After a failed flush nothing is journalled any more: the system reports a lost page once and then calls it clean.
        """
        with self._state_lock:
            pieces, self._pending, self._pending_bytes = self._pending, [], 0
        if not pieces or self._has_flush_failed:
            return
        try:
            self._wait_for_disk({piece.file for piece in pieces})
        except WriteError:
            self._has_flush_failed = True
            raise
        self._journal.append(pieces)
        with self._state_lock:
            self._last_flush = time.monotonic()
            for piece in pieces:
                self._durable[piece.file].add(piece.offset, piece.offset + piece.size_bytes)

    def _wait_for_disk(self, names: set[str]) -> None:
        if not self._is_flushed:
            return
        for name in sorted(names):
            self._file(name).flush()
        flush_folder(self.folder / FILES_NAME)

    def _check_whole(self, name: str, file: StagedFile) -> None:
        gaps = self._durable[name].find_gaps(file.header_bytes, file.size_bytes)
        if gaps:
            missing_bytes = sum(end - start for start, end in gaps)
            fact = f"{name} is not whole: {missing_bytes:,} of {file.size_bytes:,} bytes were never written, the first at {gaps[0][0]:,}."
            raise WriteError(fact, "Run again with --restart; if it happens again, report it as a bug.")

    def _remove_strangers(self) -> None:
        for path in (self.folder / FILES_NAME).iterdir():
            if path.name not in self._files:
                path.unlink()

    def _publish(self) -> None:
        if self.target.is_dir() and self._may_overwrite:
            replace_files(self.target, self.folder)
            return
        _refuse(target_problem(self.target, overwrite=False))
        try:
            (self.folder / FILES_NAME).rename(self.target)
        except OSError as error:
            fact = f"The finished export can't be renamed to {self.target}: {error.strerror or error}."
            raise WriteError(fact, "Check that you may write there, then use --resume.") from error

    def _close_files(self) -> None:
        for file in self._files.values():
            file.close()
        self._journal.close()


@contextlib.contextmanager
def _undo_on_failure(lock: TargetLock, made_folders: Sequence[Path]) -> Generator[None]:
    """Give the lock and the folders made for the target up when what is done within fails."""
    try:
        yield
    except BaseException:
        lock.release()
        remove_empty(made_folders)
        raise


def _refuse(problem: str | None) -> None:
    if problem:
        raise WriteError(problem)


def _describe_opening(staging: Staging, mode: StagingMode, lock: TargetLock) -> list[str]:
    remarks = [f"An unfinished run of another plan lies in {folder}; it is left as it is." for folder in staging.neighbours]
    if staging.is_resumed:
        found_bytes = sum(piece.size_bytes for piece in staging.durable_pieces)
        remarks.append(f"The unfinished run in {staging.folder} goes on: {found_bytes:,} bytes were already written.")
    elif mode == "resume":
        remarks.append(f"There is no unfinished run of this plan for {staging.target}, so it begins afresh.")
    if not lock.is_kept:
        remarks.append(f"The disk of {staging.target} knows no file locks: start no second run onto it meanwhile.")
    return remarks
