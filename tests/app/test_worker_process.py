"""How the engine's process is started, and how its end is told."""

from __future__ import annotations

import signal
import subprocess
import sys

from app.launch import WORKER_FLAG
from app.worker_lane import describe_status
from app.worker_process import worker_command
from engine.worker_messages import PROTOCOL, Greeting, read_answer


def test_exit_status_is_told_in_words():
    assert describe_status(3) == "exit status 3"
    assert describe_status(-signal.SIGSEGV) == "SIGSEGV"
    assert "memory" in describe_status(-signal.SIGKILL)


def test_bundle_starts_itself(monkeypatch):
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert worker_command() == (sys.executable, "--engine-worker")


def test_program_with_the_flag_is_the_process():
    with subprocess.Popen([sys.executable, "-m", "app.launch", WORKER_FLAG], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        greeting = read_answer(process.stdout.readline())
        process.kill()
    assert greeting == Greeting(PROTOCOL)
