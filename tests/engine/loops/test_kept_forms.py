"""Compiled forms are found again, never a wrong one, and a place that takes nothing stops nobody."""

import os
import subprocess
import sys

import numpy as np
import pytest

from engine.loops.compiled import compiled
from engine.loops.kept_forms import MOST_FORMS, _hash_sources

PROGRAM = """
import sys
sys.frozen = True
import numpy as np
from engine.loops.drop import drop_and_scale
for kind in map(np.dtype, sys.argv[1:]):
    values, out = np.ones(9, kind), np.zeros(9, kind)
    drop_and_scale(values, 0, (1, 2), -(2**31), kind.type(3), out)
    assert out.tolist() == [3] * 9
print(sum(drop_and_scale.stats.cache_hits.values()))
"""
"""Runs a loop for some dtypes as a bundle would, and prints how many compiled forms it has found."""


def add_numbers(one, other):
    return one + other


@pytest.fixture
def folder(monkeypatch, tmp_path):
    # As in a bundle: nothing is kept beside the source.
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setenv("WEIGHTLOOM_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "loops"


@pytest.fixture
def start(repository, tmp_path):
    def run(*kinds, cache=tmp_path / "cache", limit=""):
        environment = {**os.environ, "WEIGHTLOOM_CACHE": str(cache), "PYTHONPATH": str(repository)}
        command = [sys.executable, "-W", "error", "-c", limit + PROGRAM, *kinds]
        return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    return run


def finish(process):
    said, errors = process.communicate()
    assert process.returncode == 0, errors
    assert errors == ""
    return int(said)


def count_found(loop):
    return sum(loop.stats.cache_hits.values())


def test_a_form_is_found_again_for_the_types_it_was_made_for(folder):
    first = compiled(add_numbers)
    assert first(1, 2) == 3
    assert first(0.5, 0.25) == 0.75
    assert len(list(folder.iterdir())) == 2
    again = compiled(add_numbers)
    assert again(0.5, 0.25) == 0.75
    assert again(1, 2) == 3
    assert (count_found(first), count_found(again)) == (0, 2)
    assert again(np.float32(1), np.float32(2)) == 3
    assert count_found(again) == 2


@pytest.mark.parametrize("damage", [lambda content: b"", lambda content: content[:-1], lambda content: content[:99] + b"?" + content[100:]])
def test_a_damaged_form_is_made_anew(folder, damage):
    compiled(add_numbers)(1, 2)
    (path,) = folder.iterdir()
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    again = compiled(add_numbers)
    assert again(1, 2) == 3
    assert count_found(again) == 0
    last = compiled(add_numbers)
    assert last(1, 2) == 3
    assert count_found(last) == 1


def test_a_place_that_takes_nothing_stops_nobody(folder):
    # As a folder that can't be written to; permissions do not hold for root, who may run the tests.
    folder.parent.write_text("a file")
    assert compiled(add_numbers)(1, 2) == 3
    assert folder.parent.read_text() == "a file"


def test_forms_of_older_sources_go(folder):
    folder.mkdir(parents=True)
    for number in range(MOST_FORMS):
        path = folder / f"old-{number:03}.loop"
        path.touch()
        os.utime(path, (1000 + number, 1000 + number))
    (folder / "a file of somebody else").touch()
    compiled(add_numbers)(1, 2)
    names = sorted(path.name for path in folder.iterdir())
    assert len(names) == MOST_FORMS + 1
    assert "old-000.loop" not in names
    assert "old-001.loop" in names
    assert "a file of somebody else" in names


def test_a_form_belongs_to_the_sources_of_all_loops(tmp_path):
    own, folder = tmp_path / "own.py", tmp_path / "loops"
    folder.mkdir()
    own.write_text("1")
    digests = [_hash_sources(folder, own)]
    for path, text in ((folder / "mix.py", "1"), (folder / "mix.py", "2"), (folder / "drop.py", "1"), (own, "2")):
        path.write_text(text)
        _hash_sources.cache_clear()
        digests.append(_hash_sources(folder, own))
    assert digests[0] == ""
    assert len(set(digests)) == 5


def test_without_sources_nothing_is_kept(folder, monkeypatch):
    monkeypatch.setattr("engine.loops.kept_forms._HERE", folder)
    assert compiled(add_numbers)(1, 2) == 3
    assert not folder.exists()


def test_beside_the_source_comes_first(monkeypatch, tmp_path):
    (tmp_path / "source.py").touch()
    monkeypatch.setattr("engine.loops.kept_forms._HERE", tmp_path)
    monkeypatch.setenv("WEIGHTLOOM_CACHE", str(tmp_path / "cache"))
    compiled(add_numbers)(1, 2)
    assert len(list((tmp_path / "__pycache__").iterdir())) == 1
    assert not (tmp_path / "cache").exists()


def test_processes_that_compile_at_once_leave_what_others_find(start):
    kinds = ("float32", "float64")
    both = [start(*kinds), start(*reversed(kinds))]
    for process in both:
        finish(process)
    assert finish(start(*kinds)) == 2


@pytest.mark.skipif(sys.platform == "win32", reason="has no limit on the size of files")
def test_a_full_disk_stops_nobody_and_keeps_no_half(start, tmp_path):
    # A write beyond the limit fails as one on a full disk does.
    limit = "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
    assert finish(start("float32", limit=limit)) == 0
    assert list((tmp_path / "cache" / "loops").iterdir()) == []
    assert finish(start("float32")) == 0
    assert finish(start("float32")) == 1
