"""Where the cells of a heat map lie, and how much of its names there is room for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF

from engine.short_names import shorten_names

PAD = 12.0
LEGEND_PIXELS = 24.0
GAP = 2.0
NUMBERED_WIDTH = 14.0
"""What a number over a cell takes."""
_HEAD = 20.0
_BESIDE = 12.0
"""Between the names and the cells, with a little to spare."""
_WIDEST, _HIGHEST, _LEAST = 58.0, 40.0, 5.0
_ROOMY = 46.0
"""Cells of this width have room for figures in full size: what is more they leave to long names."""
_FLATTEST = 3.0
"""Cells that are wider than so many times their height look like bars."""
_NAME_SHARE = 0.34
"""Of the width, for the names of the lines at most, where more of it would make the cells narrower."""


@dataclass(frozen=True)
class HeatLayout:
    """Hold where the cells lie and what their lines are called."""

    left: float
    top: float
    width: float
    height: float
    beside: tuple[str, ...]
    """The names of the lines."""
    above: tuple[str, ...]
    """The names over the columns; none where only numbers have room."""

    @property
    def is_numbered(self) -> bool:
        """Tell whether the names are too long to stand over the cells: lines and columns have numbers then."""
        return not self.above

    def cell(self, row: int, column: int) -> QRectF:
        """Return where a cell is painted."""
        gap = GAP if min(self.width, self.height) > 4 * GAP else 0.0
        return QRectF(self.left + column * self.width, self.top + row * self.height, self.width - gap, self.height - gap)


def lay_out(names: Sequence[str], width: float, height: float, measure: Callable[[str], float]) -> HeatLayout:
    """Return the layout of a square: names are shortened only where they would take room from the cells.

    Args:
        names: of the lines, which are those of the columns.
        width: pixels of the widget.
        height: of it.
        measure: returns the pixels that a text takes.
    """
    count = max(len(names), 1)
    high = max(min((height - _HEAD - LEGEND_PIXELS - 4) / count, _HIGHEST), _LEAST)
    widest = min(_WIDEST, max(_FLATTEST * high, NUMBERED_WIDTH))
    free = width - 2 * PAD - count * min(widest, _ROOMY) - _BESIDE
    number = measure(f"{count}  ")
    found = shorten_names(names)
    # Where no shortening is enough, no more is left out than helps.
    fitting = (shown for shown in found if _find_longest(shown, measure) + number <= free)
    beside = next(fitting, min(found, key=lambda shown: _find_longest(shown, measure)))
    room, wanted = max(free, width * _NAME_SHARE), _find_longest(beside, measure)

    def fit(above: tuple[str, ...]) -> HeatLayout:
        left = min(wanted if above else wanted + number, room) + _BESIDE
        return HeatLayout(PAD + left, _HEAD, max(min((width - left - 2 * PAD) / count, widest), _LEAST), high, beside, above)

    # What has no room over the columns has numbers there.
    fitted = (layout for layout in map(fit, dict.fromkeys((beside, *found))) if _find_longest(layout.above, measure) <= layout.width + 2)
    return next(fitted, fit(()))


def _find_longest(names: Sequence[str], measure: Callable[[str], float]) -> float:
    return max(map(measure, names), default=0.0)
