"""What a run says of its nodes."""

from dataclasses import replace
from pathlib import Path
from shutil import copytree

import pytest
from PySide6.QtCore import QTranslator

from app.canvas.node_card import describe_node
from app.canvas.node_state import StateKind
from app.check_lane import AdapterFacts, CheckSummary, summarise_verdict
from app.node_marks import gather_facts, mark_nodes, shorten_facts
from app.run_progress import RunProgress, describe_event
from engine.document.model import Document, Node, NodeId
from engine.evaluation.measurement import Measurement
from engine.events import MetricMeasured, StrengthChosen
from engine.planning.check import check_document
from tests.app.live_graph import MODELS

MEASURE, OTHER = NodeId("measure"), NodeId("other")
DOCUMENT = Document("Two", {MEASURE: Node("evaluate"), OTHER: Node("negate")})
DAY = "2026-03-01T12:00:00+01:00"


class Shouting(QTranslator):
    """Translates every text that is offered for translation: into capitals."""

    def isEmpty(self):  # noqa: N802  (Qt's name)
        return False

    def translate(self, _context, text, _disambiguation=None, _count=-1):
        return text.replace("left", "LEFT").replace("running", "RUNNING").replace(" s", " S")


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


def test_what_a_running_node_says_can_be_translated(qapp):
    run = RunProgress(1, DOCUMENT, Path(), bytes_planned=4, bytes_done=1, rest_seconds=6.0, working=(MEASURE,))
    assert mark_nodes(DOCUMENT, run, frozenset())[MEASURE].words == "running, 25%, 6 s left"
    translator = Shouting()
    qapp.installTranslator(translator)
    try:
        assert mark_nodes(DOCUMENT, run, frozenset())[MEASURE].words == "RUNNING, 25%, 6 S LEFT"
    finally:
        qapp.removeTranslator(translator)


def test_the_log_says_when_a_figure_was_measured():
    assert describe_event(told(DAY), {MEASURE: "Check"}) == (
        "Check: edit on digits: accuracy 0.5 (n = 10), measured 2026-03-01 by an earlier run"
    )
    assert describe_event(told(""), {}).endswith("(n = 10)")


def test_a_search_shows_what_it_has_chosen_and_how_that_does():
    """Not the figures of the models that it compares with, nor those of the strengths that it did not choose."""
    tried = [
        MetricMeasured(MEASURE, "Base", "digits", Measurement("accuracy", 0.1, 10, 0.0, 0.2, higher_is_better=True)),
        MetricMeasured(MEASURE, "Edit", "digits", Measurement("accuracy", 0.2, 10, 0.0, 0.4, higher_is_better=True), strength=0.5),
        MetricMeasured(MEASURE, "Edit", "digits", Measurement("accuracy", 0.3, 10, 0.0, 0.5, higher_is_better=True), strength=0.6),
    ]
    run = RunProgress(1, DOCUMENT, Path(), measured=tuple(tried), chosen=(StrengthChosen(MEASURE, "0.6", "best_target"),), ending="done")
    facts = gather_facts(DOCUMENT, None, run, frozenset())
    assert facts[MEASURE] == (
        ("Strength chosen (λ)", "0.6"),
        ("accuracy of Base on digits", "0.100"),
        ("accuracy of Edit on digits", "0.300"),
    )
    assert shorten_facts(facts) == {MEASURE: "λ = 0.6"}


def test_a_search_that_goes_on_tells_no_figure_of_what_it_compares_with():
    document = Document("One", {MEASURE: Node("strength_search")})
    tried = (told(DAY), MetricMeasured(MEASURE, "Edit", "digits", told("").measurement, strength=0.5))
    facts = gather_facts(document, None, RunProgress(1, document, Path(), measured=tried), frozenset())
    assert facts[MEASURE] == ()
    assert shorten_facts(facts) == {}


def test_a_run_that_reads_nothing_is_told_as_cached():
    run = RunProgress(1, DOCUMENT, Path(), measured=(told(DAY), told(DAY)), bytes_planned=100)
    assert run.is_cached
    for other in (replace(run, bytes_done=1), replace(run, measured=(told(DAY), told(""))), replace(run, measured=())):
        assert not other.is_cached


def test_an_adapter_tells_its_rank_and_how_much_it_changes():
    node = next(iter(DOCUMENT.nodes))
    found = AdapterFacts(("rank 8", "alpha 16"), 24)
    summary = CheckSummary((), formulas={}, parameters={node: 1000}, adapters={node: found})
    facts = gather_facts(DOCUMENT, summary, None, frozenset())
    assert facts[node] == (("Parameters", "1,000"), ("Tensors changed", "24"), ("Adapter", "rank 8, alpha 16"))
    assert shorten_facts(facts)[node] == "rank 8, alpha 16"


def test_a_series_tells_how_many_checkpoints_it_has():
    node = next(iter(DOCUMENT.nodes))
    facts = gather_facts(DOCUMENT, CheckSummary((), formulas={}, parameters={}, steps={node: (500, 1000, 1500)}), None, frozenset())
    assert facts[node] == (("Checkpoints", "3 (500 to 1,500)"),)
    assert shorten_facts(facts)[node] == "3 checkpoints (500 to 1,500)"


def test_a_series_counts_the_checkpoints_that_can_be_read(tmp_path):
    training = copytree(MODELS / "diag-series", tmp_path / "training")
    document = Document("Training", {MEASURE: Node("series", {"source": "training"})})

    def tell():
        return gather_facts(document, summarise_verdict(check_document(document, tmp_path)), None, frozenset())[MEASURE]

    assert tell() == (("Checkpoints", "5 (10 to 100)"),)
    (training / "checkpoint-100" / "model.safetensors").unlink()
    assert tell() == (("Checkpoints", "4 (10 to 75)"),)
    for rest in training.glob("*/model.safetensors"):
        rest.unlink()
    assert tell() == ()


def test_a_search_that_was_stopped_tells_its_best_so_far():
    document = Document("Search", {MEASURE: Node("strength_search")})
    stopped = StrengthChosen(MEASURE, "0.5, 0.25", "best_target", is_final=False)
    facts = gather_facts(document, None, RunProgress(1, document, Path(), chosen=(stopped,), ending="stopped"), frozenset())
    assert facts[MEASURE] == (("Best strength so far (λ)", "0.5, 0.25"),)
    assert shorten_facts(facts)[MEASURE] == "λ = 0.5, 0.25 so far"


def test_an_export_says_where_it_writes_to_in_its_user_s_words_once_checked_too():
    document = Document("Export", {OTHER: Node("export_checkpoint", {"folder": "out1"})})
    summary = CheckSummary((), formulas={}, parameters={}, targets={OTHER: Path("/home/me/a/out1")})
    facts = gather_facts(document, summary, None, frozenset())
    assert facts[OTHER] == (("Writes to", str(Path("/home/me/a/out1"))),)
    assert describe_node(document, OTHER, shorten_facts(facts).get(OTHER, "")).subtitle == "out1"


@pytest.mark.parametrize(("typed", "shown"), [("runs/one", "runs/one"), ("all/runs/one", "…/runs/one"), ("/home/me/one", "…/me/one")])
def test_of_a_long_folder_an_export_shows_the_end(typed, shown):
    document = Document("Export", {OTHER: Node("export_vector", {"folder": typed, "dtype": "float16"})})
    assert describe_node(document, OTHER).subtitle == f"{shown} · float16"
