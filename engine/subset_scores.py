"""What pairs and subsets of vectors gave, and the first with each helper, each at the best strengths that the rule allows.

Report and window show the same of it. After figures 2 and 3 of Ilharco et al. 2022 (arXiv 2212.04089).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import Final

from engine.differences import Bounded, could_be_chance

Subset = tuple[int, ...]
"""The places of the vectors that take part, in ascending order."""

ALONE: Final = (0,)
"""The vector that helpers are sought for, without any."""
_WITH_ONE: Final = 2


@dataclass(frozen=True)
class Trial:
    """Hold what one set of strengths gave."""

    strengths: tuple[float, ...]
    """One for each vector; 0 for one that does not take part."""
    score: float
    """The mean figure over all targets; NaN where it is not known."""
    own: tuple[float, ...] = ()
    """Where every vector has a target and a reference of its own: the normalized figure of each."""
    targets: tuple[Bounded, ...] = ()
    """What was measured on each target, where it is known."""
    qualifies: bool = True
    """Whether the rule of the search may choose it."""


@dataclass(frozen=True)
class Helper:
    """Hold what the first vector gave with one other."""

    index: int | None
    """The helper's place among the vectors; None for the first vector alone."""
    trial: Trial
    gain: float
    """How much better than alone; below 0 it does harm."""
    is_chance: bool = False
    """Whether the interval of the difference holds 0, where the targets' figures are known."""


def find_best(trials: Iterable[Trial], *, higher_is_better: bool) -> Mapping[Subset, Trial]:
    """Return, per subset of vectors that take part, the best of its trials that the rule allows; the base is no subset."""
    best: dict[Subset, Trial] = {}
    sign = 1.0 if higher_is_better else -1.0
    for trial in _list_candidates(trials):
        subset = _find_subset(trial)
        known = best.get(subset)
        if known is None or sign * trial.score > sign * known.score:
            best[subset] = trial
    return best


def _list_candidates(trials: Iterable[Trial]) -> Iterator[Trial]:
    return (trial for trial in trials if any(trial.strengths) and trial.qualifies and math.isfinite(trial.score))


def _find_subset(trial: Trial) -> Subset:
    return tuple(index for index, strength in enumerate(trial.strengths) if strength)


def mean_by_size(best: Mapping[Subset, Trial]) -> Mapping[int, float]:
    """Return the mean figure of all subsets of each size, over all targets whether their vector takes part or not."""
    sizes = sorted({len(subset) for subset in best})
    return {size: fmean(trial.score for subset, trial in best.items() if len(subset) == size) for size in sizes}


def rank_helpers(best: Mapping[Subset, Trial], *, higher_is_better: bool) -> tuple[Helper, ...]:
    """Return what the first vector gave alone and with each helper, the best first; () while it has not been tried alone.

    Of equals the one with the smaller strengths comes first, as the rules take it.
    """
    alone = best.get(ALONE)
    if alone is None:
        return ()
    sign = 1.0 if higher_is_better else -1.0
    found = [
        Helper(subset[-1] if subset != ALONE else None, trial, sign * (trial.score - alone.score), _is_chance(trial, alone))
        for subset, trial in best.items()
        if subset[0] == 0 and len(subset) <= _WITH_ONE
    ]
    return tuple(sorted(found, key=lambda helper: (-helper.gain, sum(map(abs, helper.trial.strengths)))))


def _is_chance(trial: Trial, alone: Trial) -> bool:
    is_known = trial is not alone and 0 < len(trial.targets) == len(alone.targets)
    return is_known and could_be_chance(trial.targets, alone.targets)


def tabulate_pairs(trials: Iterable[Trial], vectors: int, *, higher_is_better: bool) -> tuple[tuple[float, ...], ...]:
    """Return the best figure of each pair that the rule allows, of single vectors on the diagonal; NaN where there is none.

    Where every vector has a target of its own, in their order, it is the mean of the pair's own targets, as in the paper's figure 2, and
    the pair's strengths are those that are best for these; else it is the mean of all targets.
    """
    best: dict[Subset, float] = {}
    for trial in _list_candidates(trials):
        subset = _find_subset(trial)
        figures = [best[subset]] if subset in best else []
        # Shares of a reference are the better the higher, whatever the metric.
        best[subset] = (max if higher_is_better or trial.own else min)([*figures, _rate_pair(trial, subset)])
    places = range(vectors)
    return tuple(tuple(best.get(tuple(sorted({row, column})), math.nan) for column in places) for row in places)


def _rate_pair(trial: Trial, pair: Subset) -> float:
    return fmean(trial.own[index] for index in pair) if trial.own else trial.score
