"""Draw compared vectors that a number orders: cosine with the last one, and length, by step or by learning rate."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from markupsafe import Markup

from engine.execution.result import PathRecord, SimilarityRecord
from engine.planning.learning_rates import write_learning_rate
from engine.report.plot import (
    BELOW,
    DASHED,
    PLOT_HEIGHT,
    WIDTH,
    Ink,
    LegendEntry,
    choose_series_ink,
    draw_legend,
    finish_plot,
    legend_height,
    open_plot,
)
from engine.report.svg import CONTROL, TARGET, as_inline_svg, new_figure
from engine.report.wording import write_cosine, write_figure

_COSINE: Final = Ink(TARGET, "-", "o")
_LENGTH: Final = Ink(CONTROL, "--", "s")
Curve = tuple[Ink, Sequence[float], Sequence[float]]
"""How it is drawn, its places and its figures."""


def draw_path(record: SimilarityRecord, path: PathRecord, key: str) -> Markup:
    """Return the curves as inline SVG; empty where the last vector has no length."""
    cosines, shares = follow_path(record, path)
    if not math.isfinite(shares[-1]):
        return Markup()
    # Learning rates lie too far apart for a plain axis: each has a place, under its number.
    names = () if path.is_training else tuple(_write_number(path, rate) for rate in path.steps)
    places = range(len(names)) if names else path.steps
    last, whole = "the last", "the last one’s"
    if not path.is_training:
        last, whole = f"that at {_write_number(path, path.steps[-1])}", "its length"
    legend = (LegendEntry(f"cosine with {last}", _COSINE), LegendEntry(f"length ÷ {whole}", _LENGTH))
    curves = ((_COSINE, places, cosines), (_LENGTH, places, shares))
    return _draw(curves, legend, (path.quantity, names), (key, describe_path(record, path)))


def draw_trainings(record: SimilarityRecord, key: str) -> Markup:
    """Return the curves of all trainings in one plot as inline SVG; empty where there are no two, or one of them goes nowhere."""
    trainings = record.trainings
    ways = [follow_path(record, path) for path in trainings]
    longest = max((record.norms[path.vectors[-1]] for path in trainings), default=math.nan)
    if len(trainings) < 2 or not all(math.isfinite(shares[-1]) for _, shares in ways):  # noqa: PLR2004  (one is drawn alone)
        return Markup()
    curves: list[Curve] = []
    inks = [choose_series_ink("target", number) for number in range(len(trainings))]
    for ink, path, (cosines, _) in zip(inks, trainings, ways, strict=True):
        lengths = [record.norms[number] / longest for number in path.vectors]
        curves += [(ink, path.steps, cosines), (replace(ink, dash=DASHED, is_hollow=True), path.steps, lengths)]
    legend = [LegendEntry(path.name, ink) for path, ink in zip(trainings, inks, strict=True)]
    return _draw(curves, legend, ("step", ()), (key, describe_trainings(record)))


def follow_path(record: SimilarityRecord, path: PathRecord) -> tuple[list[float], list[float]]:
    """Return, one by one, the cosine with the last vector and the length as a share of the last one's."""
    last = path.vectors[-1]
    whole = record.norms[last]
    return [record.cosine[number][last] for number in path.vectors], [
        record.norms[number] / whole if whole else math.nan for number in path.vectors
    ]


def describe_path(record: SimilarityRecord, path: PathRecord) -> str:
    """Say in words what the curves show."""
    cosines, shares = follow_path(record, path)
    told = "; ".join(
        f"{path.quantity} {_write_number(path, step)}: {write_cosine(cosine)} and {write_figure(share)}"
        for step, cosine, share in zip(path.steps, cosines, shares, strict=True)
    )
    if path.is_training:
        return f"“{path.name}” on its way: cosine with the last vector, and length over the last one’s ({told})."
    last = record.names[path.vectors[-1]]
    return f"By learning rate, as the labels tell it: cosine with “{last}”, and length over its length ({told})."


def describe_trainings(record: SimilarityRecord) -> str:
    """Say in words what the plot of all trainings shows, and how alike they end."""
    ends = [(path.name, path.vectors[-1]) for path in record.trainings]
    longest, norm = max(((name, record.norms[end]) for name, end in ends), key=lambda end: end[1], default=("", math.nan))
    pairs = "; ".join(
        f"“{name}” and “{other}” {write_cosine(record.cosine[end][other_end])}"
        for number, (name, end) in enumerate(ends)
        for other, other_end in ends[number + 1 :]
    )
    return (
        "Whole lines: the cosine with the last vector of the same training. Dashed, with hollow marks: the length over the longest, "
        f"{write_figure(norm)} at the end of “{longest}”. Cosines between the last vectors: {pairs}."
    )


def _write_number(path: PathRecord, number: float) -> str:
    return f"{number:g}" if path.is_training else write_learning_rate(number)


def _draw(curves: Sequence[Curve], legend: Sequence[LegendEntry], axis: tuple[str, tuple[str, ...]], words: tuple[str, str]) -> Markup:
    """Return curves under their legend; `axis` is what they are drawn along with the names of its places, `words` key and description."""
    top = legend_height(len(legend))
    figure, canvas = new_figure(WIDTH, top + PLOT_HEIGHT + BELOW)
    axes = open_plot(canvas, top)
    for ink, places, figures in curves:
        face = "none" if ink.is_hollow else ink.colour
        axes.plot(
            places, figures, color=ink.colour, linewidth=1.8, marker=ink.marker, markersize=4, markerfacecolor=face, linestyle=ink.dash
        )
    along, names = axis
    finish_plot(canvas, axes, top, along, range(len(names)))
    if names:
        axes.set_xticks(range(len(names)), labels=names)
    draw_legend(canvas, legend, 0)
    return as_inline_svg(figure, *words)
