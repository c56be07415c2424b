"""How sure a difference of measured figures is, for the report and for the window alike."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


class Bounded(Protocol):
    """Stand for a figure with its 95 % interval."""

    @property
    def value(self) -> float:
        """Return the figure."""
        ...

    @property
    def low(self) -> float:
        """Return the lower end of its interval."""
        ...

    @property
    def high(self) -> float:
        """Return the upper end of its interval."""
        ...

    @property
    def n(self) -> int:
        """Return how many examples were counted, or what else was."""
        ...


@dataclass(frozen=True)
class BoundedFigure:
    """Hold one measured figure with its 95 % interval."""

    value: float
    low: float
    high: float
    n: int


def bound_difference(first: Bounded, second: Bounded) -> tuple[float, float]:
    """Return the 95 % interval of first − second from the two intervals.

    The square-and-add rule of Newcombe (Statistics in Medicine 17, 1998, method 10). It takes the two as independent; measured on
    the same examples they seldom disagree, which makes the true interval narrower.
    """
    difference = first.value - second.value
    below = math.hypot(first.value - first.low, second.high - second.value)
    above = math.hypot(first.high - first.value, second.value - second.low)
    return difference - below, difference + above


def could_be_chance(one: Sequence[Bounded], other: Sequence[Bounded]) -> bool:
    """Tell whether the interval of the mean difference holds 0; the sets are independent, so distances add as squares."""
    pairs = list(zip(one, other, strict=True))
    gain = sum(first.value - second.value for first, second in pairs)
    bounds = [(first.value - second.value, *bound_difference(first, second)) for first, second in pairs]
    below = math.hypot(*(middle - low for middle, low, _ in bounds))
    above = math.hypot(*(high - middle for middle, _, high in bounds))
    return gain - below <= 0 <= gain + above
