"""One file of an export while it is being written: its space reserved first, its bytes held against what was promised last."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

from engine.checkpoints.flushing import flush_file
from engine.checkpoints.positioned_io import FULL_DISK, explain_write_failure, read_into, write_from
from engine.checkpoints.safetensors import read_safetensors_header
from engine.errors import CheckpointError, DiskFullError, ReadError, WriteError

FILE_FLAGS = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
CANNOT_RESERVE = frozenset({errno.EINVAL, errno.EOPNOTSUPP, errno.ENOSYS, errno.ENOTSUP})
STAT_BLOCK_BYTES = 512
"""The unit of st_blocks (POSIX stat.h)."""
SAVE_ELSEWHERE = "Free space there or choose another disk; --resume then goes on where this run stopped."


class StagedFile:
    """Hold one open file of the staging folder; safe to write to from several threads."""

    def __init__(self, path: Path, size_bytes: int, header: bytes) -> None:
        """Open or make the file, reserve its space and write its header.

        Raises:
            DiskFullError: The disk has not enough room for the whole file.
            WriteError: The file can't be made.
        """
        self.path = path
        self.size_bytes = size_bytes
        self._header = bytearray(header)
        try:
            self._descriptor = os.open(path, FILE_FLAGS, 0o644)
        except OSError as error:
            fact = f"{path} can't be made: {error.strerror or error}."
            raise WriteError(fact, "Check that you may write there.") from error
        try:
            _reserve(self._descriptor, path, size_bytes)
            self.write(0, memoryview(header))
        except BaseException:
            self.close()
            raise

    @property
    def header_bytes(self) -> int:
        """Return the length of what precedes the tensors."""
        return len(self._header)

    def write(self, offset: int, buffer: memoryview) -> None:
        """Write the whole buffer at `offset`.

        Raises:
            DiskFullError: The disk is full.
            WriteError: The bytes do not belong into the file, or can't be written.
        """
        end = offset + buffer.nbytes
        if offset < 0 or end > self.size_bytes:
            fact = f"Bytes {offset:,} to {end:,} lie outside {self.path}, which has {self.size_bytes:,}."
            raise WriteError(fact, "Report this as a bug.")
        try:
            write_from(self._descriptor, buffer, offset)
        except DiskFullError as error:
            raise _describe_full_disk(self.path, buffer.nbytes) from error
        except WriteError as error:
            raise error.located(path=str(self.path)) from error.__cause__

    def patch(self, offset: int, content: bytes) -> None:
        """Replace bytes; a replaced header is what `verify` expects from then on."""
        self.write(offset, memoryview(content))
        inside = content[: max(0, len(self._header) - offset)]
        self._header[offset : offset + len(inside)] = inside

    def flush(self) -> None:
        """Wait until everything written so far is on the disk."""
        flush_file(self._descriptor)

    def verify(self) -> None:
        """Read the size and the header back.

        Raises:
            WriteError: They are not what was written.
        """
        read_back = bytearray(len(self._header))
        try:
            found_bytes = os.fstat(self._descriptor).st_size
            read_into(self._descriptor, memoryview(read_back), 0)
            if self.path.suffix == ".safetensors":
                read_safetensors_header(self.path)
        except (OSError, ReadError, CheckpointError) as error:
            fact = f"{self.path} can't be read back: {error}"
            raise WriteError(fact, "Check the disk, then run again with --restart.") from error
        if found_bytes != self.size_bytes or read_back != self._header:
            fact = f"{self.path} reads back otherwise than it was written ({found_bytes:,} of {self.size_bytes:,} bytes)."
            raise WriteError(fact, "Check the disk, then run again with --restart.")

    def close(self) -> None:
        """Close the descriptor; a second call does nothing."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def _reserve(descriptor: int, path: Path, size_bytes: int) -> None:
    """Give the file its final size, with space behind it where the file system can promise that.

    Where it can't (no posix_fallocate, or copy-on-write) the free space is at least compared beforehand.
    """
    status = os.fstat(descriptor)
    missing_bytes = size_bytes - getattr(status, "st_blocks", 0) * STAT_BLOCK_BYTES
    if missing_bytes > _free_bytes(path):
        raise _describe_full_disk(path, missing_bytes)
    try:
        os.ftruncate(descriptor, size_bytes)
        _allocate(descriptor, size_bytes)
    except OSError as error:
        os.ftruncate(descriptor, min(status.st_size, size_bytes))  # what was reserved in vain does not stay reserved
        if error.errno in FULL_DISK:
            raise _describe_full_disk(path, missing_bytes) from error
        if error.errno == errno.EFBIG:
            fact = f"The file system can't hold {path} of {size_bytes:,} bytes."
            raise WriteError(fact, "Choose a smaller shard_size, or another disk.") from error
        raise explain_write_failure(error, size_bytes, 0).located(path=str(path)) from error


def _allocate(descriptor: int, size_bytes: int) -> None:
    if not size_bytes or not hasattr(os, "posix_fallocate"):
        return
    try:
        os.posix_fallocate(descriptor, 0, size_bytes)
    except OSError as error:
        if error.errno not in CANNOT_RESERVE:
            raise


def _describe_full_disk(path: Path, needed_bytes: int) -> DiskFullError:
    fact = f"The disk is full: {path} needs {needed_bytes:,} more bytes, {_free_bytes(path):,} are free."
    return DiskFullError(fact, SAVE_ELSEWHERE)


def _free_bytes(path: Path) -> int:
    return shutil.disk_usage(path.parent).free
