"""Windows, an engine that lasts, a live view that knows its figures; and what a crash leaves of a session."""

import os
import subprocess
import sys

import pytest
from PySide6.QtWidgets import QMessageBox

from app.engine_thread import EngineThread
from app.main_window import MainWindow
from app.preferences import Preferences
from app.recovery import RecoveryCopy
from app.theme import apply_theme
from engine.document.model import Document, Node, NodeId
from engine.document.storage import format_document, save_document
from tests.app.live_graph import PATIENCE

_CRASHING = """
import sys, time
from pathlib import Path
from app.recovery import RecoveryCopy
from engine.document.storage import parse_document
copy = RecoveryCopy(Path(sys.argv[1]))
copy.write(parse_document(sys.stdin.read()), Path(sys.argv[2]) if sys.argv[2] else None)
copy.finish()
print("written", flush=True)
time.sleep(600)
"""


@pytest.fixture(autouse=True)
def _measure_anew(monkeypatch, tmp_path_factory):
    """Keep no figures from one test to the next: a run that takes its time would be over at once."""
    monkeypatch.setenv("WEIGHTLOOM_CACHE", str(tmp_path_factory.mktemp("cache")))


class Answers:
    """The user's answers to the questions that come, in order; a question without an answer fails."""

    def __init__(self, monkeypatch):
        self.left = []
        self.asked = []
        for kind in ("question", "warning", "critical"):
            monkeypatch.setattr(QMessageBox, kind, self._answer)
        for module in ("main_window", "run_control"):
            monkeypatch.setattr(f"app.{module}.confirm", self._confirm)

    def _answer(self, _parent, title, _text, *_more):
        self.asked.append(title)
        return self.left.pop(0)

    def _confirm(self, _parent, title, _text, act):
        self.asked.append(f"{title}: {act}")
        return self.left.pop(0)


@pytest.fixture
def answers(monkeypatch):
    """The answers, to be filled in before they are asked for."""
    return Answers(monkeypatch)


@pytest.fixture
def small_graph():
    """A checkpoint whose files are nowhere, and a task vector of nothing."""
    nodes = {NodeId("base"): Node("checkpoint", {"source": "nowhere"}, "Base", (0, 0)), NodeId("tau"): Node("task_vector")}
    return Document("Small", nodes)


@pytest.fixture
def file(tmp_path, small_graph):
    """The small graph, saved."""
    save_document(small_graph, tmp_path / "small.loom")
    return tmp_path / "small.loom"


@pytest.fixture
def preferences(tmp_path):
    """Preferences of the test's own."""
    return Preferences(tmp_path / "window.ini")


@pytest.fixture
def make_window(qtbot, preferences):
    """A function that makes a window, whose document is let go of before it closes."""

    def make():
        window = MainWindow(preferences)
        # Before pytest-qt closes it, which would ask: an exception in closeEvent then ends the interpreter (shiboken 6.11).
        qtbot.addWidget(window, before_close_func=lambda window: window.session.new())
        return window

    return make


@pytest.fixture
def dark(qapp):
    """The dark theme, for as long as the test."""
    before, theme = qapp.styleSheet(), qapp.property("theme")
    apply_theme(qapp, "dark")
    yield
    qapp.setProperty("theme", theme)
    qapp.setStyleSheet(before)


@pytest.fixture(scope="module")
def lasting_engine(qapp):
    """An engine with its process, which a module's tests share because it takes seconds to import torch."""
    engine = EngineThread()
    engine.start_worker()
    yield engine
    engine.shutdown()
    engine.deleteLater()


@pytest.fixture
def live(measured, qtbot):
    """The live view of the module's `measured`, once all figures are known; what a test changes is undone."""
    qtbot.waitUntil(lambda: bool(measured.families) and not measured.is_measuring, timeout=PATIENCE)
    yield measured
    while measured.session.undo_stack.canUndo():
        measured.session.undo_stack.undo()


@pytest.fixture(scope="session")
def ended_process():
    """The number of a process that has ended."""
    with subprocess.Popen([sys.executable, "-S", "-c", ""]) as process:
        pass
    return process.pid


@pytest.fixture
def left_behind(tmp_path, ended_process):
    """A function that leaves a recovery copy as a process that is gone would have, and returns the folder."""

    def leave(document, path=None):
        copy = RecoveryCopy(tmp_path / "recovery")
        copy.write(document, path)
        copy.finish()
        text = copy.file.read_text()
        orphan = copy.file.with_name(f"{ended_process}-{copy.file.name}")
        orphan.write_text(text.replace(f'"pid": {os.getpid()}', f'"pid": {ended_process}'))
        copy.close()
        return tmp_path / "recovery"

    return leave


@pytest.fixture
def killed(tmp_path):
    """A function that lets a process write a recovery copy, kills it (SIGKILL), and returns the folder."""

    def crash(document, path=None):
        folder = tmp_path / "recovery"
        command = [sys.executable, "-c", _CRASHING, folder, str(path or "")]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            process.stdin.write(format_document(document).encode())
            process.stdin.close()
            assert process.stdout.readline() == b"written\n"
            process.kill()
        return folder

    return crash
