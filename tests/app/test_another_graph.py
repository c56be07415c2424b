"""Another graph in the place of the open one: nothing that is known of the first is taken for the second's, whose nodes have its names."""

import pytest

from app.panels.live_facts import LiveFacts
from engine.document.edits import set_parameter
from engine.document.model import Document, Node, NodeId, PortRef, Wire
from engine.document.storage import save_document
from engine.resources import resource_path
from tests.app.live_graph import PATIENCE, draw_sum

SAMPLE = resource_path("sample")


@pytest.fixture
def window(make_window, qtbot, tmp_path):
    made = make_window()
    made.resize(1600, 1000)
    made.show()
    made.session.new(draw_sum())
    made.session.save(tmp_path / "first.loom")
    bench = made.open_workbench()
    made.engine.start_worker()
    qtbot.waitUntil(lambda: bool(bench.live.families) and not bench.live.is_measuring, timeout=PATIENCE)
    return made


def draw_other():
    """Draw a graph whose nodes are called the same and are of other files."""
    return draw_sum({"dots": Node("checkpoint", {"source": str(SAMPLE / "models" / "photo")}, "Photo")})


def open_file(window, folder):
    save_document(draw_other(), folder / "other.loom")
    assert window.files.open(folder / "other.loom")


@pytest.mark.parametrize("way", [lambda window, _: window.session.new(draw_other()), open_file], ids=["template", "file"])
@pytest.mark.parametrize("panel", ["weight_map", "similarity"])
def test_no_figure_of_the_graph_before_stands_beside_another(window, qtbot, tmp_path, way, panel):
    bench = window.workbench
    bench.show_panel(panel)
    bench.scene.select([NodeId("sum")])
    qtbot.waitUntil(lambda: any(fact.name == "‖τ‖" for fact in read_inspector(bench)), timeout=PATIENCE)
    before = bench.scene.mirror._facts[NodeId("sum")]
    way(window, tmp_path)
    assert bench.live.families == ()
    assert NodeId("sum") not in bench.scene.mirror._facts
    assert read_inspector(bench) == ()
    if panel == "weight_map":
        assert bench.weight_map.map.scene.points == ()
        assert "being checked" in bench.weight_map.map._message
        buttons = [getattr(bench.weight_map, name) for name in ("fit", "copy", "save_map", "copy_side", "save_side")]
        assert bench.weight_map.table.rowCount() == 0
    else:
        assert "being checked" in bench.similarity.heat.message
        buttons = [bench.similarity.copy_button, bench.similarity.save_button, bench.similarity.plot.copy_button]
    assert not any(button.isEnabled() for button in buttons)
    qtbot.waitUntil(lambda: bool(bench.live.families) and not bench.live.is_measuring, timeout=PATIENCE)
    assert bench.scene.mirror._facts[NodeId("sum")] != before
    assert all(button.isEnabled() for button in buttons)


def read_inspector(bench):
    return tuple(fact for shown in bench.inspector.widget().findChildren(LiveFacts) for fact in shown.facts)


def test_an_empty_graph_has_no_figures(window, qtbot):
    bench = window.workbench
    bench.show_panel("weight_map")
    window.session.new()
    assert bench.weight_map.map.scene.points == ()
    assert not bench.live.is_awaited
    assert bench.live.structure is None
    assert bench.weight_map.map._message.startswith("Wire a base")
    with qtbot.waitSignal(bench.checker.changed, timeout=PATIENCE, check_params_cb=lambda: bench.checker.summary is not None):
        bench.checker.check_now()
    assert bench.weight_map.map.scene.points == ()


def test_what_is_typed_goes_to_no_node_of_another_graph(window, qtbot):
    bench, other = window.workbench, draw_other()
    bench.scene.select([NodeId("apply")])
    window.activateWindow()
    bench.inspector.focus_name()
    qtbot.waitUntil(bench.inspector._name.hasFocus, timeout=PATIENCE)
    qtbot.keyClicks(bench.inspector._name, "Half typed")
    window.session.new(other)
    assert window.session.document is other
    assert bench.scene.selected_ids == ()
    assert not window.session.undo_stack.canUndo()


def test_problems_go_with_their_graph(window, qtbot):
    bench = window.workbench
    with qtbot.waitSignal(bench.checker.changed, timeout=PATIENCE, check_params_cb=lambda: bench.checker.summary is not None):
        window.session.apply("Set", lambda document: set_parameter(document, NodeId("dots"), "source", "/nowhere"))
    assert NodeId("dots") in bench.scene._problems
    window.session.new(draw_other())
    assert bench.scene._problems == {}
    assert bench.inspector._problems == ()
    assert bench.docks["problems"].windowTitle() == "Problems"


def draw_search():
    nodes = {
        "base": Node("checkpoint", {"source": str(SAMPLE / "models" / "base")}),
        "tuned": Node("checkpoint", {"source": str(SAMPLE / "models" / "diag")}),
        "tau": Node("task_vector"),
        "validation": Node("test_set", {"source": str(SAMPLE / "data" / "diag-validation.npz"), "split": "validation"}, "Stripes"),
        "search": Node("strength_search", {"step": 0.25}, "Search"),
        "out": Node("export_checkpoint", {"folder": "exported"}),
    }
    wires = ["tuned.checkpoint tau.tuned", "base.checkpoint tau.base", "base.checkpoint search.base", "tau.vector search.vectors"]
    wires += ["validation.test_set search.targets", "search.checkpoint out.checkpoint", "search.metrics out.metrics"]
    return Document(
        "Search", {NodeId(name): node for name, node in nodes.items()}, tuple(Wire(*map(PortRef.parse, wire.split())) for wire in wires)
    )


@pytest.fixture
def searching(make_window, tmp_path):
    made = make_window()
    made.session.new(draw_search())
    made.session.save(tmp_path / "search.loom")
    made.open_workbench()
    return made


def test_a_run_tells_of_its_own_graph_only(searching, qtbot):
    bench, session = searching.workbench, searching.session
    with qtbot.waitSignal(bench.runs.ended, timeout=PATIENCE):
        searching.declared_actions["run"].trigger()
    assert bench.runs.current.ending == "done", bench.runs.current.message
    assert bench.metrics._figures.sweeps
    assert bench.inspector._sweeps
    assert bench.scene._states
    session.new(draw_search())
    assert not bench.scene._states
    assert bench.inspector._sweeps == ()
    assert not bench.metrics._figures.sweeps
    assert not bench.metrics.searches.copy_button.isEnabled()
    bench.run_panel.past.setCurrentRow(0)
    bench.run_panel.figures.click()
    assert bench.metrics._figures.title == "Search, a run of another graph"
    assert bench.metrics.searches.plot._plot.curves
    assert not bench.metrics.searches.use_button.isVisibleTo(bench.metrics)
    bench.scene.select([NodeId("search")])
    assert all(not curve.plot._plot.curves for curve in bench.inspector._curves)


def test_a_run_that_goes_on_marks_nothing_of_the_graph_that_was_opened_meanwhile(searching, qtbot):
    bench, session = searching.workbench, searching.session
    with qtbot.waitSignal(bench.runs.ended, timeout=PATIENCE):
        searching.declared_actions["run"].trigger()
        session.new(draw_search())
        assert bench.runs.is_running
    assert bench.runs.current.ending == "done", bench.runs.current.message
    assert (bench.runs.own, bench.runs.stale, bench.runs.retries) == (None, frozenset(), ())
    assert not bench.scene._states
    assert not bench.metrics._figures.sweeps
    assert bench.live._chosen == {}
