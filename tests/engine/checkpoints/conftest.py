"""Small builders that the tests of checkpoints share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.engine.checkpoints.hub_server import HubServer


@pytest.fixture(scope="session")
def fuzz_file(tmp_path_factory: pytest.TempPathFactory) -> Callable[[bytes], Path]:
    """Return a function that puts bytes into a file of a name never used before, and removes the one before it."""
    folder, numbers = tmp_path_factory.mktemp("fuzz"), count()

    def write(content: bytes) -> Path:
        for old in folder.iterdir():
            old.unlink()
        path = folder / f"{next(numbers)}.bin"
        path.write_bytes(content)
        return path

    return write


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep what is derived from files in a folder of the test's own."""
    monkeypatch.setenv("WEIGHTLOOM_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    """Serve one model as the Hub does, to a client that keeps what it gets in a fresh cache."""
    from tests.engine.checkpoints.hub_models import serve_model

    with serve_model(tmp_path, monkeypatch) as server:
        yield server
