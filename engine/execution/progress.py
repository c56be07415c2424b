"""How far a run is, told at most 20 times a second."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from engine.checkpoints.positioned_io import FileSet
from engine.events import BytesMoved, Listener

SHORTEST_SECONDS = 0.05
"""20 updates a second: more than a bar can show."""


class Progress:
    """Count bytes from what is read and written, and tell the listener now and then."""

    def __init__(self, files: FileSet, written: Callable[[], int], listener: Listener) -> None:
        """Start the clock."""
        self.started = time.monotonic()
        self.nodes: tuple[str, ...] = ()
        """The nodes that the present pass works for."""
        self._files = files
        self._written = written
        self._listener = listener
        self._last = 0.0
        self._lock = threading.Lock()

    def moved(self) -> None:
        """Tell how far the run is, unless that was told just now; called by every worker after every piece."""
        now = time.monotonic()
        with self._lock:
            if now - self._last < SHORTEST_SECONDS:
                return
            self._last = now
        self._listener(BytesMoved(self._files.bytes_read, self._written(), self.seconds, self.nodes))

    @property
    def seconds(self) -> float:
        """Return the time since the run began."""
        return time.monotonic() - self.started
