"""The three rules by which a strength is chosen from what was measured on validation data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import inf, isfinite, nan
from typing import Literal

from engine.errors import SelectionError
from engine.evaluation.measurement import Measurement
from engine.search.grid import write_decimal

RuleName = Literal["largest_within_share", "largest_within_increase", "best_target"]
_WORSE = 100.0
"""No strength of a grid is so far below 0."""
TOLERANCE = 1e-12
"""Figures this close count as equal: 0.95 times a measured share is not exact in float64."""


@dataclass(frozen=True)
class SelectionRule:
    """Hold a rule with its bounds."""

    name: RuleName
    keep_share: Fraction = Fraction(95, 100)
    """For largest_within_share: what every control set must keep of the base's metric."""
    allowed_increase: Fraction = Fraction(1, 2)
    """For largest_within_increase: by how much every control metric may rise."""


@dataclass(frozen=True)
class Point:
    """Hold what was measured at one strength on the validation sets, always in the same order of sets."""

    strength: Fraction
    """Where every vector has its own, their mean: what “largest” goes by."""
    targets: tuple[Measurement, ...]
    controls: tuple[Measurement, ...] = ()
    strengths: tuple[Fraction, ...] = ()
    """One for each vector; () where one strength holds for all."""

    @property
    def place(self) -> tuple[Fraction, ...]:
        """Return the strength of each vector, or the one that holds for all."""
        return self.strengths or (self.strength,)

    @property
    def is_reference(self) -> bool:
        """Tell whether nothing is added: the base itself."""
        return not any(self.place)


@dataclass(frozen=True)
class ScoredPoint:
    """Hold a point with what the rule made of it."""

    point: Point
    score: float
    """The mean target metric, normalized where references are given; NaN where it can't be formed."""
    margin: float
    """The share kept or the increase, of the worst control set; NaN for best_target."""
    qualifies: bool


@dataclass(frozen=True)
class StrengthChoice:
    """Hold the chosen strength and the curve it was chosen from."""

    strength: Fraction
    text: str
    """The strength as a decimal, several parted by commas."""
    rule: SelectionRule
    limit: float | None
    """The figure that the first control set must keep, or must not exceed; None for best_target."""
    is_normalized: bool
    points: tuple[ScoredPoint, ...]
    """In ascending strength; the one at 0 is the reference and never qualifies."""
    strengths: tuple[Fraction, ...] = ()
    """One for each vector; () where one strength holds for all."""


def choose_strength(points: Sequence[Point], rule: SelectionRule, references: Sequence[Measurement] = ()) -> StrengthChoice:
    """Choose a strength by a rule; of equals the smaller.

    For the two rules with a limit *every* control set must stay within it, so that one can't pay for another.

    Args:
        points: The measured grid, λ = 0 among them as the reference.
        rule: The rule with its bounds.
        references: The fine-tuned models' metrics on the target sets, in their order; empty for none.

    Raises:
        SelectionError: No strength qualifies, or the rule can't be applied to these measurements.
    """
    ordered = sorted(points, key=lambda point: point.strength)
    scored = score_points(ordered, rule, references)
    base = find_reference(ordered)
    candidates = [entry for entry in scored if entry.qualifies]
    if not candidates:
        raise _explain_failure(scored, rule)
    chosen = _take_best(candidates, is_normalized=bool(references)) if rule.name == "best_target" else candidates[-1]
    strength = chosen.point.strength
    text = ", ".join(map(write_decimal, chosen.point.strengths or (strength,)))
    return StrengthChoice(strength, text, rule, _find_limit(base, rule), bool(references), scored, chosen.point.strengths)


def score_points(points: Sequence[Point], rule: SelectionRule, references: Sequence[Measurement] = ()) -> tuple[ScoredPoint, ...]:
    """Return what a rule makes of some points, in their order; the reference is among them and never qualifies.

    Raises:
        SelectionError: The rule can't be applied to these measurements.
    """
    base = find_reference(points)
    _check_figures(base, rule, references)
    return tuple(_score_point(point, base, rule, references) for point in points)


def find_reference(points: Sequence[Point]) -> Point:
    """Return the point at which nothing is added.

    Raises:
        SelectionError: It was not measured.
    """
    found = next((point for point in points if point.is_reference), None)
    if found is None:
        fact = "λ = 0, the reference of every rule, was not measured."
        raise SelectionError(fact, "Measure the base as well.")
    return found


def rate_point(scored: ScoredPoint, rule: SelectionRule, *, is_normalized: bool) -> float:
    """Return one number for a search among many strengths to climb: the more, the better by the rule.

    Under a limit that is the mean strength within it, and below every such number how far a point lies beyond it.
    """
    if rule.name == "best_target":
        lower_is_better = not is_normalized and not scored.point.targets[0].higher_is_better
        return -inf if not isfinite(scored.score) else -scored.score if lower_is_better else scored.score
    if scored.qualifies:
        return float(scored.point.strength)
    beyond = float(rule.keep_share) - scored.margin if rule.name == "largest_within_share" else scored.margin - float(rule.allowed_increase)
    return -_WORSE - beyond if isfinite(beyond) else -inf


def _check_figures(base: Point, rule: SelectionRule, references: Sequence[Measurement]) -> None:
    if rule.name == "best_target":
        _check_targets(base.targets, references)
    elif not base.controls:
        fact = f"The rule {rule.name} compares a control metric with the base's, but there is no control set."
        raise SelectionError(fact, "Wire a control test set in, or take the rule best_target.")
    else:
        _check_controls(base.controls, rule)


def _check_targets(targets: Sequence[Measurement], references: Sequence[Measurement]) -> None:
    if not targets:
        fact = "The rule best_target has no target set to go by."
        raise SelectionError(fact, "Wire a target test set in.")
    if references and [figure.metric for figure in references] != [figure.metric for figure in targets]:
        fact = f"The {len(references)} references do not match the {len(targets)} target sets."
        raise SelectionError(fact, "Measure one reference on every target set, with the same metric.")
    if any(reference.value <= 0 for reference in references):
        fact = "A reference's metric is 0, so nothing can be divided by it."
        raise SelectionError(fact, "Take the model that was fine-tuned on that target as its reference.")
    kinds = sorted({figure.metric for figure in targets})
    if not references and len({figure.higher_is_better for figure in targets}) > 1:
        fact = f"The targets' metrics {' and '.join(kinds)} can't be averaged: of one more is better, of the other less."
        raise SelectionError(fact, "Wire references in, so that the metrics are normalized, or search by one metric.")


def _check_controls(controls: Sequence[Measurement], rule: SelectionRule) -> None:
    wants_higher = rule.name == "largest_within_share"
    for figure in controls:
        if figure.higher_is_better != wants_higher:
            other = "largest_within_increase" if wants_higher else "largest_within_share"
            better = "higher" if figure.higher_is_better else "lower"
            fact = f"The rule {rule.name} does not fit the control metric {figure.metric}, of which {better} is better."
            raise SelectionError(fact, f"Take the rule {other}.")


def _score_point(point: Point, base: Point, rule: SelectionRule, references: Sequence[Measurement]) -> ScoredPoint:
    score = _mean_target(point.targets, references)
    if point.is_reference:
        return ScoredPoint(point, score, _measure_margin(point, base, rule), qualifies=False)
    if rule.name == "best_target":
        return ScoredPoint(point, score, nan, qualifies=isfinite(score))
    margin = _measure_margin(point, base, rule)
    return ScoredPoint(point, score, margin, qualifies=_is_within(point, base, rule))


def _mean_target(targets: Sequence[Measurement], references: Sequence[Measurement]) -> float:
    """Return the mean metric, each over its reference's; where lower is better the reference is divided instead."""
    if not targets:
        return nan
    if not references:
        return sum(figure.value for figure in targets) / len(targets)
    pairs = zip(targets, references, strict=True)
    return sum(_normalize(figure, reference) for figure, reference in pairs) / len(targets)


def _normalize(figure: Measurement, reference: Measurement) -> float:
    if figure.higher_is_better:
        return figure.value / reference.value
    return reference.value / figure.value if figure.value else nan


def _measure_margin(point: Point, base: Point, rule: SelectionRule) -> float:
    pairs = list(zip(point.controls, base.controls, strict=True))
    if rule.name == "largest_within_share":
        return min((_share_kept(now.value, then.value) for now, then in pairs), default=nan)
    if rule.name == "largest_within_increase":
        return max((now.value - then.value for now, then in pairs), default=nan)
    return nan


def _share_kept(now: float, then: float) -> float:
    return now / then if then else 1.0


def _is_within(point: Point, base: Point, rule: SelectionRule) -> bool:
    pairs = list(zip(point.controls, base.controls, strict=True))
    if rule.name == "largest_within_share":
        share = float(rule.keep_share)
        return all(isfinite(now.value) and now.value >= share * then.value - TOLERANCE for now, then in pairs)
    # A perplexity has no natural scale: equal means equal to within its own rounding.
    rise = float(rule.allowed_increase)
    return all(isfinite(now.value) and now.value <= then.value + rise + TOLERANCE * max(1.0, then.value) for now, then in pairs)


def _take_best(candidates: Sequence[ScoredPoint], *, is_normalized: bool) -> ScoredPoint:
    """Return the best score, of equals the smallest strength by size; of normalized scores more is always better."""
    sign = 1.0 if is_normalized or candidates[0].point.targets[0].higher_is_better else -1.0
    best = max(sign * entry.score for entry in candidates)
    equals = [entry for entry in candidates if sign * entry.score >= best - TOLERANCE * max(1.0, abs(best))]
    return min(equals, key=lambda entry: abs(entry.point.strength))


def _find_limit(base: Point, rule: SelectionRule) -> float | None:
    if rule.name == "best_target":
        return None
    first = base.controls[0].value
    return first * float(rule.keep_share) if rule.name == "largest_within_share" else first + float(rule.allowed_increase)


def _explain_failure(scored: Sequence[ScoredPoint], rule: SelectionRule) -> SelectionError:
    others = [entry for entry in scored if not entry.point.is_reference]
    if not others:
        fact = "The grid holds λ = 0 only, which is the reference and never a candidate."
        return SelectionError(fact, "Take a larger stop or a smaller step.")
    smallest = min(others, key=lambda entry: abs(entry.point.strength))
    text = ", ".join(map(write_decimal, smallest.point.strengths or (smallest.point.strength,)))
    metric = smallest.point.controls[0].metric if smallest.point.controls else ""
    remedy = "Take a finer grid that starts lower, or a looser rule."
    if rule.name == "largest_within_share":
        fact = (
            f"No λ in the grid keeps {_percent(float(rule.keep_share))} of the control {metric}; "
            f"the smallest, {text}, keeps {_percent(smallest.margin)}."
        )
        return SelectionError(fact, remedy)
    if rule.name == "largest_within_increase":
        rise = f"{float(rule.allowed_increase):g}"
        fact = f"No λ in the grid raises the control {metric} by at most {rise}; the smallest, {text}, raises it by {smallest.margin:.3g}."
        return SelectionError(fact, remedy)
    fact = f"No λ in the grid gives a finite target metric; at the smallest, {text}, it is {smallest.score}."
    return SelectionError(fact, "Take a grid of smaller strengths.")


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"
