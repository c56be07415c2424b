"""One run at a time writes to a target: a lock file beside it that the system frees when its holder dies."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from pathlib import Path

from engine.errors import StagingError, WriteError

if sys.platform == "win32":
    import msvcrt

    def _take(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _take(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


HELD_BY_ANOTHER = frozenset({errno.EAGAIN, errno.EACCES, errno.EDEADLK})
LOCK_FLAGS = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)


class TargetLock:
    """Hold the right to write to one target until `release`."""

    def __init__(self, target: Path) -> None:
        """Take the lock.

        Raises:
            StagingError: Another run holds it.
            WriteError: The lock file can't be made.
        """
        self.is_kept = True
        """False on a disk that knows no locks: then nothing keeps two runs apart."""
        self._path = target.with_name(f".{target.name}.lock")
        self._descriptor = -1
        while self._descriptor < 0:
            self._descriptor = self._try_to_lock(target)

    def release(self) -> None:
        """Remove the lock file and free the lock; a second call does nothing."""
        if self._descriptor < 0:
            return
        # Removed while still held, so that nobody locks a file about to vanish; Windows removes no open file, hence the second try.
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)
        os.close(self._descriptor)
        self._descriptor = -1
        if sys.platform == "win32":
            with contextlib.suppress(OSError):
                self._path.unlink(missing_ok=True)

    def _try_to_lock(self, target: Path) -> int:
        """Return the locked descriptor, or -1 when the file vanished meanwhile because its holder was done."""
        try:
            descriptor = os.open(self._path, LOCK_FLAGS, 0o644)
        except OSError as error:
            fact = f"{self._path} can't be made: {error.strerror or error}."
            raise WriteError(fact, "Check that you may write in the folder that is to hold the output.") from error
        try:
            _take(descriptor)
        except OSError as error:
            if error.errno in HELD_BY_ANOTHER:
                os.close(descriptor)
                fact = f"Another run is writing to {target} now."
                raise StagingError(fact, "Wait until it is done, or choose another output folder.") from error
            self.is_kept = False
        if _is_still_there(descriptor, self._path):
            return descriptor
        os.close(descriptor)
        return -1


def _is_still_there(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False
