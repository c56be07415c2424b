"""The Run panel: what a run is called, and how many of its figures are measured."""

from dataclasses import replace

import pytest

from app.run_progress import follow_event
from engine.document.storage import save_document
from engine.events import BytesMoved, PassStarted

PATIENCE = 60_000


def run_once(window, qtbot):
    bench = window.workbench
    with qtbot.waitSignal(bench.runs.ended, timeout=PATIENCE):
        bench.runs.start(bench.checker.options)
    return bench.run_panel.past.item(0)


@pytest.fixture
def window(make_window):
    made = make_window()
    made.open_workbench()
    return made


def test_past_runs_are_called_as_the_top_bar_calls_their_graphs(window, qtbot, small_graph, tmp_path):
    shown = []
    for title, name in (("", "g1.loom"), ("", "g2.loom"), ("With a title", "g3.loom")):
        save_document(replace(small_graph, title=title), tmp_path / name)
        window.session.open(tmp_path / name)
        shown.append(window.workbench.top_bar.title.text())
        assert shown[-1] in run_once(window, qtbot).text()
    assert shown == ["g1.loom", "g2.loom", "With a title"]
    window.session.new(replace(small_graph, title=""))
    assert "Untitled" in run_once(window, qtbot).text()


def test_figures_are_counted_of_as_many_as_there_can_be(window, qtbot, small_graph):
    window.session.new(small_graph)
    run_once(window, qtbot)
    runs, panel = window.workbench.runs, window.workbench.run_panel
    going = follow_event(replace(runs.current, ending=""), PassStarted(0, "Search"))
    for event, words in (
        (BytesMoved(10, 0, 1.0, figures_planned=61), "Search · 0 of at most 61 figures measured"),
        (BytesMoved(10, 0, 1.0, figures=18, figures_planned=61), "Search · 18 of at most 61 figures measured"),
        (BytesMoved(10, 0, 1.0), "Search"),
    ):
        runs.current = follow_event(going, event)
        runs.progressed.emit()
        assert panel.stage.text() == words
    runs.current = replace(follow_event(going, BytesMoved(1, 0, 1.0, figures=1, figures_planned=9)), ending="stopped")
    runs.progressed.emit()
    assert panel.stage.text() == "Stopped"
