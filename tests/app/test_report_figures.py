"""Figures are read from the report as they were written, and gathered from events while a run goes on."""

import json
import math

import pytest

from app.report_figures import gather_figures, read_figures
from app.sweeps import Curve
from engine.document.model import Document
from engine.errors import ReadError
from engine.evaluation.measurement import Measurement
from engine.events import MetricMeasured, StrengthChosen


def measure(value, metric="accuracy"):
    return Measurement(metric, value, 100, value - 0.1, value + 0.1, higher_is_better=True)


def write_report(folder):
    figure = {"metric": "accuracy", "value": 0.5, "n": 10, "low": 0.2, "high": 0.8, "higher_is_better": True}
    cell = {"checkpoint": "Edited", "test_set": "Digits", "measurement": figure, "normalized": 0.9, "control_ratio": None}
    point = {"strength": 0.5, "targets": [figure], "controls": [{**figure, "value": "Infinity"}]}
    search = {
        "node": "search",
        "points": [point],
        "target_names": ["Digits"],
        "control_names": ["Plain"],
        "chosen": 0.5,
        "limit": None,
    }
    conditions = {"started_at": "1970-01-02T02:00:05+02:00"}
    (folder / "report.json").write_text(json.dumps({"title": "T", "metrics": [cell], "searches": [search], "conditions": conditions}))


def test_report_gives_cells_and_curves(tmp_path):
    write_report(tmp_path)
    figures = read_figures(tmp_path, Document())
    (cell,) = figures.cells
    assert (cell.model, cell.value, cell.n, cell.normalized) == ("Edited", 0.5, 10, 0.9)
    assert math.isnan(cell.control_ratio)
    (sweep,) = figures.sweeps
    assert sweep.curves == (Curve("accuracy, Digits", ((0.5, 0.5),)), Curve("accuracy, Plain", ((0.5, math.inf),), is_control=True))
    assert math.isnan(sweep.limit)
    assert figures.started_at == 24 * 3600 + 5


@pytest.mark.parametrize("content", [None, "", "[]", "{}", '{"title": 1, "metrics": [1], "searches": []}'])
def test_what_is_no_report_says_so(tmp_path, content):
    if content is not None:
        (tmp_path / "report.json").write_text(content)
    with pytest.raises(ReadError, match=r"report\.json"):
        read_figures(tmp_path, Document())


def test_events_of_a_search_become_a_curve_and_the_rest_the_table():
    measured = [MetricMeasured("s", "Edited", "Digits", measure(value), strength) for strength, value in ((0.5, 0.8), (0.0, 0.3))]
    measured.append(MetricMeasured("e", "Edited", "Digits", measure(0.7)))
    figures = gather_figures(Document("T"), measured, [], [StrengthChosen("s", "0.5", "best_target")])
    assert figures.sweeps[0].curves == (Curve("accuracy, Digits", ((0.0, 0.3), (0.5, 0.8))),)
    assert figures.sweeps[0].chosen == 0.5
    assert [(cell.model, cell.value) for cell in figures.cells] == [("Edited", 0.7)]
