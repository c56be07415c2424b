"""Rank what helped the first vector of a search most, with what it gained over being alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from engine.evaluation.measurement import Measurement
from engine.execution.result import MetricRecord, SearchPoint, SearchRecord
from engine.report.subset_figure import find_best, is_higher_better
from engine.report.tries_figure import name_score
from engine.report.wording import write_figure, write_metric, write_words
from engine.search.subsets import HELPERS
from engine.subset_scores import Helper, rank_helpers

_ALONE: Final = "no helper"


@dataclass(frozen=True)
class HelperRow:
    """Hold one helper at its best strength."""

    rank: str
    """Empty for the vector alone, which the others are measured against."""
    name: str
    strength: float
    score: float
    gain: str
    """“+0.250”; empty for the vector alone."""
    is_chance: bool
    """The interval of the gain holds 0."""
    figures: tuple[Measurement, ...]
    """On each validation set."""
    is_chosen: bool


@dataclass(frozen=True)
class HelperTable:
    """Hold the ranking with what it says in words."""

    task: str
    """The vector that was to be improved."""
    score_name: str
    columns: tuple[tuple[str, str], ...]
    """The validation sets, each with what is measured on it."""
    rows: tuple[HelperRow, ...]
    sentences: tuple[str, ...]


def rank_in_table(search: SearchRecord) -> HelperTable | None:
    """Return the ranking of a search's helpers on validation data; None for other searches."""
    if search.method != HELPERS:
        return None
    ranked = rank_helpers(find_best(search), higher_is_better=is_higher_better(search))
    points = {point.strengths: point for point in search.points}
    numbers = iter(range(1, len(ranked) + 1))
    rows = tuple(
        _make_row(search, helper, points[helper.trial.strengths], "" if helper.index is None else str(next(numbers))) for helper in ranked
    )
    task = search.vector_names[0]
    sentences = tuple(filter(None, (_describe_ranking(task, rows), describe_tests(search.tests))))
    return HelperTable(task, name_score(search), _name_columns(search), rows, sentences)


def describe_tests(tests: Sequence[MetricRecord]) -> str:
    """Say what the choice gave on test data beside the other models; empty where nothing was measured."""
    told = [_describe_test(record, tests) for record in tests if record.role == "edited"]
    return f"On test data, looked at once, the choice has {'; '.join(told)}." if told else ""


def _name_columns(search: SearchRecord) -> tuple[tuple[str, str], ...]:
    first = search.points[0]
    metrics = (write_words(figure.metric) for figure in (*first.targets, *first.controls))
    return tuple(zip((*search.target_names, *search.control_names), metrics, strict=True))


def _make_row(search: SearchRecord, helper: Helper, point: SearchPoint, rank: str) -> HelperRow:
    name = _ALONE if helper.index is None else search.vector_names[helper.index]
    gain = "" if helper.index is None else f"{'+' if helper.gain >= 0 else ''}{write_figure(helper.gain)}"
    strength, score = helper.trial.strengths[0], helper.trial.score
    return HelperRow(
        rank, name, strength, score, gain, helper.is_chance, (*point.targets, *point.controls), point.strengths == search.chosen_strengths
    )


def _describe_ranking(task: str, rows: Sequence[HelperRow]) -> str:
    if len(rows) <= 1:
        return ""
    first, alone = rows[0], next(row for row in rows if not row.rank)
    if first is alone:
        return f"On validation data no vector helps “{task}”: alone it scores {write_figure(alone.score)}, and no better with any other."
    chance = "; that could be chance" if first.is_chance else ""
    scores = f"{write_figure(first.score)} with it, {write_figure(alone.score)} alone{chance}"
    return f"On validation data “{first.name}” helps “{task}” most ({scores})."


def _describe_test(record: MetricRecord, tests: Sequence[MetricRecord]) -> str:
    found = record.measurement
    same = [other for other in tests if (other.test_set_key, other.measurement.metric) == (record.test_set_key, found.metric)]
    others = ", ".join(
        f"{write_metric(other.measurement.value, found.metric)} for “{other.checkpoint}”" for other in same if other is not record
    )
    beside = f" (beside {others})" if others else ""
    return f"{write_words(found.metric)} {write_metric(found.value, found.metric)} on “{record.test_set}”{beside}"
