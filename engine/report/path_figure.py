"""Draw compared vectors that a number orders: cosine with the last one, and length, by step or by learning rate."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from markupsafe import Markup

from engine.execution.result import PathRecord, SimilarityRecord
from engine.planning.learning_rates import place_rates, write_learning_rate
from engine.report.plot import (
    BELOW,
    DASHED,
    PLOT_HEIGHT,
    WIDTH,
    Ink,
    LegendEntry,
    choose_series_ink,
    choose_training_inks,
    draw_legend,
    finish_plot,
    legend_height,
    open_plot,
)
from engine.report.svg import CONTROL, TARGET, as_inline_svg, new_figure
from engine.report.wording import write_cosine, write_figure
from engine.step_axis import list_power_ticks, needs_powers

_COSINE: Final = Ink(TARGET, "-", "o")
_LENGTH: Final = Ink(CONTROL, "--", "s")
_ASIDE: Final = 0.06
"""How far marks over one learning rate stand from one another, in parts of the way to the next."""
_EDGE: Final = 0.25
"""The room before the first and after the last learning rate."""
Curve = tuple[Ink, Sequence[float], Sequence[float]]
"""How it is drawn, its places and its figures."""


def draw_path(record: SimilarityRecord, path: PathRecord, key: str) -> Markup:
    """Return the curves as inline SVG; empty where the last vector has no length."""
    cosines, shares = follow_path(record, path)
    if not math.isfinite(shares[-1]):
        return Markup()
    words = (key, describe_path(record, path))
    if path.is_training:
        legend = (LegendEntry("cosine with the last", _COSINE), LegendEntry("length ÷ the last one’s", _LENGTH))
        return _draw(((_COSINE, path.steps, cosines), (_LENGTH, path.steps, shares)), legend, _Axis(path.quantity), words)
    rates, places = place_rates(path.steps)
    axis = _Axis(path.quantity, names=tuple(map(write_learning_rate, rates)))
    if len(rates) < len(places):
        return _draw(*_mark_each(record, path, places), axis, words)
    last = f"cosine with that at {write_learning_rate(path.steps[-1])}"
    legend = (LegendEntry(last, _COSINE), LegendEntry("length ÷ its length", _LENGTH))
    return _draw(((_COSINE, places, cosines), (_LENGTH, places, shares)), legend, axis, words)


def _mark_each(record: SimilarityRecord, path: PathRecord, places: Sequence[int]) -> tuple[list[Curve], list[LegendEntry]]:
    """Return trainings of which some have one learning rate, so that no line leads from one to the next: each has marks of its own."""
    cosines, shares = follow_path(record, path)
    curves: list[Curve] = []
    legend: list[LegendEntry] = []
    for number, place in enumerate(places):
        ink = choose_series_ink("target", number, is_joined=False)
        # What lies over one number stands side by side: equal figures would hide one another.
        beside = place + _ASIDE * (places[:number].count(place) - (places.count(place) - 1) / 2)
        curves += [(ink, (beside,), cosines[number : number + 1]), (replace(ink, is_hollow=True), (beside,), shares[number : number + 1])]
        legend.append(LegendEntry(record.names[path.vectors[number]], ink))
    return curves, legend


def draw_trainings(record: SimilarityRecord, key: str) -> Markup:
    """Return the curves of all trainings in one plot as inline SVG; empty where there are no two, or one of them goes nowhere."""
    trainings = record.trainings
    ways = [follow_path(record, path) for path in trainings]
    longest = max((record.norms[path.vectors[-1]] for path in trainings), default=math.nan)
    if len(trainings) < 2 or not all(math.isfinite(shares[-1]) for _, shares in ways):  # noqa: PLR2004  (one is drawn alone)
        return Markup()
    curves: list[Curve] = []
    inks = choose_training_inks(len(trainings))
    for ink, path, (cosines, _) in zip(inks, trainings, ways, strict=True):
        lengths = [record.norms[number] / longest for number in path.vectors]
        curves += [(ink, path.steps, cosines), (replace(ink, dash=DASHED, is_hollow=True), path.steps, lengths)]
    legend = [LegendEntry(path.name, ink) for path, ink in zip(trainings, inks, strict=True)]
    axis = _Axis("step", has_powers=needs_powers([path.steps for path in trainings]))
    return _draw(curves, legend, axis, (key, describe_trainings(record)))


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
    figures = [f"{write_cosine(cosine)} and {write_figure(share)}" for cosine, share in zip(cosines, shares, strict=True)]
    if path.is_training:
        told = "; ".join(f"step {step:g}: {figure}" for step, figure in zip(path.steps, figures, strict=True))
        return f"“{path.name}” on its way: cosine with the last vector, and length over the last one’s ({told})."
    names = [record.names[number] for number in path.vectors]
    told = "; ".join(
        f"“{name}” at {write_learning_rate(rate)}: {figure}" for name, rate, figure in zip(names, path.steps, figures, strict=True)
    )
    marks = " Filled marks are cosines, hollow ones lengths." if len(set(path.steps)) < len(path.steps) else ""
    return f"By learning rate, as the labels tell it: cosine with “{names[-1]}”, and length over its length ({told}).{marks}"


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


@dataclass(frozen=True)
class _Axis:
    """Say what curves are drawn along."""

    quantity: str
    names: tuple[str, ...] = ()
    """What the places 0, 1, 2 … are called; else they are numbers. Learning rates lie too far apart for those."""
    has_powers: bool = False

    def list_ticks(self, curves: Sequence[Curve]) -> Sequence[float]:
        """Return where ticks are; () for any round places."""
        if not self.has_powers:
            return range(len(self.names))
        steps = [step for _, places, _ in curves for step in places]
        return list_power_ticks(min(steps), max(steps))


def _draw(curves: Sequence[Curve], legend: Sequence[LegendEntry], axis: _Axis, words: tuple[str, str]) -> Markup:
    """Return curves under their legend; `words` are key and description."""
    top = legend_height(len(legend))
    figure, canvas = new_figure(WIDTH, top + PLOT_HEIGHT + BELOW)
    axes = open_plot(canvas, top)
    if axis.has_powers:
        axes.set_xscale("log")
        axes.minorticks_off()
    for ink, places, figures in curves:
        # In a hollow mark there is room for a mark of the same thing.
        face, size = ("none", 7) if ink.is_hollow else (ink.colour, 4)
        axes.plot(
            places, figures, color=ink.colour, linewidth=1.8, marker=ink.marker, markersize=size, markerfacecolor=face, linestyle=ink.dash
        )
    if axis.names:
        axes.set_xlim(-_EDGE, len(axis.names) - 1 + _EDGE)
    finish_plot(canvas, axes, top, axis.quantity, axis.list_ticks(curves))
    if axis.names:
        axes.set_xticks(range(len(axis.names)), labels=axis.names)
    draw_legend(canvas, legend, 0)
    return as_inline_svg(figure, *words)
