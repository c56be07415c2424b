"""Draw what sets of strengths gave, one for each vector: a mark for each try in its order, as no line leads from one set to the next."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

from markupsafe import Markup

from engine.execution.result import SearchPoint, SearchRecord
from engine.report.plot import BELOW, DASHED, PLOT_HEIGHT, WIDTH, Ink, LegendEntry, draw_legend, finish_plot, legend_height, open_plot
from engine.report.subset_figure import is_higher_better
from engine.report.svg import DIM, TARGET, TEXT, as_inline_svg, new_figure
from engine.report.wording import write_figure, write_words

_RANKED = "best_target"
"""The rule that takes the best score, so that there is a best so far."""


@dataclass(frozen=True)
class Try:
    """Hold one set of strengths as it is drawn."""

    number: int
    score: float
    qualifies: bool
    """The base never does."""
    is_chosen: bool


def draw_tries(search: SearchRecord, key: str) -> Markup:
    """Return the score of each set as inline SVG, with the best so far as a stair; empty where no score is known."""
    tries = list_tries(search)
    if not tries:
        return Markup()
    entries = _list_entries(search, tries)
    top = legend_height(len(entries))
    figure, canvas = new_figure(WIDTH, top + PLOT_HEIGHT + BELOW)
    axes = open_plot(canvas, top)
    stair = follow_best(search, tries)
    if stair:
        axes.step([number for number, _ in stair], [score for _, score in stair], where="post", color=TARGET, linewidth=1.8)
    for qualifies, face in ((True, TARGET), (False, "none")):
        shown = [found for found in tries if found.qualifies == qualifies]
        places, scores = [found.number for found in shown], [found.score for found in shown]
        axes.plot(places, scores, linestyle="none", marker="o", markersize=4, color=TARGET if qualifies else DIM, markerfacecolor=face)
    for found in tries:
        if found.is_chosen:
            axes.axvline(found.number, color=TEXT, linewidth=1, linestyle=DASHED)
    finish_plot(canvas, axes, top, "sets of strengths λ, in the order tried")
    draw_legend(canvas, entries, 0)
    return as_inline_svg(figure, key, describe_tries(search))


def list_tries(search: SearchRecord) -> tuple[Try, ...]:
    """Return the sets whose score is known, in the order tried, the base among them."""
    return tuple(
        Try(number, point.score, point.qualifies, point.strengths == search.chosen_strengths)
        for number, point in enumerate(search.points)
        if math.isfinite(point.score)
    )


def follow_best(search: SearchRecord, tries: tuple[Try, ...]) -> tuple[tuple[int, float], ...]:
    """Return the best score so far at each set that qualifies, up to the last set; () where the rule goes by something else."""
    known = [found for found in tries if found.qualifies]
    if search.rule != _RANKED or not known:
        return ()
    best = itertools.accumulate((found.score for found in known), max if is_higher_better(search) else min)
    stair = [(found.number, score) for found, score in zip(known, best, strict=True)]
    return (*stair, (tries[-1].number, stair[-1][1]))


def describe_tries(search: SearchRecord) -> str:
    """Say in words what the marks show."""
    tries = list_tries(search)
    chosen = next((f", {write_figure(found.score)}" for found in tries if found.is_chosen), "")
    return f"{name_score(search)} of {len(tries)} sets of strengths in the order tried; chosen λ = {search.chosen_text}{chosen}."


def name_score(search: SearchRecord) -> str:
    """Return what a score is: “Normalized accuracy on the target”, “Mean figure of all targets”."""
    first: SearchPoint = search.points[0]
    if len(first.targets) != 1:
        return f"Mean {'normalized ' if search.is_normalized else ''}figure of all targets"
    (figure,) = first.targets
    metric = write_words(figure.metric)
    if search.is_normalized and not figure.higher_is_better:
        # The table has it the other way round, as the paper does; a score is turned over, so that higher is better.
        return f"Reference’s {metric} ÷ the model’s on the target"
    named = f"normalized {metric}" if search.is_normalized else metric
    return f"{named[0].upper()}{named[1:]} on the target"


def _list_entries(search: SearchRecord, tries: tuple[Try, ...]) -> tuple[LegendEntry, ...]:
    return tuple(itertools.chain(_name_marks(search, tries), [LegendEntry(f"chosen λ = {search.chosen_text}", Ink(TEXT, DASHED))]))


def _name_marks(search: SearchRecord, tries: tuple[Try, ...]) -> Iterator[LegendEntry]:
    yield LegendEntry(name_score(search), Ink(TARGET, "none", "o"))
    if follow_best(search, tries):
        # On a line of its own: behind the name of a long score it would be cut.
        yield LegendEntry("best so far", Ink(TARGET, "-"))
    if any(not found.qualifies for found in tries):
        told = "the base, or a set that the rule does not allow" if search.control_names else "the base"
        yield LegendEntry(told, Ink(DIM, "none", "o", is_hollow=True))
