"""Read and write bytes at positions of open files, from several threads at once, into buffers that are reused.

Interrupted system calls are repeated by Python itself (PEP 475); short reads and writes are repeated here.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable
from io import FileIO
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Self

from engine.checkpoints.header import FileStamp
from engine.errors import CheckpointError, DiskFullError, InputChangedError, NotFoundError, ReadError, WriteError

HAS_POSITIONED_CALLS = hasattr(os, "preadv") and hasattr(os, "pwritev")
"""False on Windows, where a seek and a read are one step only under a lock."""
FULL_DISK = frozenset({errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)})
READ_FLAGS = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)

_seek_lock = Lock()


def read_into(descriptor: int, buffer: memoryview, offset: int) -> None:
    """Fill the whole buffer with the bytes from `offset` on.

    Raises:
        ReadError: The file ends before the buffer is full, or the system can't read it.
    """
    read_some = _read_at if HAS_POSITIONED_CALLS else _seek_and_read
    rest = _as_bytes(buffer)
    while rest:
        try:
            size = read_some(descriptor, rest, offset)
        except OSError as error:
            fact = f"Reading {len(rest):,} bytes at position {offset:,} failed: {error.strerror or error}."
            raise ReadError(fact, "Check the disk or the network drive, then run again.") from error
        if size == 0:
            fact = f"The file is shorter than its header says: {len(rest):,} bytes are missing at position {offset:,}."
            raise ReadError(fact, "It was cut or is still being written; copy or download it again.")
        rest = rest[size:]
        offset += size


def write_from(descriptor: int, buffer: memoryview, offset: int) -> None:
    """Write the whole buffer at `offset`.

    Raises:
        DiskFullError: The disk, or the user's share of it, is full.
        WriteError: The system can't write for another reason.
    """
    write_some = _write_at if HAS_POSITIONED_CALLS else _seek_and_write
    rest = _as_bytes(buffer)
    while rest:
        try:
            size = write_some(descriptor, rest, offset)
        except OSError as error:
            raise explain_write_failure(error, len(rest), offset) from error
        rest = rest[size:]
        offset += size


def explain_write_failure(error: OSError, size_bytes: int, offset: int) -> WriteError:
    """Return the error of ours that says why `size_bytes` could not be written at `offset`."""
    place = f"{size_bytes:,} bytes at position {offset:,}"
    if error.errno in FULL_DISK:
        return DiskFullError(f"The disk is full: {place} could not be written.", "Free space there or choose another disk, then run again.")
    return WriteError(f"Writing {place} failed: {error.strerror or error}.", "Check the disk and its permissions, then run again.")


def stamp_file(path: Path) -> FileStamp:
    """Return the stamp of the file at `path` (links are followed).

    Raises:
        NotFoundError: Nothing is there.
        CheckpointError: It is no regular file, or may not be looked at.
    """
    try:
        status = path.stat()
    except FileNotFoundError as error:
        fact = f"{path} is not there."
        raise NotFoundError(fact, "Check the path, or download the file again.") from error
    except (OSError, ValueError) as error:
        fact = f"{path} can't be looked at: {error}."
        raise CheckpointError(fact, "Check the path and its permissions.") from error
    if not stat.S_ISREG(status.st_mode):
        fact = f"{path} is not a regular file."
        raise CheckpointError(fact, "Choose a checkpoint file or a model folder.")
    return FileStamp(path, status.st_size, status.st_mtime_ns)


class InputFile:
    """Read one file that must stay as its stamp says; safe to share between threads."""

    def __init__(self, stamp: FileStamp) -> None:
        """Open the file read-only.

        Raises:
            ReadError: It can't be opened.
            InputChangedError: It is another one than the stamp was taken of.
        """
        self.stamp = stamp
        self._bytes_read = 0
        self._count_lock = Lock()
        try:
            self._descriptor = os.open(stamp.path, READ_FLAGS)
        except OSError as error:
            fact = f"{stamp.path} can't be opened: {error.strerror or error}."
            raise ReadError(fact, "Check that the file is still there and may be read.") from error
        try:
            self.verify_unchanged()
        except ReadError:
            self.close()
            raise

    @property
    def bytes_read(self) -> int:
        """Return how many bytes were read so far."""
        return self._bytes_read

    def read_into(self, buffer: memoryview, offset: int) -> None:
        """Fill the buffer from `offset` on and count its bytes.

        Raises:
            ReadError: The bytes are not there or can't be read.
        """
        try:
            read_into(self._descriptor, buffer, offset)
        except ReadError as error:
            raise error.located(path=str(self.stamp.path)) from error.__cause__
        with self._count_lock:
            self._bytes_read += buffer.nbytes

    def verify_unchanged(self) -> None:
        """Compare size and time, of the open file and of what lies at its path now, with the stamp.

        Raises:
            InputChangedError: Either differs, or the path is gone.
        """
        try:
            states = (os.fstat(self._descriptor), self.stamp.path.stat())
        except OSError as error:
            change = "is gone"
            raise self._changed(change) from error
        for state in states:
            if change := _describe_change(self.stamp, state):
                raise self._changed(change)

    def close(self) -> None:
        """Close the descriptor; a second call does nothing."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _changed(self, change: str) -> InputChangedError:
        fact = f"{self.stamp.path} {change} since its header was read."
        return InputChangedError(fact, "Let whatever writes it finish, then run again.")


class FileSet:
    """Hold the input files of a run, each opened once, at its first read."""

    def __init__(self, stamps: Iterable[FileStamp]) -> None:
        """Remember which files may be read and how they looked when their headers were read."""
        self._stamps = {stamp.path: stamp for stamp in stamps}
        self._files: dict[Path, InputFile] = {}
        self._open_lock = Lock()

    def file(self, path: Path) -> InputFile:
        """Return the open file at `path`.

        Raises:
            ReadError: It can't be opened, changed, or is none of the set.
        """
        with self._open_lock:
            if path not in self._files:
                self._files[path] = InputFile(self._stamp(path))
            return self._files[path]

    def read_into(self, path: Path, buffer: memoryview, offset: int) -> None:
        """Fill the buffer with the bytes of the file at `path` from `offset` on.

        Raises:
            ReadError: The bytes are not there or can't be read.
        """
        self.file(path).read_into(buffer, offset)

    @property
    def bytes_read(self) -> int:
        """Return how many bytes were read so far, of all files."""
        with self._open_lock:
            return sum(file.bytes_read for file in self._files.values())

    def verify_unchanged(self) -> None:
        """Check every file that was opened against its stamp.

        Raises:
            InputChangedError: One differs.
        """
        with self._open_lock:
            for file in self._files.values():
                file.verify_unchanged()

    def close(self) -> None:
        """Close all files; what was counted stays."""
        with self._open_lock:
            for file in self._files.values():
                file.close()

    def __enter__(self) -> Self:
        """Return the set itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close all files."""
        self.close()

    def _stamp(self, path: Path) -> FileStamp:
        if path not in self._stamps:
            fact = f"{path} is none of the files whose headers were read."
            raise ReadError(fact, "Open the checkpoint again.")
        return self._stamps[path]


def _as_bytes(buffer: memoryview) -> memoryview:
    """Return the buffer as bytes; an empty one of several dimensions can't be cast."""
    return buffer.cast("B") if buffer.nbytes else memoryview(b"")


def _describe_change(stamp: FileStamp, state: os.stat_result) -> str:
    if state.st_size != stamp.size_bytes:
        return f"changed from {stamp.size_bytes:,} to {state.st_size:,} bytes"
    return "was written to" if state.st_mtime_ns != stamp.modified_ns else ""


def _read_at(descriptor: int, buffer: memoryview, offset: int) -> int:
    return os.preadv(descriptor, [buffer], offset)


def _write_at(descriptor: int, buffer: memoryview, offset: int) -> int:
    return os.pwritev(descriptor, [buffer], offset)


def _seek_and_read(descriptor: int, buffer: memoryview, offset: int) -> int:
    with _seek_lock, FileIO(descriptor, "rb", closefd=False) as file:
        file.seek(offset)
        return file.readinto(buffer) or 0


def _seek_and_write(descriptor: int, buffer: memoryview, offset: int) -> int:
    with _seek_lock, FileIO(descriptor, "r+b", closefd=False) as file:
        file.seek(offset)
        return file.write(buffer) or 0
