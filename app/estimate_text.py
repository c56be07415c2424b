"""A figure with its standard error, as many digits of it as the error leaves known."""

from __future__ import annotations

import math

from app.decimal_text import write_figure

_FEWEST_FIXED = 1e-6
"""A smaller error has more zeros than can be counted at a glance."""


def write_estimate(value: float, error: float, form: str) -> str:
    """Return a figure as a format tells where it is exact (error 0); else down to the place of its error's first digit, with that error.

    Args:
        value: the figure; a dash where it is NaN.
        error: its standard error.
        form: how it is written where it is exact, such as .2f or .0%.
    """
    if math.isnan(value):
        return "–"
    if not error > 0 or not math.isfinite(value):
        return write_figure(value, form)
    sign, scale = ("%", 100.0) if form.endswith("%") else ("", 1.0)
    if not math.isfinite(error):
        return f"≈ {write_figure(value, form)}"
    told = float(f"{scale * error:.1g}")
    return f"≈ {_write_down_to(scale * value, told)}{sign} ± {told:{'.0f' if told >= 1 else 'g'}}{sign}"


def _write_down_to(value: float, error: float) -> str:
    """Return a figure down to the place of the first digit of its error."""
    place = math.floor(math.log10(error))
    if error >= _FEWEST_FIXED:
        return write_figure(round(value, -place), f".{max(0, -place)}f")
    first = math.floor(math.log10(abs(value))) if value else place
    return write_figure(value, f".{max(first - place, 0)}e")
