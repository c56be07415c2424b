"""Figures are read from the report as they were written, and gathered from events while a run goes on."""

import json
import math

import pytest

from app.report_figures import gather_figures, read_figures
from app.sweeps import Curve
from engine.document.model import Document, Node, NodeId, PortRef, Wire
from engine.errors import ReadError
from engine.evaluation.measurement import Measurement
from engine.events import MetricMeasured, StrengthChosen, StrengthTried

V, S = NodeId("v"), NodeId("s")
SEARCH_GRAPH = Document(
    "T",
    {V: Node("test_set", {"split": "validation"}, "Digits"), NodeId("t"): Node("test_set", label="Last"), S: Node("strength_search")},
    (Wire(PortRef(V, "test_set"), PortRef(S, "targets")),),
)


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
    measured.append(MetricMeasured("e", "Other", "Digits", measure(0.7)))
    figures = gather_figures(Document("T"), measured, [], [StrengthChosen("s", "0.5", "best_target")])
    assert figures.sweeps[0].curves == (Curve("accuracy, Digits", ((0.0, 0.3), (0.5, 0.8))),)
    assert figures.sweeps[0].chosen == 0.5
    assert [(cell.model, cell.value) for cell in figures.cells] == [("Edited", 0.8), ("Other", 0.7)]


@pytest.mark.parametrize(("chosen", "trying"), [((), "later"), (("first",), "later"), (("later",), ""), (("first", "later"), "")])
def test_the_last_search_is_trying_until_it_chooses_also_after_one_that_failed(chosen, trying):
    measured = [MetricMeasured(node, node, "Digits", measure(0.8), 0.5) for node in ("first", "later")]
    figures = gather_figures(Document("T"), measured, [], [StrengthChosen(node, "0.5", "best_target") for node in chosen])
    assert figures.trying == trying


def tell_search():
    yield MetricMeasured(S, "Base", "Digits", measure(0.3))
    for strength, value in ((0.5, 0.8), (1.0, 0.6)):
        yield MetricMeasured(S, "Search", "Digits", measure(value), strength)


def test_what_a_search_has_found_so_far_stands_in_the_table_as_validation_data():
    measured = list(tell_search())
    tried = [StrengthTried(S, (0.5,), qualifies=True, is_best=True), StrengthTried(S, (1.0,), qualifies=True)]
    last = MetricMeasured(S, "Search", "Last", measure(0.7), 0.5)
    for chosen, name in (
        ([], "Search, best so far"),
        ([StrengthChosen(S, "0.5", "best_target", is_final=False)], "Search, best so far"),
        ([StrengthChosen(S, "0.5", "best_target")], "Search"),
    ):
        cells = gather_figures(SEARCH_GRAPH, [*measured, last], tried, chosen).cells
        assert [(cell.model, cell.test_set, cell.value, cell.is_validation) for cell in cells] == [
            ("Base", "Digits", 0.3, True),
            (name, "Digits", 0.8, True),
            ("Search", "Last", 0.7, False),
        ]


@pytest.mark.parametrize(("tests", "more"), [([], ["Base", "Search"]), (["one"], [])])
def test_of_a_search_without_test_data_the_report_gives_the_validation_figures(tmp_path, tests, more):
    write_report(tmp_path)
    report = json.loads((tmp_path / "report.json").read_text())
    (cell,), (search,) = report["metrics"], report["searches"]
    search |= {
        "tests": tests,
        "validation": [{**cell, "checkpoint": name, "test_set": "Tried", "test_set_node": "v"} for name in ("Base", "Search", "Base")],
    }
    report["test_sets"] = [{"node": "v", "split": "validation"}, {"node": "t", "split": "test"}]
    (tmp_path / "report.json").write_text(json.dumps(report))
    cells = read_figures(tmp_path, Document()).cells
    assert [(cell.model, cell.is_validation) for cell in cells] == [("Edited", False), *((name, True) for name in more)]
