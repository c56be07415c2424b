"""The cells of the table of figures: one metric of one model on one test set, from a report or from what a run has told so far."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication

from app.report_values import Record, read_list, read_number, read_records
from app.sweeps import list_tried_sets, list_validation_sets, parse_choice
from engine.document.model import Document
from engine.events import MetricMeasured, StrengthChosen, StrengthTried


@dataclass(frozen=True)
class Figure:
    """Hold one cell: one metric of one model on one test set."""

    model: str
    test_set: str
    metric: str
    value: float
    low: float
    high: float
    n: int
    normalized: float = math.nan
    """As a share of the tuned reference's; NaN where there is none."""
    control_ratio: float = math.nan
    """As a share of the base's, on control sets; NaN elsewhere."""
    is_validation: bool = False
    """Whether strengths are chosen on such data: figures at the choice flatter it."""
    higher_is_better: bool = True
    """Of the metric; a share of the reference's is below or above 100 % the same way."""


def read_cells(report: Record) -> tuple[Figure, ...]:
    """Return the cells of a report.json; of a search without test data those of its base, its references and its choice.

    Raises:
        KeyError, TypeError, ValueError: it is no report of ours.
    """
    sets = read_records(report.get("test_sets", []))
    validation = frozenset(str(each["node"]) for each in sets if each["split"] == "validation")
    records = read_records(report["metrics"])
    for search in read_records(report["searches"]):
        if not read_list(search.get("tests", [])):
            records += read_records(search.get("validation", []))
    return _keep_first(_read_cell(record, validation) for record in records)


def gather_cells(
    document: Document, measured: Sequence[MetricMeasured], tried: Iterable[StrengthTried], chosen: Iterable[StrengthChosen]
) -> tuple[Figure, ...]:
    """Return the cells that a run has told so far: of what a search tries those at its choice, or at the best so far."""
    nodes = dict.fromkeys(event.node for event in measured if event.strength is not None)
    sets = {node: list_tried_sets(document, node) for node in nodes}
    best = {event.node: event.strengths for event in tried if event.is_best}
    best |= {choice.node: parse_choice(choice.strength) for choice in chosen}
    final = frozenset(choice.node for choice in chosen if choice.is_final)
    validation = list_validation_sets(document)
    cells: list[Figure] = []
    for event in measured:
        is_point = event.strength is not None and _is_tried_on(event, sets[event.node])
        if not is_point or _strengths_of(event) == best.get(event.node):
            name = event.checkpoint if not is_point or event.node in final else _tr("{0}, best so far").format(event.checkpoint)
            cells.append(_make_cell(event, name, is_validation=event.test_set in validation))
    return _keep_first(cells)


def _is_tried_on(event: MetricMeasured, tried: frozenset[str] | None) -> bool:
    """Tell whether what was measured at a strength is a point of the search's curve; test data at the choice are none."""
    return tried is None or event.test_set in tried


def _strengths_of(event: MetricMeasured) -> tuple[float, ...]:
    return event.strengths or ((event.strength,) if event.strength is not None else ())


def _make_cell(event: MetricMeasured, name: str, *, is_validation: bool) -> Figure:
    found = event.measurement
    return Figure(
        name,
        event.test_set,
        found.metric,
        found.value,
        found.low,
        found.high,
        found.n,
        is_validation=is_validation,
        higher_is_better=found.higher_is_better,
    )


def _read_cell(record: Record, validation: frozenset[str]) -> Figure:
    found = record["measurement"]
    if not isinstance(found, Mapping):
        raise TypeError(found)
    return Figure(
        model=str(record["checkpoint"]),
        test_set=str(record["test_set"]),
        metric=str(found["metric"]),
        value=read_number(found["value"]),
        low=read_number(found["low"]),
        high=read_number(found["high"]),
        n=int(found["n"]),
        normalized=read_number(record["normalized"]),
        control_ratio=read_number(record["control_ratio"]),
        is_validation=str(record.get("test_set_node", "")) in validation,
        higher_is_better=bool(found.get("higher_is_better", True)),
    )


def _keep_first(cells: Iterable[Figure]) -> tuple[Figure, ...]:
    """Return each cell once: several searches measure one base on the same data."""
    kept: dict[tuple[str, str, str], Figure] = {}
    for cell in cells:
        kept.setdefault((cell.model, cell.test_set, cell.metric), cell)
    return tuple(kept.values())


def _tr(text: str) -> str:
    return QCoreApplication.translate("figure_cells", text)
