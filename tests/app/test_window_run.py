"""A run from the window, from Run to the report, with the real engine and real checkpoints."""

import pytest
from PySide6.QtGui import QDesktopServices

from app.canvas.node_state import StateKind
from app.main_window import MainWindow
from app.node_marks import mark_nodes
from app.preferences import Preferences
from engine.document.edits import set_parameter
from engine.document.model import Document, Node, NodeId, PortRef, Wire
from engine.resources import resource_path

PATIENCE = 60_000


def make_wire(source, target):
    return Wire(PortRef.parse(source), PortRef.parse(target))


@pytest.fixture
def window(qtbot, tmp_path):
    models = resource_path("sample/models")
    nodes = {
        "base": Node("checkpoint", {"source": str(models / "base")}),
        "tuned": Node("checkpoint", {"source": str(models / "diag")}),
        "tau": Node("task_vector"),
        "apply": Node("apply", {"strength": 0.5}),
        "out": Node("export_checkpoint", {"folder": "exported"}),
    }
    wires = (
        make_wire("tuned.checkpoint", "tau.tuned"),
        make_wire("base.checkpoint", "tau.base"),
        make_wire("base.checkpoint", "apply.base"),
        make_wire("tau.vector", "apply.vector"),
        make_wire("apply.checkpoint", "out.checkpoint"),
    )
    made = MainWindow(Preferences(tmp_path / "window.ini"))
    qtbot.addWidget(made, before_close_func=lambda window: window.session.new())
    made.session.new(Document("Half", {NodeId(name): node for name, node in nodes.items()}, wires))
    made.session.save(tmp_path / "half.loom")
    made.open_workbench()
    return made


def test_run_shows_how_it_goes_and_opens_its_report(window, qtbot, tmp_path, monkeypatch):
    bench = window.workbench
    with qtbot.waitSignal(bench.checker.changed, timeout=PATIENCE, check_params_cb=lambda: bench.checker.summary is not None):
        bench.checker.check_now()
    assert bench.checker.summary.is_runnable
    assert bench.status.graph.text() == "5 nodes · 5 links · graph is valid"
    with qtbot.waitSignal(bench.runs.ended, timeout=PATIENCE):
        window.declared_actions["run"].trigger()
        assert bench.top_bar.run.text() == "Stop"
        # Editing goes on during a run.
        window.session.apply("set", lambda document: set_parameter(document, NodeId("apply"), "strength", 0.7))
    assert bench.runs.current.ending == "done", bench.runs.current.message
    assert (tmp_path / "exported" / "report.html").is_file()
    assert bench.runs.stale == {"apply", "out"}
    marks = mark_nodes(window.session.document, bench.runs.current, bench.runs.stale)
    assert (marks[NodeId("tau")].kind, marks[NodeId("apply")].kind) == (StateKind.DONE, StateKind.ESTIMATED)
    assert bench.top_bar.run.text() == "Run"
    opened = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.fileName()))
    bench.run_panel.past.setCurrentRow(0)
    bench.run_panel.report.click()
    assert opened == ["report.html"]
    assert "Finished in" in bench.log.toPlainText()
