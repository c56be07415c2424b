"""The desk that all stories share, and a program started at it for each of them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.desk import Desk, find_missing
from tests.end_to_end.weightloom_user import WeightloomUser

PICTURES = Path(__file__).with_name("pictures")


@pytest.fixture(scope="session")
def desk(tmp_path_factory) -> Iterator[Desk]:
    """A screen nobody else uses; the stories are skipped where a machine can't have one."""
    missing = find_missing()
    if missing:
        pytest.skip(f"a window can't be used here: {missing}")
    made = Desk(tmp_path_factory.mktemp("desk"))
    yield made
    made.clear()


@pytest.fixture
def user(desk, tmp_path, request, repository) -> Iterator[WeightloomUser]:
    """Somebody with an empty home, and pictures of the story."""
    album = PICTURES / request.node.name.removeprefix("test_")
    shutil.rmtree(album, ignore_errors=True)
    album.mkdir(parents=True)
    home = tmp_path / "home"
    home.mkdir()
    made = WeightloomUser(desk, album, home, repository)
    yield made
    made.leave()


@pytest.fixture
def command_line(repository):
    """A function that runs `weightloom` with arguments."""

    def run(*arguments):
        command = [sys.executable, "-m", "app.launch", *map(str, arguments)]
        done = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run
