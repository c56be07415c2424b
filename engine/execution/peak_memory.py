"""The most memory the process has held during a run."""

from __future__ import annotations

import threading

import psutil

_SECONDS = 0.02


class PeakMemory:
    """Watch the resident memory of this process from a thread of its own.

    The system's own high-water mark covers the whole life of the process, so a second run could not be told from the first.
    """

    def __init__(self) -> None:
        """Start watching."""
        self._process = psutil.Process()
        self._peak = self._process.memory_info().rss
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="peak-memory", daemon=True)
        self._thread.start()

    @property
    def bytes(self) -> int:
        """Return the largest resident size seen so far."""
        return max(self._peak, self._process.memory_info().rss)

    def stop(self) -> None:
        """Stop watching; calling it again does nothing."""
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(_SECONDS):
            self._peak = max(self._peak, self._process.memory_info().rss)
