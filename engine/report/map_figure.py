"""Draw the weight map of compared vectors: arrows from where they begin, and the parallelograms of analogies."""

from __future__ import annotations

import math
import string
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from markupsafe import Markup

from engine.execution.result import SimilarityRecord
from engine.report.plot import WIDTH
from engine.report.svg import BLUE, DIM, TEAL, TEXT, VIOLET, as_inline_svg, as_one_line, fit_text, measure_text, new_figure
from engine.report.wording import DASH, write_figure, write_share

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HEIGHT: Final = 320.0
_MARGIN: Final = 34.0
_FONT: Final = 11.0
_LINE_HEIGHT: Final = 14.0
_WIDEST_LABEL: Final = 120.0
_BESIDE: Final = 9.0
_LONGEST_BAR: Final = 120.0
_MOST_NAMED: Final = 6
"""More tips than these carry their number in place of their name."""

Spot = tuple[float, float]
Box = tuple[float, float, float, float]


def draw_map(record: SimilarityRecord, key: str) -> Markup:
    """Return the map as inline SVG; empty where there are no two vectors, or one of them has no place."""
    if not has_map(record):
        return Markup()
    spots = _lay_out(record)
    figure, axes = new_figure(WIDTH, HEIGHT)
    for corners in record.parallelograms:
        _draw_parallelogram(axes, [spots[corner + 1] for corner in corners])
    trainings = [path for path in record.paths if path.is_training]
    for path in trainings:
        _draw_path(axes, [spots[0], *(spots[number + 1] for number in path.vectors)])
    followed = {number for path in trainings for number in path.vectors[:-1]}
    for number, spot in enumerate(spots[1 : len(record.names) + 1]):
        if number in followed:
            continue
        axes.annotate(
            "", xy=spot, xytext=spots[0], arrowprops={"arrowstyle": "-|>", "color": TEAL, "linewidth": 1.4, "shrinkA": 0, "shrinkB": 4}
        )
    _draw_points(axes, spots[1 : len(record.names) + 1], "o", TEAL)
    _draw_points(axes, spots[len(record.names) + 1 :], "D", BLUE)
    axes.plot(*spots[0], marker="s", markersize=7, color=TEXT)
    _draw_labels(axes, spots, _list_labels(record))
    _draw_scale(axes, record)
    return as_inline_svg(figure, key, describe_map(record))


def has_map(record: SimilarityRecord) -> bool:
    """Tell whether there is anything to draw."""
    figures = [figure for row in record.places for figure in row]
    return len(record.names) > 1 and bool(figures) and all(map(math.isfinite, figures)) and any(figures)


def is_numbered_map(record: SimilarityRecord) -> bool:
    """Tell whether the tips carry numbers, because there are too many for names."""
    return len(record.names) + len(record.edited) > _MOST_NAMED


def _draw_points(axes: Axes, spots: Sequence[Spot], marker: str, colour: str) -> None:
    axes.plot([x for x, _ in spots], [y for _, y in spots], linestyle="none", marker=marker, markersize=6, color=colour)


def describe_map(record: SimilarityRecord) -> str:
    """Say in words what the map shows."""
    start = "the base" if record.relative_norms else "where they begin"
    tips = ", ".join(f"{name} {write_figure(norm)} away" for name, norm in zip(record.names, record.norms, strict=True))
    made = f" Made models: {', '.join(model.name for model in record.edited)}." if record.edited else ""
    return f"Map of {len(record.names)} vectors from {start}: {tips}.{made} The plane shows {_write_shown(record)} of their variance."


def write_map_caption(record: SimilarityRecord) -> str:
    """Return the sentences under the map."""
    start = "the base (the square)" if record.relative_norms else "one point (the square)"
    sentences = [f"The vectors, drawn from {start}, on the plane that shows {_write_shown(record)} of their variance."]
    if record.parallelograms:
        sentences.append("Dashed: what an analogy lays from A to B it lays from C on.")
    if any(path.is_training for path in record.paths):
        sentences.append("Dotted: the way of a training, step by step.")
    if record.edited:
        sentences.append(f"Diamonds: the models that were made{_explain_letters(record)}.")
    if is_numbered_map(record):
        sentences.append("Tips carry the numbers of the table’s rows.")
    return " ".join(sentences)


def _write_shown(record: SimilarityRecord) -> str:
    return write_share(record.shown_share) if math.isfinite(record.shown_share) else DASH


def _list_labels(record: SimilarityRecord) -> list[str]:
    """Return what stands beside the tips."""
    if is_numbered_map(record):
        return [*map(str, range(1, len(record.names) + 1)), *_list_letters(record)]
    names = (*record.names, *(model.name for model in record.edited))
    return [fit_text(as_one_line(name), _FONT, _WIDEST_LABEL) for name in names]


def _list_letters(record: SimilarityRecord) -> list[str]:
    """Return what stands beside the models of a numbered map, from a to z, then from a2 on."""
    signs = string.ascii_lowercase
    return [
        signs[number % len(signs)] + (str(number // len(signs) + 1) if number >= len(signs) else "") for number in range(len(record.edited))
    ]


def _explain_letters(record: SimilarityRecord) -> str:
    if not is_numbered_map(record):
        return ""
    return ": " + ", ".join(
        f"{letter} “{as_one_line(model.name)}”" for letter, model in zip(_list_letters(record), record.edited, strict=True)
    )


def _list_places(record: SimilarityRecord) -> list[tuple[float, ...]]:
    """Return where they begin, then the tips, then the models."""
    return [*record.places, *(model.place for model in record.edited)]


def _lay_out(record: SimilarityRecord) -> list[Spot]:
    """Return where the beginning and the tips lie in pixels; both axes have one scale."""
    left, right, low, high = _limits(record)
    scale = _scale_of(record)
    sides = _side_rooms(record)
    x0 = (sides[0] + WIDTH - sides[1]) / 2 - (left + right) / 2 * scale
    y0 = HEIGHT / 2 + (low + high) / 2 * scale
    return [(x0 + x * scale, y0 - y * scale) for x, y in _list_places(record)]


def _limits(record: SimilarityRecord) -> tuple[float, float, float, float]:
    places = _list_places(record)
    across, up = [x for x, _ in places], [y for _, y in places]
    return min(across), max(across), min(up), max(up)


def _side_rooms(record: SimilarityRecord) -> tuple[float, float]:
    """Return the room that names take to the left and to the right: each stands on the side away from the beginning."""
    widths = [measure_text(label, _FONT) + _BESIDE for label in _list_labels(record)]
    tips = _list_places(record)[1:]
    lefts = [width for width, (x, _) in zip(widths, tips, strict=True) if x < 0]
    rights = [width for width, (x, _) in zip(widths, tips, strict=True) if x >= 0]
    return max(lefts, default=0.0), max(rights, default=0.0)


def _scale_of(record: SimilarityRecord) -> float:
    """Return the pixels of a unit."""
    left, right, low, high = _limits(record)
    room = (WIDTH - 2 * _MARGIN - sum(_side_rooms(record)), HEIGHT - 2 * _MARGIN)
    return min(space / extent for space, extent in zip(room, (right - left, high - low), strict=True) if extent > 0)


def _draw_parallelogram(axes: Axes, corners: Sequence[Spot]) -> None:
    """Draw the steps from A to B and from C to what the analogy makes, and join them."""
    a, b, c, made = corners
    for start, end in ((a, b), (c, made)):
        axes.annotate(
            "", xy=end, xytext=start, arrowprops={"arrowstyle": "-|>", "color": VIOLET, "linewidth": 1.2, "linestyle": (0, (4, 3))}
        )
    for start, end in ((a, c), (b, made)):
        axes.plot((start[0], end[0]), (start[1], end[1]), color=DIM, linewidth=0.8, linestyle=(0, (1, 3)))


def _draw_path(axes: Axes, spots: Sequence[Spot]) -> None:
    """Draw the way of a training from where it begins."""
    axes.plot([x for x, _ in spots], [y for _, y in spots], color=VIOLET, linewidth=1.6, linestyle=(0, (1, 2)))


def _draw_labels(axes: Axes, spots: Sequence[Spot], labels: Sequence[str]) -> None:
    """Write names beside their tips, outwards, farther up or down from the beginning than what they would cover."""
    start = spots[0]
    taken: list[Box] = [(x - 5, y - 5, x + 5, y + 5) for x, y in spots]
    # Those nearest to the beginning's height first: the others give way outwards.
    for (x, y), label in sorted(zip(spots[1:], labels, strict=True), key=lambda pair: abs(pair[0][1] - start[1])):
        width = measure_text(label, _FONT)
        is_right = x >= start[0]
        left = x + _BESIDE if is_right else x - _BESIDE - width
        top, step = y - _LINE_HEIGHT / 2, 2.0 if y >= start[1] else -2.0
        while any(_overlap((left, top, left + width, top + _LINE_HEIGHT), box) for box in taken):
            top += step
        taken.append((left, top, left + width, top + _LINE_HEIGHT))
        side = "left" if is_right else "right"
        axes.text(
            x + (_BESIDE if is_right else -_BESIDE), top + 11, label, fontsize=_FONT, color=TEXT, ha=side, va="baseline", parse_math=False
        )


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _draw_scale(axes: Axes, record: SimilarityRecord) -> None:
    """Draw a bar of a round length, in the unit of the norms."""
    scale = _scale_of(record)
    length = 10.0 ** math.floor(math.log10(_LONGEST_BAR / scale))
    length = next(step * length for step in (10, 5, 2, 1) if step * length * scale <= _LONGEST_BAR)
    y = HEIGHT - 10
    axes.plot((12, 12 + length * scale), (y, y), color=DIM, linewidth=1.5)
    axes.text(12, y - 5, f"‖τ‖ = {length:g}", fontsize=10, color=DIM, ha="left", va="baseline", parse_math=False)
