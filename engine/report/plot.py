"""What all plots of a report share: their width, their grid, their legend, and ticks with the digits they need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from engine.report.svg import BLUE, BROWN, CONTROL, DIM, LINE, PINK, TARGET, VIOLET, fit_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH: Final = 480.0
LEFT: Final = 52.0
RIGHT: Final = 12.0
PLOT_HEIGHT: Final = 200.0
LEGEND_LINE: Final = 18.0
BELOW: Final = 46.0
"""The room for the ticks of a plot and for what it is drawn along."""
DOTTED: Final = (0, (2, 3))
DASHED: Final = (0, (4, 3))
_COLOURS: Final = {"target": (TARGET, BLUE, VIOLET), "control": (CONTROL, PINK, BROWN)}
_DASHES: Final = ("-", "--", ":", "-.")
_MARKERS: Final = ("o", "s", "^", "D", "v", "P", "X", "*")
_MOST_DECIMALS: Final = 8
Dash = str | tuple[int, tuple[int, int]]


@dataclass(frozen=True)
class Ink:
    """Say how a series is drawn: by more than its colour, for those who can't tell colours apart."""

    colour: str
    dash: Dash = "none"
    marker: str = "none"
    is_hollow: bool = False


@dataclass(frozen=True)
class LegendEntry:
    """Hold one line of a legend."""

    text: str
    ink: Ink


def choose_series_ink(role: str, number: int, *, is_joined: bool = True) -> Ink:
    """Return the ink of the series of a role that has this number from 0; series that are not joined have no line."""
    colours = _COLOURS[role]
    first_marker = 0 if role == "target" else 1
    dash = _DASHES[number // len(colours) % len(_DASHES)] if is_joined else "none"
    return Ink(colours[number % len(colours)], dash, _MARKERS[(2 * number + first_marker) % len(_MARKERS)])


def choose_training_inks(count: int) -> tuple[Ink, ...]:
    """Return the inks of so many trainings: the same wherever they are drawn."""
    return tuple(choose_series_ink("target", number) for number in range(count))


def legend_height(lines: int) -> float:
    """Return the height of a legend above its plot."""
    return LEGEND_LINE * lines + 10


def open_plot(canvas: Axes, top: float, width: float = WIDTH) -> Axes:
    """Return axes for a plot whose upper edge lies at `top`, in the units of the canvas, with the page's grid."""
    height = canvas.get_ylim()[0]
    area = (LEFT / width, 1 - (top + PLOT_HEIGHT) / height, (width - LEFT - RIGHT) / width, PLOT_HEIGHT / height)
    axes = canvas.figure.add_axes(area)
    axes.patch.set_visible(False)
    axes.grid(axis="y", color=LINE, linewidth=0.8)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set_visible(side in {"left", "bottom"})
        spine.set_color(LINE)
    axes.tick_params(colors=DIM, labelsize=10, length=0, pad=5)
    return axes


def finish_plot(canvas: Axes, axes: Axes, top: float, along: str, places: Sequence[float] = ()) -> None:
    """Write the ticks of a plot whose series are drawn, and what they are drawn along.

    Args:
        canvas: what the plot lies on.
        axes: the plot.
        top: its upper edge.
        along: what its lower axis means.
        places: the places of the lower axis's ticks, where not any round ones will do.
    """
    axes.locator_params(axis="y", nbins=5)
    if not places:
        axes.locator_params(axis="x", nbins=6)
    for axis, fixed in ((axes.xaxis, places), (axes.yaxis, ())):
        low, high = sorted(axis.get_view_interval())
        ticks = [float(tick) for tick in (fixed or axis.get_majorticklocs()) if low <= tick <= high]
        axis.set_ticks(ticks, labels=write_ticks(ticks))
    middle = LEFT + (WIDTH - LEFT - RIGHT) / 2
    canvas.text(middle, top + PLOT_HEIGHT + 36, along, fontsize=11, color=DIM, ha="center", va="baseline")


def write_ticks(ticks: Sequence[float]) -> list[str]:
    """Write ticks with the same decimals, as few as tell each exactly, and thousands apart."""
    span = max(map(abs, ticks), default=0.0) or 1.0
    decimals = next(
        (digits for digits in range(_MOST_DECIMALS) if all(abs(round(tick, digits) - tick) <= 1e-9 * span for tick in ticks)),
        _MOST_DECIMALS,
    )
    return [f"{tick + 0.0:,.{decimals}f}".replace("-", "−") for tick in ticks]


def draw_legend(canvas: Axes, entries: Sequence[LegendEntry], top: float) -> None:
    """Draw a legend from `top` downwards, each line shortened in the middle where it is longer than the figure is wide."""
    for number, entry in enumerate(entries):
        line, ink = top + 12 + number * LEGEND_LINE, entry.ink
        canvas.plot(
            (LEFT, LEFT + 24), (line - 4, line - 4), color=ink.colour, linewidth=1.8 if ink.marker != "none" else 1, linestyle=ink.dash
        )
        face = "none" if ink.is_hollow else ink.colour
        canvas.plot(LEFT + 12, line - 4, color=ink.colour, marker=ink.marker, markersize=4, markerfacecolor=face)
        text = fit_text(entry.text, 11, WIDTH - LEFT - 34)
        canvas.text(LEFT + 32, line, text, fontsize=11, color=ink.colour, ha="left", va="baseline", parse_math=False)
