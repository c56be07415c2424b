"""A run from the window, from Run to the report, with the real engine and real checkpoints."""

import subprocess
import sys

import psutil
import pytest
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QPushButton

from app.canvas.node_state import StateKind
from app.node_marks import mark_nodes
from app.templates import BY_ID, load_template
from app.window_words import Retry
from engine.document.edits import add_node, connect, set_parameter
from engine.document.model import Document, Node, NodeId, PortRef, Wire
from engine.resources import resource_path

PATIENCE = 60_000


def make_wire(source, target):
    return Wire(PortRef.parse(source), PortRef.parse(target))


@pytest.fixture
def window(make_window, tmp_path):
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
    made = make_window()
    made.session.new(Document("Half", {NodeId(name): node for name, node in nodes.items()}, wires))
    made.session.save(tmp_path / "half.loom")
    made.open_workbench()
    return made


def test_run_shows_how_it_goes_and_opens_its_report(window, qtbot, tmp_path, monkeypatch):
    bench = window.workbench
    with qtbot.waitSignal(bench.checker.changed, timeout=PATIENCE, check_params_cb=lambda: bench.checker.summary is not None):
        bench.checker.check_now()
    assert bench.checker.summary.targets
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


def test_a_run_up_to_a_node_writes_what_it_needs_and_nothing_else(window, qtbot, tmp_path):
    def export_base(document):
        document = add_node(document, NodeId("copy"), Node("export_checkpoint", {"folder": "copied"}))
        return connect(document, make_wire("base.checkpoint", "copy.checkpoint"))

    window.session.apply("Add", export_base)
    bench, action = window.workbench, window.declared_actions["run_to_node"]
    assert not action.isEnabled()
    bench.scene.select([NodeId("copy")])
    with qtbot.waitSignal(bench.runs.ended, timeout=PATIENCE):
        action.trigger()
    assert bench.runs.current.ending == "done", bench.runs.current.message
    assert (tmp_path / "copied").is_dir()
    assert not (tmp_path / "exported").exists()


STOPPED_HALFWAY = """
import sys
from pathlib import Path
from engine.events import TensorWritten
from engine.execution.stop import Stop
from engine.planning.options import RunOptions
from engine.worker_jobs import run_job
from engine.worker_messages import RunJob
file = Path(sys.argv[1])
stop = Stop()
outcome = run_job(
    RunJob(1, 0, file.read_text(), file.parent, RunOptions(keep_partial=True)),
    stop,
    lambda event: stop.request() if isinstance(event, TensorWritten) else None,
)
print(outcome.kind, outcome.message)
"""


@pytest.mark.parametrize(("title", "place"), [("Resume", 0), ("Start afresh", 1)])
def test_what_an_earlier_run_left_is_gone_on_with_or_thrown_away(window, qtbot, tmp_path, title, place):
    command = [sys.executable, "-c", STOPPED_HALFWAY, tmp_path / "half.loom"]
    left = subprocess.run(command, capture_output=True, text=True, check=True)
    assert left.stdout.startswith("stopped"), left.stdout
    bench = window.workbench
    with qtbot.waitSignal(bench.checker.changed, timeout=PATIENCE, check_params_cb=lambda: bench.checker.summary is not None):
        bench.checker.check_now()
    with qtbot.waitSignal(bench.runs.ended, timeout=PATIENCE):
        window.declared_actions["run"].trigger()
    assert bench.runs.current.ending == "failed"
    assert "--" not in bench.run_panel.message.text()
    assert "“Resume”" in bench.run_panel.message.text()
    buttons = [bench.run_panel.retries.itemAt(index).widget() for index in range(2)]
    assert [button.text() for button in buttons] == ["Resume", "Start afresh"]
    with qtbot.waitSignal(bench.runs.ended, timeout=PATIENCE):
        buttons[place].click()
        assert buttons[place].text() == title
    assert bench.runs.current.ending == "done", bench.runs.current.message
    assert (tmp_path / "exported" / "model.safetensors").is_file()
    assert [path for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    assert not [
        button
        for button in bench.run_panel.findChildren(QPushButton)
        if button.text() in ("Resume", "Start afresh") and not button.isHidden()
    ]


@pytest.fixture
def long_run(window, tmp_path):
    """The analogy on the sample in the window: some seconds of work."""
    document = load_template(BY_ID["analogy"])
    for node_id, node in document.nodes.items():
        if "source" in node.parameters:
            document = set_parameter(document, node_id, "source", str(resource_path(f"sample/{node.parameters['source']}")))
    window.session.new(document)
    window.session.save(tmp_path / "long.loom")
    return window


def test_a_killed_engine_fails_the_run_clearly_and_the_next_one_runs(long_run, qtbot):
    bench, before = long_run.workbench, long_run.session.document
    with qtbot.waitSignal(bench.runs.told, timeout=PATIENCE):
        long_run.declared_actions["run"].trigger()
    with qtbot.waitSignal(bench.runs.ended, timeout=PATIENCE):
        psutil.Process(long_run.engine.worker_pid).kill()
    assert bench.runs.current.ending == "failed"
    assert "SIGKILL" in bench.run_panel.message.text()
    assert bench.top_bar.run.text() == "Run"
    assert long_run.session.document is before
    # The killed one may have begun to write, or not.
    with qtbot.waitSignal(bench.runs.told, timeout=PATIENCE):
        bench.run_panel.retry_wanted.emit(Retry("Start afresh", "restart"))
    with qtbot.waitSignal(bench.runs.ended, timeout=PATIENCE):
        long_run.declared_actions["stop"].trigger()
    assert bench.runs.current.ending == "stopped"


def test_closing_during_a_run_asks_and_then_stops_it_cleanly(long_run, qtbot, tmp_path, monkeypatch):
    window, bench, asked, answers = long_run, long_run.workbench, [], [False, True]
    monkeypatch.setattr("app.main_window.confirm", lambda _parent, title, _text, act: asked.append((title, act)) or answers.pop(0))
    with qtbot.waitSignal(bench.runs.told, timeout=PATIENCE):
        window.declared_actions["run"].trigger()
    process = psutil.Process(window.engine.worker_pid)
    assert not window.close()
    assert bench.runs.is_running
    assert window.close()
    assert asked == [("A run is going on", "Stop and close")] * 2
    assert not process.is_running()
    assert not (tmp_path / "exports" / "analogy").exists()
    assert list(tmp_path.rglob(".*partial*")) == []
