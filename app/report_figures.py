"""The figures of a run as the Metrics panel shows them: from its report.json, or from what it has told so far."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from app.figure_cells import Figure, gather_cells, read_cells
from app.report_angles import Angles, read_angles
from app.report_values import Record, read_list, read_number, read_records
from app.sweeps import SUBSET_MODES, Curve, Sweep, gather_sweep, normalize
from engine.differences import BoundedFigure
from engine.document.model import Document, NodeId
from engine.errors import ReadError
from engine.events import MetricMeasured, StrengthChosen, StrengthTried
from engine.subset_scores import Trial

REPORT_NAME = "report.json"


@dataclass(frozen=True)
class Figures:
    """Hold everything that was measured in a run."""

    title: str = ""
    cells: tuple[Figure, ...] = ()
    sweeps: tuple[Sweep, ...] = ()
    angles: tuple[Angles, ...] = ()
    """What Similarity nodes found; only a report has them."""
    started_at: float = math.nan
    """When the run began that wrote the report, in whole seconds since 1970; NaN of what a run has told."""
    trying: str = ""
    """The search that tries strengths now; empty where none does."""

    def of_another_graph(self, title: str) -> Figures:
        """Return the figures of a run of another graph than the open one, with another title: no node of this one was measured."""
        return replace(self, title=title, sweeps=tuple(replace(sweep, is_own=False) for sweep in self.sweeps))


def read_figures(folder: Path, document: Document) -> Figures:
    """Return the figures of an export's report.json; the document is what was run.

    Raises:
        ReadError: there is no such file, or it is no report of ours.
    """
    path = folder / REPORT_NAME
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
        cells = read_cells(report)
        angles = tuple(read_angles(record, document) for record in report.get("similarities", []))
        sweeps = tuple(_read_sweep(record, document) for record in report["searches"])
        started_at = datetime.fromisoformat(report["conditions"]["started_at"]).timestamp()
        return Figures(str(report["title"]), cells, sweeps, angles, started_at)
    except (OSError, IndexError, ValueError, KeyError, TypeError, AttributeError) as error:
        fact = f"{path} can’t be read as a report: {error}."
        raise ReadError(fact, "Run the graph again to write it anew.") from error


def gather_figures(
    document: Document, measured: Sequence[MetricMeasured], tried: Sequence[StrengthTried], chosen: Sequence[StrengthChosen]
) -> Figures:
    """Return the figures that a run of a document has told so far."""
    nodes = dict.fromkeys(event.node for event in measured if event.strength is not None)
    cells = gather_cells(document, measured, tried, chosen)
    choices = {choice.node: choice for choice in chosen}
    sweeps = tuple(gather_sweep(document, node, measured, tried, choices.get(node)) for node in nodes)
    # One before it that has no choice has failed.
    last = next(reversed(nodes), "")
    return Figures(document.title, cells, sweeps, trying="" if last in choices else last)


def _read_sweep(record: Record, document: Document) -> Sweep:
    points, names = read_records(record["points"]), tuple(map(str, read_list(record.get("vector_names", []))))
    places = [float(number) if names else read_number(point["strength"]) for number, point in enumerate(points)]
    choice = tuple(map(read_number, read_list(record.get("chosen_strengths", [])))) or (read_number(record["chosen"]),)
    trials = tuple(_read_trial(point, read_records(record.get("references", [])), len(names)) for point in points) if names else ()
    chosen = [place for place, trial in zip(places, trials, strict=bool(names)) if trial.strengths == choice]
    method = str(record.get("method", ""))
    return Sweep(
        node=NodeId(str(record["node"])),
        curves=(*_read_curves(record, "target", places), *_read_curves(record, "control", places)),
        chosen=next(iter(chosen), math.nan) if names else choice[0],
        limit=read_number(record["limit"]),
        choice=choice,
        mode=(method if method in SUBSET_MODES else "each") if names else "one",
        vector_names=names,
        trials=trials,
        is_normalized=bool(record.get("is_normalized")),
        higher_is_better=bool(record.get("is_normalized")) or _is_higher_better(points),
        metric=_read_metric([figure for point in points for figure in read_list(point["targets"])]).removesuffix(", "),
        is_inverted=bool(record.get("is_normalized")) and not _is_higher_better(points),
        document=document,
    )


def _read_curves(record: Record, role: str, places: Sequence[float]) -> Iterator[Curve]:
    points = read_records(record["points"])
    for index, name in enumerate(read_list(record[f"{role}_names"])):
        found = [read_list(point[f"{role}s"])[index] for point in points]
        named = f"{_read_metric(found)}{name}"
        yield Curve(named, tuple(zip(places, map(_read_figure, found), strict=True)), role == "control")


def _read_trial(point: Record, references: Sequence[Record], vectors: int) -> Trial:
    targets = read_records(point["targets"])
    pairs = zip(targets, references, strict=True) if len(targets) == len(references) == vectors else ()
    own = tuple(
        normalize(read_number(figure["value"]), read_number(reference["value"]), higher_is_better=bool(figure["higher_is_better"]))
        for figure, reference in pairs
    )
    strengths, score = tuple(map(read_number, read_list(point["strengths"]))), read_number(point["score"])
    return Trial(strengths, score, own, tuple(map(_read_bounded, targets)), qualifies=bool(point["qualifies"]))


def _read_bounded(record: Record) -> BoundedFigure:
    bounds = (read_number(record[name]) for name in ("value", "low", "high"))
    return BoundedFigure(*bounds, n=int(str(record["n"])))


def _is_higher_better(points: Sequence[Record]) -> bool:
    return all(figure.get("higher_is_better", True) for point in points for figure in read_records(point["targets"]))


def _read_metric(figures: Sequence[object]) -> str:
    """Return what a curve's figures are of, to stand before its name as in a run; empty in reports that do not tell."""
    metrics = (str(figure["metric"]).replace("_", " ") for figure in figures if isinstance(figure, Mapping) and "metric" in figure)
    return next((f"{metric}, " for metric in metrics), "")


def _read_figure(found: object) -> float:
    return read_number(found["value"] if isinstance(found, Mapping) else found)
