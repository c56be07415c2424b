from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from engine.checkpoints.target_lock import TargetLock
from engine.errors import StagingError, WriteError

DYING_PROGRAM = """
import os, sys
from pathlib import Path
from engine.checkpoints.target_lock import TargetLock
lock = TargetLock(Path(sys.argv[1]))
os._exit(9)
"""


def test_a_second_lock_is_refused_until_the_first_is_released(tmp_path: Path) -> None:
    first = TargetLock(tmp_path / "out")
    with pytest.raises(StagingError, match="Another run is writing to"):
        TargetLock(tmp_path / "out")
    TargetLock(tmp_path / "other").release()
    first.release()
    first.release()
    TargetLock(tmp_path / "out").release()
    assert not list(tmp_path.iterdir())


def test_the_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    assert (
        subprocess.run([sys.executable, "-c", DYING_PROGRAM, str(tmp_path / "out")], check=False, cwd=Path(__file__).parents[3]).returncode
        == 9
    )
    assert (tmp_path / ".out.lock").exists()
    TargetLock(tmp_path / "out").release()
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match=r"missing.*can't be made"):
        TargetLock(tmp_path / "missing" / "out")
