"""What a search tells event by event becomes curves and tries, as its report has them afterwards."""

import math
from dataclasses import replace

import pytest

from app.panels.sweep_plot import plot_tries
from app.report_figures import gather_figures, read_figures
from app.sweeps import tell_score
from engine.document.model import Document, Node, NodeId, PortRef, Wire
from engine.evaluation.measurement import Measurement
from engine.events import MetricMeasured, StrengthChosen, StrengthTried
from engine.planning.check import check_document
from engine.resources import resource_path

SAMPLE = resource_path("sample")


def measure(value, metric="accuracy", *, higher_is_better=True):
    return Measurement(metric, value, 100, value - 0.1, value + 0.1, higher_is_better=higher_is_better)


def make_document(mode="each", **parameters):
    nodes = {
        "base": Node("checkpoint", label="Base"),
        "a": Node("task_vector", label="A"),
        "b": Node("task_vector", label="B"),
        "ma": Node("checkpoint", label="Tuned A"),
        "mb": Node("checkpoint", label="Tuned B"),
        "va": Node("test_set", label="Set A"),
        "vb": Node("test_set", label="Set B"),
        "s": Node("strength_search", {"strengths": mode, **parameters}, label="Search"),
    }
    wires = ["base.checkpoint s.base", "a.vector s.vectors", "b.vector s.vectors", "va.test_set s.targets", "vb.test_set s.targets"]
    wires += ["ma.checkpoint s.references", "mb.checkpoint s.references"]
    return Document("T", {NodeId(name): node for name, node in nodes.items()}, tuple(Wire(*map(PortRef.parse, w.split())) for w in wires))


def tell(values, strengths=None, checkpoint="Search"):
    mean = sum(strengths) / len(strengths) if strengths else None
    return [
        MetricMeasured("s", checkpoint, name, measure(value), mean, strengths or ())
        for name, value in zip(("Set A", "Set B"), values, strict=True)
    ]


EVENTS = [
    *tell((0.8, 0.1), checkpoint="Tuned A"),
    *tell((0.2, 0.5), checkpoint="Tuned B"),
    *tell((0.1, 0.1), checkpoint="Base"),
    *tell((0.4, 0.2), (0.5, 0.0)),
    *tell((0.4, 0.4), (0.5, 0.5)),
]


def test_tries_are_numbered_from_the_base_and_scored_by_the_references():
    (sweep,) = gather_figures(make_document(), EVENTS, [], [StrengthChosen("s", "0.5, 0.5", "best_target")]).sweeps
    assert sweep.curves[0].points == ((0, 0.1), (1, 0.4), (2, 0.4))
    assert (sweep.chosen, sweep.choice, sweep.vector_names) == (2, (0.5, 0.5), ("A", "B"))
    assert sweep.trials[2].own == pytest.approx((0.5, 0.8))
    assert sweep.trials[2].score == pytest.approx(0.65)
    assert sweep.is_normalized


def test_while_a_search_goes_on_the_best_so_far_is_marked_and_it_is_told_to_be_trying():
    tried = [StrengthTried("s", (0.5, 0.0), True, True), StrengthTried("s", (0.5, 0.5), True, True), StrengthTried("s", (1.0, 1.0), True)]
    figures = gather_figures(make_document(), [*EVENTS, *tell((0.1, 0.1), (1.0, 1.0))], tried, [])
    (sweep,) = figures.sweeps
    assert (figures.trying, sweep.best, sweep.chosen, sweep.choice) == ("s", (0.5, 0.5), 2, ())
    assert plot_tries(sweep, "").mark_name == "best so far λ = 0.5, 0.5"
    ended = gather_figures(make_document(), EVENTS, tried[:2], [StrengthChosen("s", "0.5, 0.5", "best_target")])
    assert (ended.trying, ended.sweeps[0].best) == ("", ())
    assert plot_tries(ended.sweeps[0], "").mark_name == "chosen λ = 0.5, 0.5"


def test_the_score_says_what_it_is_and_which_way_is_better():
    def sweep(*metric, references=True):
        events = [e for e in EVENTS if references or e.checkpoint in ("Base", "Search")]
        better = metric != ("perplexity",)
        events = [replace(e, measurement=measure(e.measurement.value, *metric, higher_is_better=better)) for e in events]
        return gather_figures(make_document(), events, [], []).sweeps[0]

    assert tell_score(sweep("macro_f1")) == "macro f1 ÷ the reference’s; higher is better"
    assert tell_score(sweep("perplexity")) == "the reference’s perplexity ÷ the model’s; higher is better"
    assert tell_score(sweep("perplexity", references=False)) == "perplexity; lower is better"
    assert sweep("perplexity").trials[-1].score == pytest.approx((0.2 / 0.4 + 0.1 / 0.4) / 2)


def test_a_try_that_is_half_measured_has_no_score_yet():
    (sweep,) = gather_figures(make_document(), [*EVENTS, tell((0.9, 0.9), (1.0, 1.0))[0]], [], []).sweeps
    assert math.isnan(sweep.trials[-1].score)
    assert (sweep.choice, math.isnan(sweep.chosen)) == ((), True)


def test_one_strength_is_drawn_over_itself_with_the_base_at_zero_and_test_data_in_the_table():
    events = [*EVENTS[4:6], *tell((0.4, 0.2), (0.5,)), MetricMeasured("s", "Search", "Test A", measure(0.9), 0.5)]
    events = [MetricMeasured(e.node, e.checkpoint, e.test_set, e.measurement, e.strength) for e in events]
    figures = gather_figures(make_document("one"), events, [], [])
    assert figures.sweeps[0].curves[0].points == ((0, 0.1), (0.5, 0.4))
    assert [cell.test_set for cell in figures.cells] == ["Set A", "Set B", "Test A"]


def test_the_report_says_the_same_as_the_events(tmp_path):
    from engine.execution.stop import Stop
    from engine.report.publish import run_plan

    sources = {"base": "base", "ma": "diag", "mb": "dots", "va": "diag", "vb": "dots"}
    document = make_document("subsets", start=0.5, stop=1, step=0.5)
    nodes = dict(document.nodes)
    for name, source in sources.items():
        folder, ending = ("models", "") if name in ("base", "ma", "mb") else ("data", "-validation.npz")
        parameters = {"source": str(SAMPLE / folder / f"{source}{ending}")} | ({"limit": 40, "split": "validation"} if ending else {})
        nodes[NodeId(name)] = Node(nodes[NodeId(name)].operation, parameters, nodes[NodeId(name)].label)
    nodes[NodeId("out")] = Node("export_checkpoint", {"folder": "out"})
    more = ["ma.checkpoint a.tuned", "mb.checkpoint b.tuned", "base.checkpoint a.base", "base.checkpoint b.base"]
    more += ["s.checkpoint out.checkpoint", "s.metrics out.metrics"]
    document = Document("T", nodes, (*document.wires, *(Wire(*map(PortRef.parse, wire.split())) for wire in more)))
    verdict = check_document(document, tmp_path)
    assert not verdict.problems
    events = []
    run_plan(verdict.plan, events.append, Stop())
    kinds = (MetricMeasured, StrengthTried, StrengthChosen)
    measured, tried, chosen = ([event for event in events if isinstance(event, kind)] for kind in kinds)
    (live,) = gather_figures(document, measured, tried, chosen).sweeps
    (kept,) = read_figures(tmp_path / "out", document).sweeps
    assert [curve.points for curve in live.curves] == [curve.points for curve in kept.curves]
    assert live.trials == kept.trials
    assert (live.chosen, live.choice, live.mode, live.vector_names) == (kept.chosen, kept.choice, kept.mode, kept.vector_names)
    assert (live.is_normalized, live.higher_is_better) == (kept.is_normalized, kept.higher_is_better)
