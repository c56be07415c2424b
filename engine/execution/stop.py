"""The user's wish to stop, seen by everything that takes long."""

from __future__ import annotations

import threading

from engine.errors import Cancelled


class Stop:
    """Carry the wish from whoever has it to whoever works."""

    def __init__(self) -> None:
        """Nobody wants to stop yet."""
        self._event = threading.Event()

    def request(self) -> None:
        """Wish to stop; may be called from a signal handler or another thread, any number of times."""
        self._event.set()

    def is_requested(self) -> bool:
        """Tell whether somebody wants to stop."""
        return self._event.is_set()

    def check(self) -> None:
        """Raise Cancelled when somebody wants to stop."""
        if self._event.is_set():
            fact = "The run was stopped."
            raise Cancelled(fact)
