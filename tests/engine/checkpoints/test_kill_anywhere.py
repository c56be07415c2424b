from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).with_name("kill_anywhere.py")
MEMORY_DISK = Path("/dev/shm")
"""Where flushing thousands of times costs nothing."""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.parametrize("scenario", ["fresh", "overwrite"])
@pytest.mark.parametrize("stride", [19, pytest.param(1, marks=pytest.mark.slow)])
def test_killed_anywhere_the_target_is_whole_or_as_before_and_a_resumed_run_gives_the_same_bytes(
    tmp_path: Path, scenario: str, stride: int
) -> None:
    folder = MEMORY_DISK / f"weightloom-{os.getpid()}" if MEMORY_DISK.is_dir() else tmp_path / "work"
    command = [sys.executable, str(PROGRAM), str(folder), scenario, str(stride)]
    root = Path(__file__).parents[3]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=root, env={**os.environ, "PYTHONPATH": str(root)})
    shutil.rmtree(folder)
    assert done.stderr == ""
    assert int(done.stdout.split()[0]) > 1000 / stride
