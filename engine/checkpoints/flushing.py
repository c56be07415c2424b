"""Bytes and names outlive a loss of power once they are flushed: files by their descriptor, names by their folder."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

from engine.checkpoints.positioned_io import explain_write_failure
from engine.errors import WriteError

NO_FOLDER_FLUSH = frozenset({errno.EINVAL, errno.ENOTSUP, errno.ENOSYS})


def flush_file(descriptor: int) -> None:
    """Wait until a file's bytes and its size are on the disk.

    Raises:
        DiskFullError: The disk turned out to be full.
        WriteError: It failed otherwise.
    """
    try:
        os.fdatasync(descriptor) if sys.platform == "linux" else os.fsync(descriptor)
    except OSError as error:
        raise explain_write_failure(error, os.fstat(descriptor).st_size, 0) from error


def flush_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk, where the system can say so.

    Raises:
        WriteError: It failed.
    """
    if sys.platform == "win32":  # which can't open folders; NTFS journals its names
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in NO_FOLDER_FLUSH:
            fact = f"{folder} can't be flushed: {error.strerror or error}."
            raise WriteError(fact, "Check the disk, then run again.") from error
    finally:
        os.close(descriptor)
