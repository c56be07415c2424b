"""Ctrl+C during a run: the first is a wish to stop, the second ends the process as usual."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType

from engine.execution.stop import Stop

_STANDARD_ERROR = 2


@contextmanager
def stop_on_interrupt(stop: Stop) -> Generator[None]:
    """Turn the first SIGINT into a wish to stop; signals go to the main thread only, so elsewhere nothing changes."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGINT)

    def request(_number: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        stop.request()
        # Not through the console: the main thread may be inside it, holding its lock.
        with contextlib.suppress(OSError):
            os.write(_STANDARD_ERROR, b"\nStopping; press Ctrl+C again to end at once.\n")

    signal.signal(signal.SIGINT, request)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before if before is not None else signal.default_int_handler)
