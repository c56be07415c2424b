"""What a run says of its nodes."""

from pathlib import Path

import pytest

from app.canvas.node_state import StateKind
from app.node_marks import mark_nodes
from app.run_progress import RunProgress, describe_event
from engine.document.model import Document, Node, NodeId
from engine.evaluation.measurement import Measurement
from engine.events import MetricMeasured

MEASURE, OTHER = NodeId("measure"), NodeId("other")
DOCUMENT = Document("Two", {MEASURE: Node("evaluate"), OTHER: Node("negate")})
DAY = "2026-03-01T12:00:00+01:00"


def told(measured_at, node=MEASURE):
    figure = Measurement("accuracy", 0.5, 10, 0.4, 0.6, higher_is_better=True, measured_at=measured_at)
    return MetricMeasured(node, "edit", "digits", figure)


@pytest.mark.parametrize(
    ("days", "kind", "text"),
    [
        ((), StateKind.DONE, ""),
        (("",), StateKind.DONE, ""),
        ((DAY, ""), StateKind.DONE, ""),
        ((DAY,), StateKind.CACHED, "measured 2026-03-01, nothing has changed since"),
        ((DAY, "2026-03-04T01:00:00+01:00"), StateKind.CACHED, "measured 2026-03-01 to 2026-03-04, nothing has changed since"),
    ],
)
def test_a_node_counts_as_cached_when_all_its_figures_are(days, kind, text):
    run = RunProgress(1, DOCUMENT, Path(), measured=tuple(told(day) for day in days), ending="done")
    marks = mark_nodes(DOCUMENT, run, frozenset())
    assert (marks[MEASURE].kind, marks[MEASURE].text) == (kind, text)
    assert marks[OTHER].kind is StateKind.DONE


def test_the_log_says_when_a_figure_was_measured():
    assert describe_event(told(DAY), {MEASURE: "Check"}) == (
        "Check: edit on digits: accuracy 0.5 (n = 10), measured 2026-03-01 by an earlier run"
    )
    assert describe_event(told(""), {}).endswith("(n = 10)")
