"""A search run from the window: its points come while it goes on, a stop keeps the best so far, and one button uses it."""

import pytest

from app.run_progress import RunProgress
from engine.document.model import Document, Node, NodeId, PortRef, Wire
from engine.evaluation.measurement import Measurement
from engine.events import MetricMeasured, StrengthTried
from engine.resources import resource_path

PATIENCE = 60_000
SAMPLE = resource_path("sample")


@pytest.fixture
def window(make_window, tmp_path):
    nodes = {
        "base": Node("checkpoint", {"source": str(SAMPLE / "models" / "base")}),
        "tuned": Node("checkpoint", {"source": str(SAMPLE / "models" / "diag")}),
        "tau": Node("task_vector"),
        "apply": Node("apply", {"strength": 0.3}, "By hand"),
        "validation": Node("test_set", {"source": str(SAMPLE / "data" / "diag-validation.npz"), "split": "validation"}, "Stripes"),
        "search": Node("strength_search", {"step": 0.005}, "Search"),
        "out": Node("export_checkpoint", {"folder": "exported"}),
    }
    wires = ["tuned.checkpoint tau.tuned", "base.checkpoint tau.base", "base.checkpoint apply.base", "tau.vector apply.vector"]
    wires += ["base.checkpoint search.base", "tau.vector search.vectors", "validation.test_set search.targets"]
    wires += ["search.checkpoint out.checkpoint", "search.metrics out.metrics"]
    made = make_window()
    parsed = tuple(Wire(*map(PortRef.parse, wire.split())) for wire in wires)
    made.session.new(Document("Search", {NodeId(name): node for name, node in nodes.items()}, parsed))
    made.session.save(tmp_path / "search.loom")
    made.open_workbench()
    return made


def test_points_come_live_and_a_stopped_search_offers_its_best(window, qtbot):
    bench, searches = window.workbench, window.workbench.metrics.searches
    with qtbot.waitSignal(bench.checker.changed, timeout=PATIENCE, check_params_cb=lambda: bench.checker.summary is not None):
        bench.checker.check_now()
    seen = []

    def stop_after_some(event):
        tried = sum(isinstance(found, MetricMeasured) for found in bench.runs.current.measured)
        seen.append(len(searches.plot._plot.curves))
        if isinstance(event, MetricMeasured) and tried > 12 and seen[-1]:
            bench.runs.stop()

    bench.runs.told.connect(stop_after_some)
    with qtbot.waitSignal(bench.runs.ended, timeout=PATIENCE):
        window.declared_actions["run"].trigger()
    assert bench.runs.current.ending == "stopped", bench.runs.current.message
    # What no test data was wired in for stands in the table all the same: the base, and the best so far.
    lines = [line.split(",") for line in bench.metrics.table_text(",").replace(", best", " best").splitlines()[1:]]
    assert [(line[0], line[1], line[-1]) for line in lines] == [
        ("base", "Stripes", "validation"),
        ('"Search best so far"', "Stripes", "validation"),
    ]
    (choice,) = bench.runs.current.chosen
    assert not choice.is_final
    assert searches.use_button.text() == f"Use λ = {choice.strength}, the best so far, in ‘By hand’"
    assert len(searches.plot._plot.curves[0].points) < 201
    searches.use_button.click()
    assert window.session.document.nodes["apply"].parameters["strength"] == float(choice.strength)
    window.session.undo_stack.undo()
    assert window.session.document.nodes["apply"].parameters["strength"] == 0.3


def test_the_best_so_far_is_shown_without_waiting_for_the_next_figure(window, qtbot):
    """The rule's word may come after the figures have been shown, and the next figure long after that."""
    bench = window.workbench
    # Were it still going on, the window would ask before it closes.
    bench.runs.current = RunProgress(1, window.session.document, window.session.folder, ending="stopped")
    bench.runs._own_jobs = {1}
    window.engine.run_event.emit(1, MetricMeasured("search", "Search", "Stripes", Measurement("accuracy", 0.5, 10, 0.4, 0.6, True), 0.5))
    qtbot.waitUntil(lambda: bool(bench.metrics._figures.sweeps), timeout=PATIENCE)
    assert bench.metrics._figures.cells == ()
    window.engine.run_event.emit(1, StrengthTried("search", (0.5,), qualifies=True, is_best=True))
    qtbot.waitUntil(lambda: bool(bench.metrics._figures.cells), timeout=PATIENCE)
    assert bench.metrics._figures.cells[0].model == "Search, best so far"
