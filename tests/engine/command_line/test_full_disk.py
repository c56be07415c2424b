"""A disk that is full fails the run and leaves the target untouched."""

from __future__ import annotations

import json
import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest

LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))
from engine.cli import main
sys.exit(main(sys.argv[1:]))
"""


def call_limited(pair, size, *words):
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[3])}
    command = [sys.executable, "-c", LIMITED.format(size=size), *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, cwd=pair.folder, env=environment, check=False)


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX limits")
def test_file_too_large_for_the_disk_leaves_the_target_untouched(pair):
    """The limit on file sizes fails a write as a full disk does; what is staged stays for --resume."""
    done = call_limited(pair, 700, "run", "g.loom")
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    assert "error: " in done.stderr
    assert not (pair.folder / "out").exists()
    again = pair.run("--restart")
    assert again.status == 0
    assert not list(pair.folder.glob(".out.partial-*"))


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX limits")
def test_disk_full_during_an_overwrite_leaves_the_older_export(pair):
    assert pair.run().status == 0
    before = {path.name: path.read_bytes() for path in (pair.folder / "out").iterdir()}
    done = call_limited(pair, 700, "run", "g.loom", "--overwrite", "--set", "edit.strength=1")
    assert done.returncode == 3
    assert {path.name: path.read_bytes() for path in (pair.folder / "out").iterdir()} == before


def test_disk_without_room_is_a_problem_with_the_numbers(pair):
    """A sparse input is larger than the disk it lies on, and takes no room."""
    count = shutil.disk_usage(pair.folder).free // 2
    path = pair.folder / "base" / "model.safetensors"
    header = json.dumps({"w": {"dtype": "F32", "shape": [count], "data_offsets": [0, count * 4]}}).encode()
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(header)) + header)
        try:
            file.truncate(8 + len(header) + count * 4)
        except OSError:
            pytest.skip("this disk has no files of that size")
    (pair.folder / "tuned" / "model.safetensors").unlink()
    (pair.folder / "tuned" / "model.safetensors").symlink_to(path)
    pair.refuse(said=["[out.folder]", "The export needs", "free", "Make room"])
