"""The four figures that a reader wants first; a card exists only where its figure does."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from engine.execution.result import MetricRecord, OutputRecord, SearchRecord, SimilarityRecord, TestSetRecord
from engine.report.metrics_table import find_test_set, write_n
from engine.report.wording import write_cosine, write_figure, write_metric, write_share, write_words


@dataclass(frozen=True)
class Card:
    """Hold one figure and the lines that explain it."""

    figure: str
    lines: tuple[str, ...]


def deal_cards(
    output: OutputRecord,
    test_sets: Sequence[TestSetRecord],
    searches: Sequence[SearchRecord],
    similarities: Sequence[SimilarityRecord],
) -> tuple[Card, ...]:
    """Return the cards of one output: target, control, normalized figure, similarity."""
    targets = find_figures(output, test_sets, "target")
    controls = find_figures(output, test_sets, "control")
    made = (_target_card(targets), _control_card(controls, output, searches), _normalized_card(targets), _edit_card(output, similarities))
    return tuple(card for card in made if card is not None)


def find_figures(output: OutputRecord, test_sets: Sequence[TestSetRecord], role: str) -> list[MetricRecord]:
    """Return the written model's figures on the sets of one role: on test data where there is any, else on validation data."""
    known = [record for record in _pick_written(output) if not math.isnan(record.measurement.value)]
    found = [(record, test_set) for record in known if (test_set := find_test_set(record, test_sets)) and test_set.role == role]
    tested = [record for record, test_set in found if test_set.split == "test"] or [record for record, _ in found]
    return [record for record in tested if record.measurement.metric == tested[0].measurement.metric]


def _pick_written(output: OutputRecord) -> list[MetricRecord]:
    """Return the figures of the model that is written; where it was not measured, those of the only edited model there is.

    Of several edited models that were measured on one set each has a figure: their mean would count the set several times.
    """
    edited = [record for record in output.metrics if record.role == "edited"]
    written = [record for record in edited if output.model_node and record.checkpoint_node == output.model_node]
    return written or (edited if len({record.checkpoint_key for record in edited}) == 1 else [])


def _target_card(records: list[MetricRecord]) -> Card | None:
    """Return the target figure; the mean where there are several target sets of the same metric."""
    if not records:
        return None
    first = records[0].measurement
    metric = write_words(first.metric)
    if len(records) == 1:
        lines = (f"target {metric} ({records[0].test_set}), {write_n(first)}", _write_bounds(first.low, first.high, first.metric))
        return Card(write_metric(first.value, first.metric), lines)
    values = [record.measurement.value for record in records]
    mean, low, high = _average(records, [1.0] * len(records))
    spread = f"{write_metric(min(values), first.metric)} to {write_metric(max(values), first.metric)}"
    lines = (
        f"mean target {metric} of {len(records)} sets, {_write_total(records)}",
        _write_bounds(low, high, first.metric),
        f"single sets: {spread}",
    )
    return Card(write_metric(mean, first.metric), lines)


def _average(records: list[MetricRecord], divisors: list[float]) -> tuple[float, float, float]:
    """Return the mean of the figures over their divisors, and its interval.

    The sets are independent, so the distances to the interval's ends add as squares. The divisors are taken as given.
    """
    measured = [(record.measurement, divisor) for record, divisor in zip(records, divisors, strict=True)]
    mean = sum(measurement.value / divisor for measurement, divisor in measured) / len(measured)
    below = math.hypot(*((measurement.value - measurement.low) / divisor for measurement, divisor in measured)) / len(measured)
    above = math.hypot(*((measurement.high - measurement.value) / divisor for measurement, divisor in measured)) / len(measured)
    return mean, mean - below, mean + above


def _control_card(records: list[MetricRecord], output: OutputRecord, searches: Sequence[SearchRecord]) -> Card | None:
    """Return the control figure that suffered most."""
    known = [record for record in records if record.control_ratio is not None]
    if not known:
        return None
    worst = (min if known[0].measurement.higher_is_better else max)(known, key=lambda record: record.control_ratio or 0.0)
    measurement = worst.measurement
    kept = "control kept" if measurement.higher_is_better else f"control {write_words(measurement.metric)} against the base’s"
    figures = f"{write_metric(measurement.value, measurement.metric)}{_write_base_figure(output, worst)}, {write_n(measurement)}"
    limits = tuple(text for search in searches if (text := _write_limit(search)))
    bounds = _write_bounds(measurement.low, measurement.high, measurement.metric)
    return Card(write_figure(worst.control_ratio or 0.0), (f"{kept} ({worst.test_set})", figures, bounds, *limits[:1]))


def _write_base_figure(output: OutputRecord, record: MetricRecord) -> str:
    """Return “ of 0.954”, the base’s figure, or nothing where the base was not measured."""
    for other in output.metrics:
        if (other.role, other.test_set_key, other.measurement.metric) == ("base", record.test_set_key, record.measurement.metric):
            return f" of {write_metric(other.measurement.value, other.measurement.metric)}"
    return ""


def _write_limit(search: SearchRecord) -> str:
    """Return the limit of a search's rule: a share of the unedited figure, which holds for every control, or the first one's figure."""
    reference = next((point for point in search.points if point.strength == 0 and point.controls), None)
    if search.limit is None or reference is None:
        return ""
    first = reference.controls[0]
    if first.higher_is_better:
        return f"limit {write_figure(search.limit / first.value)} on validation data" if first.value else ""
    named = f" ({search.control_names[0]})" if len(reference.controls) > 1 else ""
    return f"limit {write_metric(search.limit, first.metric)} on validation data{named}"


def _normalized_card(records: list[MetricRecord]) -> Card | None:
    """Return the mean normalized figure of the targets that have one."""
    known = [record for record in records if record.normalized is not None]
    if not known:
        return None
    metric = f"normalized {write_words(known[0].measurement.metric)}"
    mean = sum(record.normalized or 0.0 for record in known) / len(known)
    counted = write_n(known[0].measurement) if len(known) == 1 else _write_total(known)
    against = "against its own fine-tune" if len(known) == 1 else f"mean of {len(known)} sets, each against its own fine-tune"
    return Card(write_figure(mean), (metric, against, f"{counted}{_write_ratio_bounds(known)}"))


def _write_ratio_bounds(records: list[MetricRecord]) -> str:
    """Return the interval of the normalized figures; nothing where a figure of 0 hides what it was divided by."""
    divisors = [record.measurement.value / record.normalized for record in records if record.normalized]
    if len(divisors) < len(records) or not all(divisors):
        return ""
    _, low, high = _average(records, divisors)
    return f", {_write_bounds(low, high, 'normalized')}"


def _write_total(records: list[MetricRecord]) -> str:
    """Return n over several sets."""
    return f"n\u00a0{sum(record.measurement.n for record in records):,} in all"


def _edit_card(output: OutputRecord, similarities: Sequence[SimilarityRecord]) -> Card | None:
    """Return what the vectors' directions say first of all, and how large the edit is."""
    about = "about " if output.is_edit_norm_estimated else ""
    share = "" if output.edit_norm_share is None else about + write_share(output.edit_norm_share)
    found = _compare_with_truth(output, similarities) or _find_largest_cosine(similarities)
    if found is not None:
        return Card(found.figure, (*found.lines, f"‖edit‖ / ‖θ‖ = {share}") if share else found.lines)
    return Card(share, ("‖edit‖ / ‖θ‖", "how far the weights moved")) if share else None


def _compare_with_truth(output: OutputRecord, similarities: Sequence[SimilarityRecord]) -> Card | None:
    """Return how near the one analogy that the output is made of comes to its true vector; None where there are more, or none."""
    compared = {found.node: (record, found) for record in similarities for found in record.analogies if found.node in output.analogies}
    if len(compared) != 1:
        return None
    ((record, found),) = compared.values()
    named = f"cos(D̂, D): “{record.names[found.made]}” against “{record.names[found.true]}”, the true vector"
    return Card(write_cosine(found.cosine), (named, f"residual ‖D̂ − D‖ / ‖D‖ = {write_figure(found.residual)}"))


def _find_largest_cosine(similarities: Sequence[SimilarityRecord]) -> Card | None:
    """Return the cosine that is largest in size among the vectors of which none is made of another, nor two of a third."""
    pairs = [
        (record.cosine[row][column], record.names[column], record.names[row])
        for record in similarities
        for row in range(len(record.names))
        for column in range(row)
        if not math.isnan(record.cosine[row][column]) and (column, row) not in record.related
    ]
    if not pairs:
        return None
    cosine, first, second = max(pairs, key=lambda pair: abs(pair[0]))
    of = "the pairs that share no checkpoint" if any(record.related for record in similarities) else "all pairs"
    return Card(write_cosine(cosine), (f"cos({first}, {second})" + (f", the largest in size of {of}" if len(pairs) > 1 else ""),))


def _write_bounds(low: float, high: float, metric: str) -> str:
    """Write “95 % interval 0.58 – 0.70”."""
    return f"95 % interval {write_metric(low, metric)} – {write_metric(high, metric)}"
