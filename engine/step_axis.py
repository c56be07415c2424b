"""The axis that trainings share: by their powers where one is far longer than another, so that none is squeezed into a corner."""

from __future__ import annotations

import math
from collections.abc import Sequence

_FAR = 5.0
_MOST_TICKS = 7
_ROUNDING = 1e-9


def needs_powers(trainings: Sequence[Sequence[float]]) -> bool:
    """Tell whether an axis of plain steps would leave some training too little room; what begins at step 0 has no place among powers."""
    ends = [max(steps) for steps in trainings]
    return bool(ends) and min(map(min, trainings)) > 0 and max(ends) > _FAR * min(ends)


def list_power_ticks(low: float, high: float) -> tuple[float, ...]:
    """Return round numbers between two positive ones, each some times the one before: 10, 20, 50, 100, or powers of ten alone."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for factors in ((1, 2, 5), (1,)):
        found = tuple(
            tick
            for power in powers
            for factor in factors
            if low * (1 - _ROUNDING) <= (tick := factor * 10.0**power) <= high * (1 + _ROUNDING)
        )
        if len(found) <= _MOST_TICKS:
            return found
    return found[:: math.ceil(len(found) / _MOST_TICKS)]
