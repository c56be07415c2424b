"""The SHA-256 of input files, computed beside the run and remembered for as long as size and time stay the same."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, wait
from pathlib import Path
from threading import Event
from types import TracebackType
from typing import Self

from engine.checkpoints.fingerprint_cache import FingerprintCache
from engine.checkpoints.header import FileStamp
from engine.checkpoints.positioned_io import InputFile
from engine.errors import Cancelled

READ_BYTES = 4 * 2**20
"""Large enough that hashing, which releases the GIL, takes nearly all of the time."""
MOST_THREADS = 4
_SECONDS_BETWEEN_LOOKS = 0.05


class Fingerprinter:
    """Hash files in threads of its own from `start` on; `results` waits for them."""

    def __init__(self, cache: FingerprintCache | None = None) -> None:
        """Remember where known fingerprints lie; by default in the user's cache folder."""
        self._cache = cache or FingerprintCache.of_user()
        self._stop = Event()
        self._known: dict[Path, str] = {}
        self._running: dict[FileStamp, Future[str]] = {}
        threads = min(MOST_THREADS, max(1, (os.cpu_count() or 1) // 2))
        self._threads = ThreadPoolExecutor(threads, "fingerprint")

    def start(self, stamps: Iterable[FileStamp]) -> None:
        """Begin to hash the files that are not known yet; files already begun are not begun again."""
        new = [stamp for stamp in dict.fromkeys(stamps) if stamp not in self._running]
        found = self._cache.find(new)
        for stamp in new:
            if stamp in found:
                self._known[stamp.path] = found[stamp]
            else:
                self._running[stamp] = self._threads.submit(self._hash, stamp)

    def results(self, stops: Callable[[], bool] | None = None) -> Mapping[Path, str]:
        """Wait for all files and return their fingerprints, in hexadecimal digits, by path.

        Args:
            stops: asked now and then whether to give up.

        Raises:
            InputChangedError: A file changed since it was stamped.
            ReadError: A file can't be read.
            Cancelled: `stop` was called, or `stops` said so.
        """
        while stops is not None and wait(self._running.values(), timeout=_SECONDS_BETWEEN_LOOKS).not_done:
            if stops():
                self.stop()
        try:
            hashed = {stamp: future.result() for stamp, future in self._running.items()}
        except CancelledError as error:
            raise _stopped() from error
        self._cache.remember(hashed)
        self._known |= {stamp.path: fingerprint for stamp, fingerprint in hashed.items()}
        return dict(self._known)

    def stop(self) -> None:
        """Give up what is not hashed yet, at the next block, and end the threads."""
        self._stop.set()
        self._threads.shutdown(cancel_futures=True)

    def __enter__(self) -> Self:
        """Return the fingerprinter itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """End the threads."""
        self.stop()

    def _hash(self, stamp: FileStamp) -> str:
        digest = hashlib.sha256()
        buffer = memoryview(bytearray(min(READ_BYTES, max(1, stamp.size_bytes))))
        file = InputFile(stamp)
        try:
            for offset in range(0, stamp.size_bytes, READ_BYTES):
                if self._stop.is_set():
                    raise _stopped()
                block = buffer[: min(READ_BYTES, stamp.size_bytes - offset)]
                file.read_into(block, offset)
                digest.update(block)
            file.verify_unchanged()
        finally:
            file.close()
        return digest.hexdigest()


def _stopped() -> Cancelled:
    return Cancelled("The run was stopped before all inputs were hashed.")
