"""How long a run still takes: told once the like of what is left has been done, for a wrong time is worse than none."""

from __future__ import annotations

from collections.abc import Sequence

_TELLING_SHARE = 0.02
"""Before this much is read or written, its speed says little: caches are cold."""
_TELLING_MEASUREMENTS = 3
"""So many checkpoints are measured, after the first, before their time says something of those that follow."""


def extrapolate(seconds: float, done: int, total: int) -> float | None:
    """Return how long the rest takes at the speed so far; None while too little is done."""
    if done <= 0 or seconds <= 0 or done < _TELLING_SHARE * total:
        return None
    return seconds * max(total - done, 0) / done


class Pace:
    """Follow how fast a run measures: by figures, because models that take as long to measure are not read as long."""

    def __init__(self, planned: Sequence[int]) -> None:
        """Begin; `planned` is how many figures each pass asks for."""
        self._planned = planned
        self.figures_known = 0
        """How many figures are known by now, of those that had to be asked for."""
        self._here = 0
        self._later = sum(planned)
        self._is_warm = False
        self._measurements = 0
        self._figures = 0
        self._seconds = 0.0
        self._last = 0.0

    def begin_pass(self, index: int) -> None:
        """Turn to a pass, whatever those before it have left undone."""
        self._here, self._later = self._planned[index], sum(self._planned[index + 1 :])

    def end(self) -> None:
        """Note that no figure is still to come."""
        self._here, self._later = 0, 0

    def count(self, asked: int, measured: int, seconds: float, now: float) -> None:
        """Note a checkpoint's figures.

        Args:
            asked: how many were asked for; the others are known from before.
            measured: how many had to be measured.
            seconds: how long that took.
            now: the time since the run began.
        """
        self._here -= asked
        self.figures_known += asked
        if not measured:
            return
        # The first one also loads the libraries, the model and the data.
        if self._is_warm:
            self._measurements += 1
            self._figures += measured
            self._seconds += seconds
        self._is_warm = True
        self._last = now

    @property
    def figures_left(self) -> int:
        """Return how many figures are still to come, as far as is known."""
        return max(self._here, 0) + self._later

    def left(self, now: float) -> float | None:
        """Return the seconds that the figures still to come take; None while that can't be known."""
        figures = self.figures_left
        if not figures:
            return 0.0
        if self._measurements < _TELLING_MEASUREMENTS:
            return None
        return max(figures * self._seconds / self._figures - (now - self._last), 0.0)
