"""The messages between a window and the engine's process: what is none is refused, and reading them is quick."""

from __future__ import annotations

import subprocess
import sys

import pytest

from engine.errors import WorkerError
from engine.worker_messages import read_request


@pytest.mark.parametrize("line", [b"", b"\n", b"hello", b"[1]", b'{"type": "Nothing"}', b'{"type": "StopJob"}', b'{"type": "Ready"}'])
def test_what_is_no_request_is_refused(line):
    with pytest.raises(WorkerError):
        read_request(line)


def test_messages_need_no_torch():
    """The window reads them."""
    script = "import engine.worker_messages, engine.similarity.gram_files, sys; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
