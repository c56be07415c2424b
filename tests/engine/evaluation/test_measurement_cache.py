from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from engine.evaluation.measurement import Measurement
from engine.evaluation.measurement_cache import FILE_NAME, MeasurementCache

FIGURES = (
    Measurement("accuracy", 0.5, 100, 0.4, 0.6, True, details={"template": "eine “Ziffer” {}"}),
    Measurement("perplexity", float("inf"), 7, float("nan"), float("inf"), False, "tokens"),
)


@pytest.fixture
def cache(tmp_path: Path) -> MeasurementCache:
    return MeasurementCache(tmp_path / "deep" / FILE_NAME, most_entries=3)


def test_what_is_remembered_is_found_with_the_time_it_was_measured_at(cache: MeasurementCache) -> None:
    assert cache.find("key") is None
    cache.remember("key", FIGURES)
    found = cache.find("key")
    assert found is not None
    assert repr(found[0].details) == repr(FIGURES[0].details)
    assert [(figure.metric, str(figure.value), str(figure.low)) for figure in found] == [
        ("accuracy", "0.5", "0.4"),
        ("perplexity", "inf", "nan"),
    ]
    assert all("T" in figure.measured_at for figure in found)
    assert cache.find("another key") is None


def test_only_so_many_are_kept_and_what_is_asked_for_stays(cache: MeasurementCache) -> None:
    for key in "abc":
        cache.remember(key, FIGURES[:1])
    assert cache.find("a") is not None
    cache.remember("d", FIGURES[:1])
    assert [key for key in "abcd" if cache.find(key) is not None] == ["a", "c", "d"]


def test_a_damaged_file_is_made_anew(cache: MeasurementCache, tmp_path: Path) -> None:
    cache.remember("key", FIGURES)
    path = tmp_path / "deep" / FILE_NAME
    path.write_bytes(b"no database at all, but long enough to be read as one" * 100)
    assert cache.find("key") is None
    cache.remember("key", FIGURES)
    assert cache.find("key") is not None


@pytest.mark.parametrize("text", ["", "{", "[]", '[{"metric": "accuracy"}]', '[{"of another version": 1}]', "[3]"])
def test_an_entry_that_can_t_be_read_is_none(cache: MeasurementCache, tmp_path: Path, text: str) -> None:
    cache.remember("key", FIGURES)
    connection = sqlite3.connect(tmp_path / "deep" / FILE_NAME)
    with connection:
        connection.execute("UPDATE measurements SET figures = ?", (text,))
    connection.close()
    assert cache.find("key") is None


def test_a_process_killed_while_it_writes_leaves_what_was_there(cache: MeasurementCache, tmp_path: Path) -> None:
    cache.remember("key", FIGURES)
    path = tmp_path / "deep" / FILE_NAME
    program = f"""
import os, sqlite3
connection = sqlite3.connect({str(path)!r})
connection.execute("PRAGMA cache_spill = 1")
connection.executemany("INSERT INTO measurements VALUES (?, ?, '', 0)", ((str(number), "x" * 4000) for number in range(5000)))
os.kill(os.getpid(), {int(signal.SIGKILL)})
"""
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == -signal.SIGKILL
    assert cache.find("key") is not None
    assert cache.find("17") is None


def test_a_folder_that_can_t_be_made_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    cache = MeasurementCache(tmp_path / "file" / FILE_NAME)
    cache.remember("key", FIGURES)
    assert cache.find("key") is None
