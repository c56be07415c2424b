"""Draw the weight map of compared vectors: arrows from where they begin, and the parallelograms of analogies."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from markupsafe import Markup

from engine.execution.result import AnalogyRecord, SimilarityRecord
from engine.map_labels import Label, Spot
from engine.report.map_layout import (
    AIR,
    FONT,
    HEIGHT,
    is_numbered_map,
    lay_out,
    list_arrow_tips,
    list_letters,
    name_marks,
    place_names,
    scale_of,
)
from engine.report.plot import WIDTH, Ink, choose_training_inks
from engine.report.svg import BLUE, DIM, LIMIT, TEAL, TEXT, VIOLET, as_inline_svg, as_one_line, new_figure
from engine.report.wording import DASH, write_cosine, write_count, write_figure, write_share

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LONGEST_BAR: Final = 120.0
_VECTOR: Final = Ink(TEAL, marker="o")
_MODEL: Final = Ink(BLUE, marker="D")
_BASELINE: Final = 11.0
"""Of a name, below the top of its line."""
_ABOVE: Final = 5
"""Marks lie over all lines and arrows."""


def draw_map(record: SimilarityRecord, key: str) -> Markup:
    """Return the map as inline SVG; empty where there are no two vectors, or one of them has no place."""
    if not has_map(record):
        return Markup()
    spots = lay_out(record)
    figure, axes = new_figure(WIDTH, HEIGHT)
    for corners in record.parallelograms:
        _draw_parallelogram(axes, [spots[corner + 1] for corner in corners])
    for found in record.analogies:
        _draw_red_line(axes, spots[found.made + 1], spots[found.true + 1])
    inks = _choose_inks(record)
    for path, ink in zip(record.trainings, inks, strict=True):
        _draw_path(axes, [spots[0], *(spots[number + 1] for number in path.vectors)], ink)
    for spot in list_arrow_tips(record, spots):
        axes.annotate(
            "", xy=spot, xytext=spots[0], arrowprops={"arrowstyle": "-|>", "color": TEAL, "linewidth": 1.4, "shrinkA": 0, "shrinkB": 4}
        )
    axes.plot(*spots[0], marker="s", markersize=8, color=TEXT, zorder=_ABOVE)
    marked = {number for path in record.trainings for number in path.vectors}
    _draw_points(axes, [spots[number + 1] for number in range(len(record.names)) if number not in marked], _VECTOR)
    for path, ink in zip(record.trainings, inks, strict=True):
        _draw_points(axes, [spots[number + 1] for number in path.vectors], ink if len(inks) > 1 else _VECTOR)
    _draw_points(axes, spots[len(record.names) + 1 :], _MODEL)
    _draw_labels(axes, record, spots)
    _draw_scale(axes, record)
    return as_inline_svg(figure, key, describe_map(record))


def _choose_inks(record: SimilarityRecord) -> tuple[Ink, ...]:
    """Return how the way of each training is drawn: where there are several as in the plot of all of them."""
    count = len(record.trainings)
    return choose_training_inks(count) if count > 1 else (Ink(VIOLET),) * count


def has_map(record: SimilarityRecord) -> bool:
    """Tell whether there is anything to draw."""
    figures = [figure for row in record.places for figure in row]
    return len(record.names) > 1 and bool(figures) and all(map(math.isfinite, figures)) and any(figures)


def _draw_points(axes: Axes, spots: Sequence[Spot], ink: Ink) -> None:
    across, up = [x for x, _ in spots], [y for _, y in spots]
    axes.plot(across, up, linestyle="none", marker=ink.marker, markersize=6, color=ink.colour, zorder=_ABOVE)


def describe_map(record: SimilarityRecord) -> str:
    """Say in words what the map shows."""
    start = "the base" if record.relative_norms else "where they begin"
    tips = ", ".join(f"{name} {write_figure(norm)} away" for name, norm in zip(record.names, record.norms, strict=True))
    made = f" Made models: {', '.join(model.name for model in record.edited)}." if record.edited else ""
    missed = "".join(f" What {_describe_analogy(record, found)}." for found in record.analogies)
    return f"Map of {len(record.names)} vectors from {start}: {tips}.{made}{missed} The plane shows {_tell_shown(record)}."


def write_map_caption(record: SimilarityRecord) -> str:
    """Return the sentences under the map."""
    start = "the base (the square)" if record.relative_norms else "one point (the square)"
    sentences = [f"The vectors, drawn from {start}, on the plane that shows {_tell_shown(record)}."]
    if record.parallelograms:
        sentences.append("Dashed: what an analogy lays from A to B it lays from C on.")
    if record.analogies:
        sentences.append(_explain_red_lines(record))
    if record.trainings:
        several = "the ways of the trainings, step by step, each with the colour and the marks that it has in the plot of all of them"
        sentences.append(f"Dotted: {several if len(record.trainings) > 1 else 'the way of a training, step by step'}.")
    if record.edited:
        sentences.append(f"Diamonds: the models that were made{_explain_letters(record)}.")
    if is_numbered_map(record):
        sentences.append(f"Tips carry the numbers of the table’s rows{_count_crowded(record)}.")
    return " ".join(sentences)


def _explain_red_lines(record: SimilarityRecord) -> str:
    told = [_describe_analogy(record, found) for found in record.analogies]
    return f"Red: what {told[0]}." if len(told) == 1 else "Red: what each analogy (D̂) misses of its true vector (D)."


def _describe_analogy(record: SimilarityRecord, found: AnalogyRecord) -> str:
    named = f"“{record.names[found.made]}” (D̂) misses of “{record.names[found.true]}” (D)"
    return f"{named}: residual ‖D̂ − D‖ / ‖D‖ = {write_figure(found.residual)}, cos(D̂, D) = {write_cosine(found.cosine)}"


def _explain_letters(record: SimilarityRecord) -> str:
    if not is_numbered_map(record):
        return ""
    return ": " + ", ".join(
        f"{letter} “{as_one_line(model.name)}”" for letter, model in zip(list_letters(record), record.edited, strict=True)
    )


def _count_crowded(record: SimilarityRecord) -> str:
    """Tell how many tips have no number, and how many models no letter, as there is no room for it."""
    if not has_map(record):
        return ""
    missing = name_marks(record).keys() - {0} - {int(label.key) for label in place_names(record)}
    models = sum(number > len(record.names) for number in missing)
    told = (
        f"; {write_count(count, f'{what} is', f'{what}s are')} too crowded for a {sign}"
        for count, what, sign in ((len(missing) - models, "tip", "number"), (models, "diamond", "letter"))
        if count
    )
    return "".join(told)


def _tell_shown(record: SimilarityRecord) -> str:
    """Return how much of the variance of what the plane shows."""
    shown = write_share(record.shown_share) if math.isfinite(record.shown_share) else DASH
    marks = "the square, the tips and the diamonds" if record.edited else "the square and the tips"
    is_same = record.shown_models < 1 + len(record.names) + len(record.edited)
    models = write_count(record.shown_models, "model" if record.relative_norms else "point")
    return f"{shown} of the variance of {models}: {marks}{', those at one place once' if is_same else ''}"


def _draw_parallelogram(axes: Axes, corners: Sequence[Spot]) -> None:
    """Draw the steps from A to B and from C to what the analogy makes, and join them."""
    a, b, c, made = corners
    for start, end in ((a, b), (c, made)):
        axes.annotate(
            "", xy=end, xytext=start, arrowprops={"arrowstyle": "-|>", "color": VIOLET, "linewidth": 1.2, "linestyle": (0, (4, 3))}
        )
    for start, end in ((a, c), (b, made)):
        axes.plot((start[0], end[0]), (start[1], end[1]), color=DIM, linewidth=0.8, linestyle=(0, (1, 3)))


def _draw_path(axes: Axes, spots: Sequence[Spot], ink: Ink) -> None:
    """Draw the way of a training from where it begins."""
    axes.plot([x for x, _ in spots], [y for _, y in spots], color=ink.colour, linewidth=1.6, linestyle=(0, (1, 2)))


def _draw_red_line(axes: Axes, made: Spot, true: Spot) -> None:
    """Draw what an analogy misses of the true vector."""
    axes.plot((made[0], true[0]), (made[1], true[1]), color=LIMIT, linewidth=1.8, solid_capstyle="butt")


def _draw_labels(axes: Axes, record: SimilarityRecord, spots: Sequence[Spot]) -> None:
    """Write names beside their marks; a thin line leads to those that have no room there."""
    names = name_marks(record)
    for label in place_names(record):
        number = int(label.key)
        _draw_label(axes, label, names[number], spots[number][0], DIM if number == 0 else TEXT)


def _draw_label(axes: Axes, label: Label, name: str, middle: float, colour: str) -> None:
    """Write a name at the side of its box that is nearest to its mark, as letters may be narrower than measured."""
    if label.leader is not None:
        x0, y0, x1, y1 = label.leader
        axes.plot((x0, x1), (y0, y1), color=DIM, linewidth=0.7)
    left, top, right, _ = label.box
    x, side = (left + AIR, "left") if left >= middle else (right - AIR, "right") if right <= middle else ((left + right) / 2, "center")
    axes.text(x, top + _BASELINE, name, fontsize=FONT, color=colour, ha=side, va="baseline", parse_math=False)


def _draw_scale(axes: Axes, record: SimilarityRecord) -> None:
    """Draw a bar of a round length, in the unit of the norms."""
    scale = scale_of(record)
    length = 10.0 ** math.floor(math.log10(_LONGEST_BAR / scale))
    length = next(step * length for step in (10, 5, 2, 1) if step * length * scale <= _LONGEST_BAR)
    y = HEIGHT - 10
    axes.plot((12, 12 + length * scale), (y, y), color=DIM, linewidth=1.5)
    axes.text(12, y - 5, f"‖τ‖ = {length:g}", fontsize=10, color=DIM, ha="left", va="baseline", parse_math=False)
