"""What a crash leaves of a session."""

import os
import subprocess
import sys

import pytest

from app.recovery import RecoveryCopy
from engine.document.storage import format_document

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
