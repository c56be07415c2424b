"""Draw what pairs and subsets of vectors gave: the matrix of pairs, and the mean figure against the number of vectors.

After figures 2 and 3 of Ilharco et al. 2022 (arXiv 2212.04089): each subset counts with the best of its strengths.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from engine import subset_scores
from engine.evaluation.measurement import Measurement
from engine.execution.result import Matrix, SearchPoint, SearchRecord
from engine.report.matrix_figure import MatrixStyle, draw_matrix, lay_out_matrix
from engine.report.plot import BELOW, PLOT_HEIGHT, WIDTH, Ink, LegendEntry, draw_legend, finish_plot, legend_height, open_plot
from engine.report.svg import CONTROL, TARGET, TEAL, as_inline_svg, new_figure
from engine.report.wording import write_figure
from engine.subset_scores import Subset, Trial

MODES: Final = ("pairs", "subsets")
_MOST_RANKED: Final = 10
_FEWEST_SIZES: Final = 3
_MEAN: Final = LegendEntry("mean over the subsets of a size", Ink(TARGET, "-", "o"))
_SUBSET: Final = LegendEntry("one subset at its best strength", Ink(CONTROL, "none", "."))
_TOP: Final = legend_height(2)


def draw_pairs(search: SearchRecord, key: str) -> Markup:
    """Return the matrix of pairs as inline SVG, single vectors on its diagonal; empty for other searches."""
    if search.method not in MODES:
        return Markup()
    values = tabulate_pairs(search)
    layout = lay_out_matrix(search.vector_names, search.vector_names)
    description = f"{describe_pairs(search)} Vectors: {', '.join(search.vector_names)}."
    return draw_matrix(values, layout, _style_pairs(values), f"{key}-pairs", description)


def _style_pairs(values: Matrix) -> MatrixStyle:
    """Return a scale from the smallest figure to the largest: of good skills all figures are near one another."""
    sizes = [abs(value) for row in values for value in row if math.isfinite(value)]
    return MatrixStyle(write_figure, TEAL, max(sizes, default=1.0), weakest=min(sizes, default=0.0), has_scale=True)


def draw_sizes(search: SearchRecord, key: str) -> Markup:
    """Return the mean figure against the number of vectors as inline SVG, a dot for each subset; empty for other searches.

    Two numbers make no curve: of pairs the matrix says more.
    """
    means = mean_by_size(search)
    if search.method not in MODES or len(means) < _FEWEST_SIZES:
        return Markup()
    best = find_best(search)
    figure, canvas = new_figure(WIDTH, _TOP + PLOT_HEIGHT + BELOW)
    axes = open_plot(canvas, _TOP)
    axes.scatter([len(subset) for subset in best], [point.score for point in best.values()], s=14, color=CONTROL, alpha=0.7)
    axes.plot(list(means), list(means.values()), color=TARGET, linewidth=1.8, marker="o", markersize=4)
    finish_plot(canvas, axes, _TOP, "number of vectors", tuple(means))
    draw_legend(canvas, (_MEAN, _SUBSET), 0)
    return as_inline_svg(figure, f"{key}-sizes", describe_sizes(search))


@dataclass(frozen=True)
class RankedSubset:
    """Hold one subset of vectors at its best strengths."""

    vectors: tuple[str, ...]
    strengths: tuple[float, ...]
    """One for each of these vectors."""
    score: float
    is_chosen: bool


def rank_subsets(search: SearchRecord) -> tuple[RankedSubset, ...]:
    """Return the subsets with the best scores that the rule allows, the best first; () for other searches."""
    if search.method not in MODES:
        return ()
    best = sorted(find_best(search).items(), key=lambda item: item[1].score, reverse=is_higher_better(search))
    return tuple(_make_ranked(search, subset, trial) for subset, trial in best[:_MOST_RANKED])


def _make_ranked(search: SearchRecord, subset: Subset, trial: Trial) -> RankedSubset:
    names, strengths = [search.vector_names[index] for index in subset], [trial.strengths[index] for index in subset]
    return RankedSubset(tuple(names), tuple(strengths), trial.score, trial.strengths == search.chosen_strengths)


def find_best(search: SearchRecord) -> Mapping[Subset, Trial]:
    """Return, per subset of vectors that take part, the best of its points that the rule allows; the base is no subset."""
    return subset_scores.find_best(_read_trials(search), higher_is_better=is_higher_better(search))


def is_higher_better(search: SearchRecord) -> bool:
    """Tell whether the higher of two scores is the better one: normalized they always are."""
    return search.is_normalized or next((figure.higher_is_better for point in search.points for figure in point.targets), True)


def mean_by_size(search: SearchRecord) -> Mapping[int, float]:
    """Return the mean figure of all subsets of each size, over all targets whether their vector takes part or not."""
    return subset_scores.mean_by_size(find_best(search))


def tabulate_pairs(search: SearchRecord) -> Matrix:
    """Return the figure of each pair, of single vectors on the diagonal; NaN where none was measured."""
    return subset_scores.tabulate_pairs(_read_trials(search), len(search.vector_names), higher_is_better=is_higher_better(search))


def has_own_targets(search: SearchRecord) -> bool:
    """Tell whether every vector has a target of its own and a reference for it."""
    return len(search.target_names) == len(search.vector_names) == len(search.references)


def describe_pairs(search: SearchRecord) -> str:
    """Say in words what the matrix of pairs shows."""
    own = "the pair’s own targets" if has_own_targets(search) else "all targets"
    kind = "Mean normalized figure" if search.is_normalized else "Mean figure"
    return f"{kind} on {own} of the sum of two vectors at its best strength that the rule allows; of single vectors on the diagonal."


def describe_sizes(search: SearchRecord) -> str:
    """Say in words what the curve over the number of vectors shows."""
    shown = "; ".join(f"{size}: {write_figure(mean)}" for size, mean in mean_by_size(search).items())
    kind = "Mean normalized figure" if search.is_normalized else "Mean figure"
    dots = "a dot for each subset at its best strength that the rule allows"
    return f"{kind} on all targets against the number of vectors ({shown}); {dots}."


def _read_trials(search: SearchRecord) -> list[Trial]:
    return [_read_point(search, point) for point in search.points]


def _read_point(search: SearchRecord, point: SearchPoint) -> Trial:
    pairs = zip(point.targets, search.references, strict=True) if has_own_targets(search) else ()
    own = tuple(_normalize(figure, reference) for figure, reference in pairs)
    return Trial(point.strengths, point.score, own, point.targets, point.qualifies)


def _normalize(figure: Measurement, reference: Measurement) -> float:
    above, below = (figure.value, reference.value) if figure.higher_is_better else (reference.value, figure.value)
    return above / below if below else math.nan
