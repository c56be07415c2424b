"""How much of a run is done, by the time that its work takes: bytes to be moved and figures to be measured."""

from __future__ import annotations

from typing import NamedTuple

_SPEED = 1e9
"""Bytes a second that a stream is thought to move until one has shown it (RESULTS.md: 4 GB read and 1 GB written take 2–6 s)."""
_TELLING_BYTES = 64 << 20
"""With fewer a stream has told more of its start than of its speed."""
_THOUGHT_READINGS = 10
"""Until one has shown it, a figure is thought to take as long as moving so many times what is read for it."""


class WorkLeft(NamedTuple):
    """Hold what a run has yet to do, as far as is known."""

    moved_bytes: int
    figures: int


class DoneShare:
    """Follow the share of the work that is done: what is left of it shrinks as the work that is left does.

    So it never falls, and it does not leap when less turns out to be left than was thought, or another kind of work to take longer.
    """

    def __init__(self, measuring_bytes: int, figures: int) -> None:
        """Begin; the plan reads so many bytes to measure so many figures."""
        self._left = 1.0
        self._byte_seconds = 1 / _SPEED
        self._figure_seconds = _THOUGHT_READINGS * measuring_bytes / (figures * _SPEED) if figures else 0.0
        self._streamed = WorkTime()
        self._measured = WorkTime()
        self._has_measured = False

    @property
    def value(self) -> float:
        """Return the share, from 0 to 1."""
        return 1 - self._left

    def advance(self, before: WorkLeft, after: WorkLeft) -> None:
        """Note that work was done."""
        was, remains = self._weigh(before), self._weigh(after)
        if was > 0:
            # In this order no rounding lets it grow where the work does not.
            self._left *= max(remains, 0.0) / was

    def end(self) -> None:
        """Note that nothing is left."""
        self._left = 0.0

    def time_stream(self, moved_bytes: int, seconds: float) -> None:
        """Learn from a stream what a byte takes."""
        self._streamed = self._streamed.add(moved_bytes, seconds)
        if self._streamed.amount >= _TELLING_BYTES:
            self._byte_seconds = self._streamed.seconds / self._streamed.amount

    def time_figures(self, figures: int, moved_bytes: int, seconds: float) -> None:
        """Learn from the measuring of a checkpoint what a figure takes beside the bytes that were read for it."""
        # The first one also loads the libraries, the model and the data.
        if self._has_measured:
            self._measured = self._measured.add(figures, seconds - moved_bytes * self._byte_seconds)
            self._figure_seconds = max(self._measured.seconds, 0.0) / self._measured.amount
        self._has_measured = True

    def _weigh(self, left: WorkLeft) -> float:
        """Return the seconds that some work takes."""
        return left.moved_bytes * self._byte_seconds + left.figures * self._figure_seconds


class WorkTime(NamedTuple):
    """Hold how long some work has taken."""

    amount: int = 0
    seconds: float = 0.0

    def add(self, amount: int, seconds: float) -> WorkTime:
        """Return it with more of its kind."""
        return WorkTime(self.amount + amount, self.seconds + seconds)
