"""The figures of a run as the Metrics panel shows them: from its report.json, or from what it has told so far."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.errors import ReadError
from engine.events import MetricMeasured, StrengthChosen

REPORT_NAME = "report.json"


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


@dataclass(frozen=True)
class Curve:
    """Hold how one metric changes with the strength."""

    name: str
    points: tuple[tuple[float, float], ...]
    """(strength, figure), in ascending strength; where every vector has its own strength, (number of the try, figure)."""
    is_control: bool = False


@dataclass(frozen=True)
class Sweep:
    """Hold the curves of one strength search."""

    title: str
    curves: tuple[Curve, ...]
    chosen: float = math.nan
    limit: float = math.nan
    """What the rule asks of the first control; NaN where it asks nothing."""


@dataclass(frozen=True)
class Figures:
    """Hold everything that was measured in a run."""

    title: str = ""
    cells: tuple[Figure, ...] = ()
    sweeps: tuple[Sweep, ...] = ()


def read_figures(folder: Path) -> Figures:
    """Return the figures of an export's report.json.

    Raises:
        ReadError: there is no such file, or it is no report of ours.
    """
    path = folder / REPORT_NAME
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
        cells = tuple(_read_cell(record) for record in report["metrics"])
        return Figures(str(report["title"]), cells, tuple(_read_sweep(record) for record in report["searches"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        fact = f"{path} can’t be read as a report: {error}."
        raise ReadError(fact, "Run the graph again to write it anew.") from error


def gather_figures(title: str, measured: Sequence[MetricMeasured], chosen: Sequence[StrengthChosen]) -> Figures:
    """Return the figures that a run has told so far."""
    cells = tuple(_make_cell(event) for event in measured if event.strength is None)
    nodes = dict.fromkeys(event.node for event in measured if event.strength is not None)
    choices = {choice.node: choice.strength for choice in chosen}
    sweeps = tuple(_gather_sweep(node, [event for event in measured if event.node == node], choices.get(node, "")) for node in nodes)
    return Figures(title, cells, sweeps)


def _gather_sweep(node: str, events: Sequence[MetricMeasured], choice: str) -> Sweep:
    tried = list(dict.fromkeys(event.strengths for event in events if event.strengths))
    curves = _gather_curves(events, tried)
    if not tried:
        return Sweep(node, curves, float(choice) if _is_number(choice) else math.nan)
    chosen = [place for place, strengths in enumerate(tried, 1) if ", ".join(f"{each:g}" for each in strengths) == choice]
    return Sweep(node, curves, chosen[0] if chosen else math.nan)


def _gather_curves(events: Iterable[MetricMeasured], tried: Sequence[tuple[float, ...]]) -> tuple[Curve, ...]:
    points: dict[str, dict[float, float]] = {}
    for event in events:
        if event.strength is not None:
            name = f"{event.measurement.metric.replace('_', ' ')}, {event.test_set}"
            place = tried.index(event.strengths) + 1 if event.strengths else event.strength
            points.setdefault(name, {})[place] = event.measurement.value
    return tuple(Curve(name, tuple(sorted(found.items()))) for name, found in points.items())


def _make_cell(event: MetricMeasured) -> Figure:
    found = event.measurement
    return Figure(event.checkpoint, event.test_set, found.metric, found.value, found.low, found.high, found.n)


def _read_cell(record: Mapping[str, object]) -> Figure:
    found = record["measurement"]
    if not isinstance(found, Mapping):
        raise TypeError(found)
    return Figure(
        model=str(record["checkpoint"]),
        test_set=str(record["test_set"]),
        metric=str(found["metric"]),
        value=_number(found["value"]),
        low=_number(found["low"]),
        high=_number(found["high"]),
        n=int(found["n"]),
        normalized=_number(record["normalized"]),
        control_ratio=_number(record["control_ratio"]),
    )


def _read_sweep(record: Mapping[str, object]) -> Sweep:
    points, chosen = record["points"], _number(record["chosen"])
    if not isinstance(points, list):
        raise TypeError(points)
    places = [_number(point["strength"]) for point in points]
    if record.get("vector_names"):
        chosen = next((place for place, point in enumerate(points) if point["strengths"] == record["chosen_strengths"]), math.nan)
        places = list(map(float, range(len(points))))
    curves = [
        Curve(str(name), tuple((place, _pick(point[side], index)) for place, point in zip(places, points, strict=True)), side == "controls")
        for side, names in (("targets", record["target_names"]), ("controls", record["control_names"]))
        for index, name in enumerate(names if isinstance(names, list) else [])
    ]
    return Sweep(str(record["node"]), tuple(curves), chosen, _number(record["limit"]))


def _pick(figures: Sequence[object], index: int) -> float:
    found = figures[index]
    return _number(found["value"] if isinstance(found, Mapping) else found)


def _number(figure: object) -> float:
    """Return a figure of the report; null is NaN, infinity is spelled out."""
    return math.nan if figure is None else float(str(figure))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
