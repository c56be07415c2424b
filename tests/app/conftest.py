"""What a crash leaves: written by a real process that is killed."""

import subprocess
import sys

import pytest

from engine.document.storage import format_document

_CRASHING = """
import sys, time
from pathlib import Path
from app.recovery import RecoveryCopy
from engine.document.storage import parse_document
copy = RecoveryCopy(Path(sys.argv[1]))
copy.write(parse_document(sys.stdin.read()), Path(sys.argv[2]) if sys.argv[2] else None)
copy.finish_writing()
print("written", flush=True)
time.sleep(600)
"""


@pytest.fixture
def left_behind(tmp_path):
    """A function that lets a process write a recovery copy, kills it, and returns the folder."""

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
