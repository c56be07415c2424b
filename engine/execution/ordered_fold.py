"""Merge what several threads found in the order of the entries, so that sums come out the same every time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Sequence
from typing import Generic, TypeVar

S = TypeVar("S")
P = TypeVar("P")


class OrderedFold(Generic[S, P]):
    """Hold a state into which partial results are merged by the order of their keys, however they arrive.

    A partial that comes early waits; how many wait is bounded by how far workers run ahead of one another.
    """

    def __init__(self, start: S, merge: Callable[[S, P], S], keys: Sequence[Hashable]) -> None:
        """Begin with a state; every key will be pushed once."""
        self._state = start
        self._merge = merge
        self._order = {key: index for index, key in enumerate(keys)}
        self._waiting: dict[int, Sequence[P]] = {}
        self._next = 0
        self._lock = threading.Lock()

    def push(self, key: Hashable, partials: Sequence[P]) -> None:
        """Merge the partials of one key, in their order, as soon as all keys before it have come."""
        with self._lock:
            self._waiting[self._order[key]] = partials
            while self._next in self._waiting:
                for partial in self._waiting.pop(self._next):
                    self._state = self._merge(self._state, partial)
                self._next += 1

    @property
    def state(self) -> S:
        """Return the state once every key has been merged.

        Raises:
            RuntimeError: some keys have not come.
        """
        if self._next != len(self._order):
            message = f"only {self._next} of {len(self._order)} partial results have come"
            raise RuntimeError(message)
        return self._state
