"""What a plot of curves shows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from PySide6.QtGui import QColor


@dataclass(frozen=True)
class PlotColours:
    """Hold the colours that a plot takes."""

    back: QColor
    line: QColor
    text: QColor
    dim: QColor
    curves: tuple[QColor, ...]


@dataclass(frozen=True)
class PlotCurve:
    """Hold one curve with its name."""

    name: str
    points: tuple[tuple[float, float], ...]
    """(place, figure); NaN makes a gap."""
    is_dashed: bool = False
    errors: tuple[float, ...] = ()
    """Standard errors of the points, drawn as bars; none where the figures are exact."""
    like: int | None = None
    """The number of an earlier curve, of the same thing: this one has its colour and mark, hollow, and no line of its own in the legend."""

    def tell(self) -> str:
        """Return its figures in words, for those who hear the window."""
        figures: Sequence[str] = [f"{x:g}: {y:.4g}" for x, y in self.points if math.isfinite(y)]
        return f"{self.name}: {', '.join(figures)}"


@dataclass(frozen=True)
class Plot:
    """Hold everything that a plot shows."""

    title: str
    curves: tuple[PlotCurve, ...] = ()
    mark: float = math.nan
    """A place on the axis that a vertical line marks; NaN for none."""
    mark_name: str = ""
    level: float = math.nan
    """A height that a horizontal line marks; NaN for none."""
    places: tuple[str, ...] = ()
    """What the places 0, 1, 2 … of the axis are called; else they are numbers."""
    apart: frozenset[int] = frozenset()
    """Places that no line joins to the one before: what is not in a row has no course."""
    band: tuple[tuple[float, float], ...] = ()
    """(place, half height): a shaded band around 0."""
    empty: str = ""
    """What stands in the place of curves while there are none."""
    quantity: str = "λ"
    """What the axis counts."""
    has_powers: bool = False
    """Whether equal ways along the axis are equal factors; then all places are above 0."""
    short_title: str = ""
    """What stands for the title where that has no room; else the title loses its middle."""
    hints: Mapping[float, str] = field(default_factory=dict[float, str])
    """What else there is to say of a place on the axis."""

    def find_key(self, index: int) -> int:
        """Return the number that a curve has its colour and mark from: those that are like another have that one's."""
        like = self.curves[index].like
        own = index if like is None else like
        return sum(curve.like is None for curve in self.curves[:own])

    @property
    def named(self) -> tuple[int, ...]:
        """Return the numbers of the curves that stand in the legend."""
        return tuple(number for number, curve in enumerate(self.curves) if curve.like is None)
