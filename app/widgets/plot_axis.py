"""The numbers along the axes of a plot: where they end, and which are written."""

from __future__ import annotations

import math

from app.widgets.plot import Plot

_SMALLEST, _LARGEST = 1e-4, 1e7
"""Numbers between are told without a power of ten."""
_ROUNDING = 1e-9
_BESIDE = 0.35
"""The room before the first and after the last place that has a name: points that stand aside have it all."""


def find_limits(plot: Plot) -> tuple[float, float, float, float]:
    """Return the left, right, lower and upper end of what is shown."""
    points = [point for curve in plot.curves for point in curve.points if math.isfinite(point[1])] or [(0.0, 0.0)]
    across = [-_BESIDE, len(plot.places) - 1.0 + _BESIDE] if plot.places else [x for x, _ in points]
    up = [y for _, y in points] + ([plot.level] if math.isfinite(plot.level) else [])
    up += [side * height for _, height in plot.band for side in (-1, 1)]
    margin = (max(up) - min(up)) * 0.08 or 0.05
    width = 0.5 if max(across) == min(across) else 0.0
    # What is never negative has no axis below 0.
    low = max(min(up) - margin, 0.0) if min(up) >= 0 else min(up) - margin
    return min(across) - width, max(across) + width, low, max(up) + margin


def find_share(at: float, ends: tuple[float, float], *, has_powers: bool) -> float:
    """Return how far along the axis something lies, 0 at its left end and 1 at its right one."""
    left, right = ends
    return math.log(at / left) / math.log(right / left) if has_powers else (at - left) / (right - left)


def find_ticks(low: float, high: float) -> tuple[float, ...]:
    """Return round numbers between two, some four of them."""
    rough = (high - low) / 4
    power = 10.0 ** math.floor(math.log10(rough))
    step = next((factor * power for factor in (1, 2, 2.5, 5) if factor * power >= rough), 10 * power)
    first, last = math.ceil(low / step - _ROUNDING), math.floor(high / step + _ROUNDING)
    return tuple(number * step for number in range(first, last + 1))


def write_tick(number: float) -> str:
    """Return a tick's number as people write it: thousands apart, no power of ten where a few digits do."""
    number += 0.0
    if number and not _SMALLEST <= abs(number) < _LARGEST:
        return f"{number:.3g}"
    return f"{number:,.10g}"
