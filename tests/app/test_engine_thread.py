"""The engine thread: a test for each sentence of architecture.md, idea 9, with the real process and tiny real checkpoints."""

import os
import signal
import sys
import threading
from pathlib import Path

import psutil
import pytest
import torch
from safetensors.torch import load_file

from app.engine_thread import EngineThread
from engine.document.model import Document, NodeId
from engine.document.storage import load_document
from engine.errors import DocumentError
from engine.events import BytesMoved, RunFinished, RunStarted
from engine.planning.check import check_document
from engine.planning.options import RunOptions
from engine.worker_messages import PROTOCOL
from tests.app.half_way_graph import draw, draw_large, save_checkpoints

PATIENCE = 120_000
"""Milliseconds after which a test gives up; nothing is measured by it."""
SMALL_PIECES = RunOptions(piece_entries=4096, workers=1)
"""Thousands of pieces, so that there is time to do something between them."""
MAIN_THREAD = threading.get_ident()


class Ear:
    """Everything an engine thread says, and whether it said it in the window's thread."""

    def __init__(self, engine):
        self.heard = []
        self.threads = set()
        names = ("checked", "run_event", "run_ended", "stop_seen", "worker_died", "worker_ready", "broken", "said")
        self._slots = {name: self._listen(name) for name in names}
        self._engine = engine
        for name, slot in self._slots.items():
            getattr(engine, name).connect(slot)

    def _listen(self, name):
        def hear(*values):
            self.threads.add(threading.get_ident())
            self.heard.append((name, *values))

        return hear

    def close(self):
        for name, slot in self._slots.items():
            getattr(self._engine, name).disconnect(slot)

    def all(self, name):
        return [values for kind, *values in self.heard if kind == name]

    def events(self, job):
        return [event for number, event in self.all("run_event") if number == job]

    def outcome(self, job):
        return dict(self.all("run_ended")).get(job)


@pytest.fixture
def make_engine(qapp):
    engines = []

    def make(*arguments, **choices):
        engine = EngineThread(*arguments, **choices)
        engines.append(engine)
        return engine, Ear(engine)

    yield make
    for engine in engines:
        engine.shutdown()
        engine.deleteLater()


@pytest.fixture
def warm(lasting_engine, qtbot):
    """An engine whose process has torch already, shared because importing that takes seconds; and a new ear."""
    ear = Ear(lasting_engine)
    job = lasting_engine.run(Document(), Path())
    wait(qtbot, lambda: ear.outcome(job))
    ear.heard.clear()
    yield lasting_engine, ear
    ear.close()


@pytest.fixture
def folder(tmp_path):
    return save_checkpoints(tmp_path)


def wait(qtbot, condition):
    qtbot.waitUntil(lambda: bool(condition()), timeout=PATIENCE)


def await_progress(qtbot, ear, job):
    wait(qtbot, lambda: any(isinstance(event, BytesMoved) for event in ear.events(job)))


def list_hidden(folder):
    return [path.name for path in folder.iterdir() if path.name.startswith(".")]


# --- lane one ---


def test_check_says_what_the_checker_says(qtbot, make_engine, folder):
    engine, ear = make_engine()
    engine.check(draw("base", "misfit"), folder, 4)
    wait(qtbot, lambda: ear.all("checked"))
    ((revision, summary),) = ear.all("checked")
    assert revision == 4
    assert summary.problems == check_document(draw("base", "misfit"), folder).problems != ()
    assert summary.targets is None
    assert engine.worker_pid == 0, "a check needs no process"


def test_graph_that_can_run_comes_with_its_formulas_and_sizes(qtbot, make_engine, folder):
    engine, ear = make_engine()
    engine.check(draw(), folder, 1)
    wait(qtbot, lambda: ear.all("checked"))
    summary = ear.all("checked")[0][1]
    assert summary.formulas.keys() == summary.targets.keys() == {"out", "vector"}
    assert summary.parameters == {"base": 4000, "tuned": 4000}
    assert summary.bytes_written == 2 * 16_000


def test_stale_answers_are_dropped(qtbot, make_engine, folder):
    engine, ear = make_engine()
    for revision in range(20):
        engine.check(draw(), folder, revision)
    wait(qtbot, lambda: ear.all("checked"))
    assert [revision for revision, _ in ear.all("checked")] == [19]


# --- lane two ---


def test_process_does_all_runs_and_answers_in_the_thread_of_the_window(qtbot, warm, folder):
    engine, ear = warm
    pid = engine.worker_pid

    # Up to a node: the other output is left out, and so is what is wrong with it.
    document = draw()
    job = engine.run(document, folder, upto=NodeId("vector"), revision=3)
    assert engine.is_running
    wait(qtbot, lambda: ear.outcome(job))
    assert ear.outcome(job).kind == "done"
    assert (folder / "vector" / "model.safetensors").exists()
    assert not (folder / "out").exists()
    assert set(load_document(folder / "vector" / "recipe.loom").nodes) == {"base", "tuned", "tau", "vector"}
    events = ear.events(job)
    assert isinstance(events[0], RunStarted)
    assert isinstance(events[-1], RunFinished)
    of_the_run = [kind for kind, *values in ear.heard if kind in ("run_event", "run_ended")]
    assert of_the_run.index("run_ended") == len(of_the_run) - 1, "nothing is told of a run after its end"

    # Problems come back as the checker says them.
    second = engine.run(document, folder)
    wait(qtbot, lambda: ear.outcome(second))
    assert ear.outcome(second).kind == "refused"
    assert ear.outcome(second).problems == check_document(document, folder).problems

    # Two at once run one after the other; the result is the engine's own.
    third = engine.run(document, folder, upto=NodeId("out"))
    fourth = engine.run(document, folder, RunOptions(output=folder / "again"), upto=NodeId("out"))
    wait(qtbot, lambda: ear.outcome(fourth))
    assert [ear.outcome(number).kind for number in (third, fourth)] == ["done", "done"]
    assert ear.outcome(third).result.outputs[0].folder == str(folder / "out")
    one, other = (load_file(folder / name / "model.safetensors") for name in ("out", "again"))
    assert torch.equal(one["layers.0.w"], other["layers.0.w"])

    assert not engine.is_running
    assert engine.worker_pid == pid
    assert ear.threads == {MAIN_THREAD}
    assert not ear.all("worker_died")


def test_stop_ends_a_run_and_leaves_nothing(qtbot, warm, folder):
    engine, ear = warm
    job = engine.run(draw_large(), folder, SMALL_PIECES)
    waiting = engine.run(draw(), folder)
    await_progress(qtbot, ear, job)
    engine.stop(waiting)
    assert ear.outcome(waiting).kind == "stopped", "what has not begun is stopped at once"
    engine.stop(job)
    wait(qtbot, lambda: ear.outcome(job))
    assert ear.outcome(job).kind == "stopped"
    assert not (folder / "out").exists()
    engine.stop(job)
    assert len(ear.all("run_ended")) == 2


def test_what_does_not_stop_is_ended_with_its_process_and_tidied_away(qtbot, warm, folder):
    """A process that is frozen (SIGSTOP) hears nothing; the run ends all the same, and its successor cleans up."""
    engine, ear = warm
    job = engine.run(draw_large(), folder, SMALL_PIECES)
    await_progress(qtbot, ear, job)
    frozen = engine.worker_pid
    os.kill(frozen, signal.SIGSTOP)
    engine.stop(job)
    wait(qtbot, lambda: ear.outcome(job))
    assert ear.outcome(job).kind == "stopped"
    assert not ear.all("worker_died"), "ending it was our own will"
    assert list_hidden(folder) != []
    wait(qtbot, lambda: ear.all("worker_ready"))
    following = engine.run(draw_large(), folder, SMALL_PIECES)
    await_progress(qtbot, ear, following)
    assert engine.worker_pid != frozen
    assert not psutil.pid_exists(frozen)
    engine.stop(following)
    wait(qtbot, lambda: ear.outcome(following))
    wait(qtbot, lambda: list_hidden(folder) == [])


def test_killed_process_fails_the_run_clearly_and_is_replaced(qtbot, warm, folder):
    engine, ear = warm
    document = draw_large()
    job = engine.run(document, folder, SMALL_PIECES)
    await_progress(qtbot, ear, job)
    killed = engine.worker_pid
    os.kill(killed, signal.SIGKILL)
    wait(qtbot, lambda: ear.outcome(job))
    outcome = ear.outcome(job)
    assert outcome.kind == "failed"
    for words in ("SIGKILL", "graph is unchanged", "new process is started"):
        assert words in outcome.message
    assert ear.all("worker_died") == [[outcome.message]]
    again = engine.run(draw(), folder, RunOptions(output=folder / "again"), upto=NodeId("out"))
    wait(qtbot, lambda: ear.outcome(again))
    assert ear.outcome(again).kind == "done"
    assert engine.worker_pid != killed
    assert document == draw_large()


def test_process_that_dies_before_it_greets_fails_the_run(qtbot, make_engine, folder):
    command = (sys.executable, "-c", "import sys; sys.exit('no torch here')")
    engine, ear = make_engine(command, back_off=(0.0, 0.0))
    job = engine.run(draw(), folder)
    wait(qtbot, lambda: len(ear.all("worker_died")) == 3)
    outcome = ear.outcome(job)
    assert outcome.kind == "failed"
    assert "exit status 1" in outcome.message
    assert "no torch here" in outcome.message
    assert engine.worker_pid == 0, "after the last back-off nothing is started"

    # A run that is asked for later tries again.
    later = engine.run(draw(), folder)
    wait(qtbot, lambda: ear.outcome(later))
    assert ear.outcome(later).kind == "failed"


def test_starts_wait_longer_after_each_death(qtbot, make_engine):
    """Between the second death and the third start lies the back-off: with an endless one there is no third."""
    engine, ear = make_engine((sys.executable, "-c", ""), back_off=(0.0, 3600.0))
    engine.start_worker()
    wait(qtbot, lambda: len(ear.all("worker_died")) == 2)
    qtbot.wait(300)
    assert len(ear.all("worker_died")) == 2
    assert engine.worker_pid == 0


def test_program_that_is_not_there_is_a_death_too(qtbot, make_engine, folder):
    engine, ear = make_engine((str(folder / "no-such-program"),), back_off=())
    job = engine.run(draw(), folder)
    wait(qtbot, lambda: ear.outcome(job))
    assert "no-such-program" in ear.outcome(job).message


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (f'print(\'{{"type": "Greeting", "protocol": {PROTOCOL + 1}}}\', flush=True); input(); input()', "protocol"),
        ("print('Hello, I am a library', flush=True); input(); input()", "Hello, I am a library"),
    ],
)
def test_process_of_another_protocol_is_ended(qtbot, make_engine, folder, script, words):
    engine, ear = make_engine((sys.executable, "-c", script), back_off=())
    job = engine.run(draw(), folder)
    wait(qtbot, lambda: ear.outcome(job))
    assert ear.outcome(job).kind == "failed"
    assert words in ear.outcome(job).message


def test_node_that_is_not_there_can_not_be_run_up_to(make_engine, folder):
    engine, _ = make_engine()
    with pytest.raises(DocumentError):
        engine.run(draw(), folder, upto=NodeId("gone"))
    assert not engine.is_running


def test_shutdown_during_a_run_stops_it_and_leaves_no_thread_and_no_process(qtbot, make_engine, folder):
    threads = set(threading.enumerate())
    engine, ear = make_engine()
    job = engine.run(draw_large(), folder, SMALL_PIECES)
    await_progress(qtbot, ear, job)
    pid = engine.worker_pid
    engine.shutdown()
    assert not psutil.pid_exists(pid)
    assert set(threading.enumerate()) <= threads
    assert not (folder / "out").exists()
    assert list_hidden(folder) == [], "it had the time to clean up"
    engine.shutdown()
    engine.start_worker()
    assert engine.worker_pid == 0
