"""Metrics that were measured elsewhere, read from a CSV: the report shows them beside its own and says where they come from."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from pathlib import Path

from engine.errors import EvaluationError
from engine.evaluation.measurement import Measurement
from engine.evaluation.tasks import LOWER_IS_BETTER
from engine.execution.result import CheckpointRole, MetricRecord

_REQUIRED = ("checkpoint", "test_set", "metric", "value")
_COLUMNS = "checkpoint, test_set, metric, value, and if known n, low, high, role, higher_is_better"
_ROLES: Mapping[str, CheckpointRole] = {"base": "base", "reference": "reference", "edited": "edited", "random control": "random control"}


def read_measured_metrics(path: Path) -> tuple[MetricRecord, ...]:
    """Return the rows of a CSV as figures.

    Columns: checkpoint, test_set, metric, value; n, low and high (a 95 % interval), role and higher_is_better may be missing.

    Raises:
        EvaluationError: the file can't be read, lacks a column, or holds what is no number.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            missing = [name for name in _REQUIRED if name not in (reader.fieldnames or ())]
            if missing:
                fact = f"{path} has no column {', '.join(missing)}."
                raise EvaluationError(fact, f"The columns are {_COLUMNS}.")
            return tuple(_read_row(path, reader.line_num, row) for row in reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        fact = f"{path} can't be read as a CSV: {error}."
        raise EvaluationError(fact, "Save it as CSV in UTF-8.") from error


def _read_row(path: Path, number: int, row: Mapping[str, str | None]) -> MetricRecord:
    value = _read_number(path, number, row, "value")
    metric = row["metric"] or ""
    better = (row.get("higher_is_better") or "").strip().lower()
    figure = Measurement(
        metric=metric,
        value=value if value is not None else math.nan,
        n=int(_read_number(path, number, row, "n") or 0),
        low=_or_nan(_read_number(path, number, row, "low")),
        high=_or_nan(_read_number(path, number, row, "high")),
        higher_is_better=better in ("true", "yes", "1") if better else metric not in LOWER_IS_BETTER,
        interval="as given in the file",
    )
    role = _ROLES.get((row.get("role") or "").strip(), "other")
    return MetricRecord(row["checkpoint"] or "", role, row["test_set"] or "", figure, source=str(path))


def _read_number(path: Path, number: int, row: Mapping[str, str | None], name: str) -> float | None:
    text = (row.get(name) or "").strip()
    if not text and name != "value":
        return None
    try:
        found = float(text)
    except ValueError as error:
        fact = f"{path}, line {number}: {name} is “{text}”, which is no number."
        raise EvaluationError(fact, "Write numbers with a point, as 0.93.") from error
    if math.isnan(found) or (name == "n" and not (found.is_integer() and found >= 0)):
        fact = f"{path}, line {number}: {name} is “{text}”, which is no {'count' if name == 'n' else 'number'}."
        raise EvaluationError(fact, "Leave empty what is not known, except value.")
    return found


def _or_nan(number: float | None) -> float:
    return math.nan if number is None else number
