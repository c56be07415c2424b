"""Draw a matrix of figures as a heat map: cosines, sign conflicts, norms per layer."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from markupsafe import Markup

from engine.execution.result import Matrix
from engine.report.svg import (
    BROWN,
    LINE,
    ON_MIDDLING,
    ON_STRONG,
    ON_WEAK,
    TEAL,
    TEXT,
    VIOLET,
    as_inline_svg,
    as_one_line,
    fit_names,
    measure_text,
    new_figure,
)
from engine.report.wording import DASH, write_cosine, write_figure, write_share

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FONT: Final = 11.0
_GAP: Final = 3.0
_CELL_HEIGHT: Final = 40.0
_LOW_CELL_HEIGHT: Final = 26.0
_TALLEST_WIDE_CELLS: Final = 8  # more rows than that get lower cells
_NARROWEST_CELL: Final = 44.0
_WIDEST_CELL: Final = 84.0
_FULL_WIDTH: Final = 960.0
_WIDEST_ROW_NAME: Final = 260.0
_DOTS_INSET: Final = 2.0
_SCALE_HEIGHT: Final = 30.0
_SCALE_BAR: Final = 10.0
_SCALE_WIDTH: Final = 160.0
_SCALE_STEPS: Final = 20
FAINTEST: Final = 0.06  # the opacity of a cell that holds 0
INKS: Final = {TEAL: (0.62, 0.89), BROWN: (0.73, 0.84), VIOLET: (0.67, 0.83)}
"""From which strengths on a cell's figure is written in another ink: where the dark page's cells are bright enough for black, and where the
light page's are dark enough for white."""


@dataclass(frozen=True)
class MatrixStyle:
    """Say how values become text and how strong a cell is coloured."""

    write: Callable[[float], str]
    colour: str
    strongest: float
    """The magnitude that takes the full colour."""
    weakest: float = 0.0
    """The magnitude that takes the faintest."""
    has_scale: bool = False
    """Whether a bar under the cells tells what the colours mean."""

    def weigh(self, value: float) -> float:
        """Return how strong the colour of a value is, from 0 to 1."""
        room = self.strongest - self.weakest
        return min(1.0, max(0.0, (abs(value) - self.weakest) / room)) if room > 0 else float(value != 0)


COSINES: Final = MatrixStyle(write_cosine, TEAL, 1.0)
CONFLICTS: Final = MatrixStyle(write_share, VIOLET, 1.0)


def norms_up_to(largest: float) -> MatrixStyle:
    """Return the style of a matrix of norms whose largest is given."""
    return MatrixStyle(write_figure, TEAL, largest or 1.0)


@dataclass(frozen=True)
class MatrixLayout:
    """Hold where the cells lie, in pixels."""

    left: float
    top: float
    cell_width: float
    cell_height: float
    row_names: tuple[str, ...]
    column_names: tuple[str, ...]

    @property
    def width(self) -> float:
        """Return the width of the figure."""
        return self.left + len(self.column_names) * self.cell_width

    @property
    def height(self) -> float:
        """Return the height of the figure."""
        return self.top + len(self.row_names) * self.cell_height


def lay_out_matrix(rows: tuple[str, ...], columns: tuple[str, ...], narrowest: float = _NARROWEST_CELL) -> MatrixLayout:
    """Place rows and columns so that no name is cut or overlaps: columns whose names don't fit become numbers.

    The rows then carry the number before the name, where rows and columns are the same things.
    """
    room = min(_WIDEST_CELL, max(narrowest, _FULL_WIDTH * 0.8 / max(len(columns), 1)))
    fits = all(measure_text(as_one_line(name), FONT) <= room - 2 for name in columns)
    heads = tuple(as_one_line(name) for name in columns) if fits else tuple(str(number) for number in range(1, len(columns) + 1))
    numbers = ("",) * len(rows) if fits or rows != columns else tuple(f"{number} " for number in range(1, len(rows) + 1))
    number_room = max((measure_text(number, FONT) for number in numbers), default=0)
    fitted = fit_names(rows, FONT, _WIDEST_ROW_NAME - number_room)
    names = tuple(number + name for number, name in zip(numbers, fitted, strict=True))
    left = max((measure_text(name, FONT) for name in names), default=0) + 10
    cell_width = min(room, max(narrowest, (_FULL_WIDTH - left) / max(len(columns), 1)))
    cell_height = _CELL_HEIGHT if len(rows) <= _TALLEST_WIDE_CELLS else _LOW_CELL_HEIGHT
    return MatrixLayout(left, 22.0, cell_width, cell_height, names, heads)


def has_numbered_columns(rows: tuple[str, ...], columns: tuple[str, ...]) -> bool:
    """Tell whether the columns stand under numbers because their names are too long."""
    return lay_out_matrix(rows, columns).column_names != tuple(as_one_line(name) for name in columns)


def draw_matrix(
    values: Matrix, layout: MatrixLayout, style: MatrixStyle, key: str, description: str, dotted: Collection[tuple[int, int]] = ()
) -> Markup:
    """Return the heat map as inline SVG; NaN is a dash in an empty cell, and the cells at the places (row, column) to dot are."""
    figure, axes = new_figure(layout.width, layout.height + (_SCALE_HEIGHT if style.has_scale else 0))
    for number, name in enumerate(layout.column_names):
        middle = layout.left + (number + 0.5) * layout.cell_width
        axes.text(middle, layout.top - 6, name, fontsize=FONT, color=TEXT, ha="center", va="baseline", parse_math=False)
    for row, name in enumerate(layout.row_names):
        middle = layout.top + (row + 0.5) * layout.cell_height
        axes.text(layout.left - 8, middle + 4, name, fontsize=FONT, color=TEXT, ha="right", va="baseline", parse_math=False)
        for column, value in enumerate(values[row]):
            _draw_cell(axes, layout, style, (row, column), value)
            if (row, column) in dotted:
                _draw_dots(axes, layout, (row, column), choose_ink(_choose_colour(style, value), style.weigh(value)))
    if style.has_scale:
        _draw_scale(axes, layout, style)
    return as_inline_svg(figure, key, description)


def _draw_cell(axes: Axes, layout: MatrixLayout, style: MatrixStyle, place: tuple[int, int], value: float) -> None:
    """Draw one cell and its figure."""
    from matplotlib.patches import FancyBboxPatch  # noqa: PLC0415  (see new_figure)

    x = layout.left + place[1] * layout.cell_width + _GAP / 2
    y = layout.top + place[0] * layout.cell_height + _GAP / 2
    is_known = math.isfinite(value)
    strength = style.weigh(value) if is_known else 0.0
    box = FancyBboxPatch((x, y), layout.cell_width - _GAP, layout.cell_height - _GAP, boxstyle="round,pad=0,rounding_size=4")
    box.set(facecolor=_choose_colour(style, value) if is_known else "none", edgecolor=LINE, linewidth=0 if is_known else 1)
    box.set_alpha(FAINTEST + (1 - FAINTEST) * strength if is_known else None)
    axes.add_patch(box)
    middle = (x + (layout.cell_width - _GAP) / 2, y + (layout.cell_height - _GAP) / 2 + 4)
    colour = choose_ink(_choose_colour(style, value), strength)
    text = style.write(value) if is_known else DASH
    axes.text(*middle, text, fontsize=10, color=colour, ha="center", va="baseline", family="monospace", parse_math=False)


def _draw_dots(axes: Axes, layout: MatrixLayout, place: tuple[int, int], ink: str) -> None:
    """Draw a dotted line within the edge of a cell: what could be chance is told by more than colour."""
    from matplotlib.patches import FancyBboxPatch  # noqa: PLC0415  (see new_figure)

    inset = _GAP / 2 + _DOTS_INSET
    x, y = layout.left + place[1] * layout.cell_width + inset, layout.top + place[0] * layout.cell_height + inset
    line = FancyBboxPatch((x, y), layout.cell_width - 2 * inset, layout.cell_height - 2 * inset, boxstyle="round,pad=0,rounding_size=3")
    line.set(facecolor="none", edgecolor=ink, linewidth=1.2, linestyle=(0, (0.1, 2.2)), capstyle="round")
    axes.add_patch(line)


def _draw_scale(axes: Axes, layout: MatrixLayout, style: MatrixStyle) -> None:
    """Draw the colours from the weakest to the strongest with their figures, under the cells."""
    from matplotlib.patches import Rectangle  # noqa: PLC0415  (see new_figure)

    top = layout.height + _SCALE_HEIGHT - _SCALE_BAR - 2
    low, high = style.write(style.weakest), style.write(style.strongest)
    left = layout.left + measure_text(low, FONT) + _GAP
    step = _SCALE_WIDTH / _SCALE_STEPS
    for number in range(_SCALE_STEPS):
        alpha = FAINTEST + (1 - FAINTEST) * number / (_SCALE_STEPS - 1)
        axes.add_patch(
            Rectangle((left + number * step, top), step, _SCALE_BAR, facecolor=style.colour, alpha=alpha, linewidth=0, antialiased=False)
        )
    for x, text, side in ((left - _GAP, low, "right"), (left + _SCALE_WIDTH + _GAP, high, "left")):
        axes.text(x, top + _SCALE_BAR - 1, text, fontsize=FONT, color=TEXT, ha=side, va="baseline", parse_math=False)


def _choose_colour(style: MatrixStyle, value: float) -> str:
    """Return the colour of a value: what is below zero is brown as well as marked by its sign."""
    return BROWN if value < 0 else style.colour


def choose_ink(colour: str, strength: float) -> str:
    """Return the ink that can be read on a cell of this colour and strength (0 to 1), on the light page and on the dark one."""
    middling, strong = INKS[colour]
    return ON_STRONG if strength >= strong else ON_MIDDLING if strength >= middling else ON_WEAK
