"""Arrange measured figures as a table: a row for each test set and metric, a column for each checkpoint."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from engine.evaluation.measurement import Measurement
from engine.execution.result import CheckpointRole, MetricRecord, TestSetRecord
from engine.report.joined_columns import Column, place_columns
from engine.report.wording import DASH, join_words, write_count, write_figure, write_metric, write_words

_ROLE_ORDER = {"target": 0, "control": 1, "": 2}
_COLUMN_ORDER: tuple[CheckpointRole, ...] = ("base", "other", "random control", "edited", "reference")


@dataclass(frozen=True)
class Cell:
    """Hold one figure of the table as it is written."""

    text: str
    spread: str = ""
    """“±.06”, or “+.01 −.05” where the interval is lopsided."""
    interval: str = ""
    """The interval with its ends, how it was made, and n."""
    printed: str = ""
    """The same on paper, where all of it is seen: without what the table says once."""
    is_edited: bool = False
    model: str = ""
    """Whose figure it is, in a column that several models share."""


@dataclass(frozen=True)
class Row:
    """Hold one line of the table."""

    name: str
    note: str
    """Role, split and n; what is divided by what for a derived row."""
    cells: tuple[Cell, ...]
    is_target: bool = False
    is_derived: bool = False
    """A row of normalized figures or control ratios, under the row it is derived from."""


@dataclass(frozen=True)
class MetricsTable:
    """Hold the whole table."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    methods: tuple[str, ...]
    """How the figures were measured, one line for each test set and metric."""
    intervals: str = ""
    """The sentence on how the intervals were made; empty without any."""


def tabulate(metrics: Sequence[MetricRecord], test_sets: Sequence[TestSetRecord]) -> MetricsTable:
    """Return the table of the figures; target sets come first, then controls, then what no test set of the graph explains."""
    groups: dict[tuple[object, str], list[MetricRecord]] = {}
    for record in metrics:
        groups.setdefault((record.test_set_key, record.measurement.metric), []).append(record)
    places = place_columns(tuple(groups.values()))
    columns = tuple(sorted(dict.fromkeys(places.values()), key=lambda column: _COLUMN_ORDER.index(column.role)))
    ranked = sorted(
        ((found, find_test_set(found[0], test_sets)) for found in groups.values()),
        key=lambda item: _ROLE_ORDER[item[1].role if item[1] else ""],
    )
    rows: list[Row] = []
    methods: list[str] = []
    for found, test_set in ranked:
        cells = {places[Column.of(record)]: record for record in found}
        rows.extend(_make_rows(found, {column: cells.get(column) for column in columns}, test_set))
        methods.append(_describe_method(found))
    return MetricsTable(columns, tuple(rows), tuple(methods), _describe_intervals([record.measurement for record in metrics]))


def find_test_set(record: MetricRecord, test_sets: Sequence[TestSetRecord]) -> TestSetRecord | None:
    """Return the test set of the graph that a figure was measured on; None where it is another one's."""
    return next((test_set for test_set in test_sets if record.is_on(test_set)), None)


def write_value(measurement: Measurement) -> str:
    """Write the figure alone."""
    return write_metric(measurement.value, measurement.metric)


def write_interval(measurement: Measurement) -> str:
    """Write the interval with its ends, how it was made, and n."""
    return f"{_write_ends(measurement)} ({measurement.interval}), {write_n(measurement)}"


def write_bounds(measurement: Measurement) -> str:
    """Write the interval with its ends, and n."""
    return f"{_write_ends(measurement)}, {write_n(measurement)}"


def write_n(measurement: Measurement) -> str:
    """Write what was counted: “n 247”, or “n 12,288 tokens” where it is not examples."""
    return f"n\u00a0{measurement.n:,}" if measurement.counted == "examples" else f"n\u00a0{measurement.n:,} {measurement.counted}"


def write_spread(measurement: Measurement) -> str:
    """Write how far the interval reaches on either side: “±.06”, “+.01 −.05”, or nothing where it is not known."""
    above, below = measurement.high - measurement.value, measurement.value - measurement.low
    if not (math.isfinite(above) and math.isfinite(below)):
        return ""
    up, down = _write_reach(above), _write_reach(below)
    return f"±{up}" if up == down else f"+{up} −{down}"


def _make_rows(records: list[MetricRecord], cells: Mapping[Column, MetricRecord | None], test_set: TestSetRecord | None) -> list[Row]:
    """Return the row of one test set and metric, and the rows derived from it."""
    first = records[0].measurement
    is_target = test_set is not None and test_set.role == "target"
    row = Row(
        records[0].test_set,
        _write_note(records, test_set),
        tuple(_make_cell(column, record, _shows_own_n(records)) for column, record in cells.items()),
        is_target,
    )
    metric = write_words(first.metric)
    normalized = _derive_row(f"normalized {metric}", "÷ own fine-tune’s", cells, lambda record: record.normalized)
    ratio = _derive_row("control ratio", "÷ base’s", cells, lambda record: record.control_ratio)
    return [row, *normalized, *ratio]


def _derive_row(
    name: str,
    note: str,
    cells: Mapping[Column, MetricRecord | None],
    take: Callable[[MetricRecord], float | None],
) -> list[Row]:
    """Return a row of ratios, or none where no ratio is known."""
    values = {column: None if record is None else take(record) for column, record in cells.items()}
    if all(value is None for value in values.values()):
        return []
    made = (Cell(DASH if value is None else write_figure(value), is_edited=column.role == "edited") for column, value in values.items())
    return [Row(name, note, tuple(made), is_derived=True)]


def _make_cell(column: Column, record: MetricRecord | None, shows_n: bool) -> Cell:
    """Return one cell; a dash where nothing was measured."""
    if record is None or math.isnan(record.measurement.value):
        return Cell(DASH)
    measurement = record.measurement
    return Cell(
        write_metric(measurement.value, measurement.metric),
        " ".join(part for part in (write_spread(measurement), write_n(measurement) if shows_n else "") if part),
        write_interval(measurement),
        write_bounds(measurement) if shows_n else _write_ends(measurement),
        record.role == "edited",
        record.checkpoint if column.is_shared else "",
    )


def _shows_own_n(records: list[MetricRecord]) -> bool:
    """Tell whether the figures of one row rest on different counts, so that each must say its own."""
    return len({(record.measurement.n, record.measurement.counted) for record in records}) > 1


def _write_note(records: list[MetricRecord], test_set: TestSetRecord | None) -> str:
    """Return “target · test · n 247”, with the metric's name in front where it is not accuracy."""
    first = records[0].measurement
    parts = [] if first.metric == "accuracy" else [write_words(first.metric)]
    if test_set is not None:
        parts += [test_set.role, test_set.split]
    parts += [] if _shows_own_n(records) else [write_n(first)]
    sources = sorted({record.source for record in records if record.source})
    parts += [f"measured elsewhere: {', '.join(sources)}"] if sources else []
    return " · ".join(parts)


def _describe_method(records: list[MetricRecord]) -> str:
    """Return one sentence on how a row was measured."""
    first = records[0].measurement
    details = "".join(f"; {write_words(name)}: {value}" for name, value in first.details.items())
    direction = "higher is better" if first.higher_is_better else "lower is better"
    counted = write_count(first.n, first.counted.removesuffix("s")) if first.counted.endswith("s") else f"{first.n:,} {first.counted}"
    return f"{write_words(first.metric)} on {records[0].test_set}: {counted}, interval {first.interval}, {direction}{details}."


def _describe_intervals(measurements: Sequence[Measurement]) -> str:
    """Return how the intervals were made; whose each is only where they were made in several ways."""
    ways: dict[str, dict[str, None]] = {}
    for measurement in measurements:
        if not math.isnan(measurement.value):
            ways.setdefault(measurement.interval, {})[write_words(measurement.metric)] = None
    told = [f"{way} of {join_words(list(metrics))}" for way, metrics in ways.items()] if len(ways) > 1 else list(ways)
    return f"Below each figure stands its interval: {'; '.join(told)}." if told else ""


def _write_ends(measurement: Measurement) -> str:
    """Write “0.58 – 0.70”."""
    return f"{write_metric(measurement.low, measurement.metric)} – {write_metric(measurement.high, measurement.metric)}"


def _write_reach(distance: float) -> str:
    """Write a distance shortly: “.06”, “1.2”."""
    if distance >= 1:
        return f"{distance:.1f}"
    digits = 2 if distance >= 0.0095 else 3  # noqa: PLR2004  (what two digits would round to .00 or .01)
    return f"{distance:.{digits}f}".removeprefix("0")
