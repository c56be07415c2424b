"""The engine thread in a process of its own: it never imports torch, and nothing outlives it."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time

import psutil
import pytest

from engine.document.storage import save_document
from tests.app.half_way_graph import draw, draw_large, save_checkpoints

PATIENCE_SECONDS = 120


@pytest.fixture
def folder(tmp_path):
    return save_checkpoints(tmp_path)


_WINDOW = """
import sys
from pathlib import Path
from PySide6.QtCore import QCoreApplication, QObject
from app.engine_thread import EngineThread
from engine.document.storage import load_document
from engine.events import BytesMoved
from engine.planning.options import RunOptions

class Window(QObject):
    def __init__(self, engine):
        super().__init__()
        self.engine = engine
        engine.run_event.connect(self.hear)
        engine.run_ended.connect(self.end)

    def hear(self, job, event):
        if isinstance(event, BytesMoved):
            print(self.engine.worker_pid, flush=True)

    def end(self, job, outcome):
        loaded = {"torch", "transformers", "matplotlib", "datasets"} & sys.modules.keys()
        print(outcome.kind, sorted(loaded), flush=True)
        QCoreApplication.quit()

application = QCoreApplication([])
engine = EngineThread()
window = Window(engine)
path = Path(sys.argv[1])
document = load_document(path)
engine.check(document, path.parent, 1)
engine.run(document, path.parent, RunOptions(piece_entries=4096, workers=1))
sys.exit(application.exec())
"""


def start_window(document, folder):
    save_document(document, folder / "g.loom")
    return subprocess.Popen([sys.executable, "-c", _WINDOW, folder / "g.loom"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def test_window_never_imports_torch_and_ends_without_a_word(folder):
    with start_window(draw(), folder) as window:
        out, err = window.communicate(timeout=PATIENCE_SECONDS)
    assert out.decode().splitlines()[-1] == "done []"
    assert err == b""
    assert window.returncode == 0


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the end of the input does it (tests/engine/test_worker.py)")
def test_nothing_is_orphaned_when_the_window_is_killed(folder):
    with start_window(draw_large(), folder) as window:
        worker = psutil.Process(int(window.stdout.readline()))
        # Frozen, so that not its reading of the input ends it, but the system.
        worker.suspend()
        window.kill()
    deadline = time.monotonic() + PATIENCE_SECONDS
    with contextlib.suppress(psutil.NoSuchProcess):
        while worker.status() != psutil.STATUS_ZOMBIE and time.monotonic() < deadline:
            time.sleep(0.01)
        assert worker.status() == psutil.STATUS_ZOMBIE
