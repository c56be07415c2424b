"""The store of sums: what it finds, forgets and survives."""

import contextlib
import functools
import itertools
import os
import signal
import sqlite3
import subprocess
import sys
import time

import numpy as np
import pytest

from engine.similarity.missing_rows import find_rows
from engine.similarity.pair_sums import PairSums
from engine.similarity.store import ASIDE_SUFFIX, GramStore, pair_key

TENSORS = 5


def make_sums(number, is_single=False, tensors=TENSORS):
    sums = PairSums.empty(tensors, is_single=is_single)
    sums.known[:] = True
    sums.products[:] = number + np.arange(tensors) / 7
    sums.both[:] = number
    sums.signs[:] = -number
    sums.magnitudes[:] = number
    return sums


def fill(store, members=("b", "x", "y"), parts=2, tensors=TENSORS):
    keys = [pair_key(*pair, part) for pair in itertools.combinations_with_replacement(members, 2) for part in range(parts)]
    sums = {key: make_sums(number, key[0] == key[1], tensors) for number, key in enumerate(keys)}
    store.save("b", sums)
    return sums


def assert_found(found, expected):
    assert found.keys() == expected.keys()
    for key, sums in expected.items():
        for name in ("known", "products", "both", "signs", "magnitudes"):
            np.testing.assert_array_equal(getattr(found[key], name), getattr(sums, name))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "cache" / "gram.sqlite3"


def test_what_was_kept_is_found_by_another_store(path):
    expected = fill(GramStore(path))
    assert_found(GramStore(path).find("b", ("b", "x", "y"), [TENSORS, TENSORS]), expected)


def test_only_what_was_asked_for_is_found(path):
    fill(GramStore(path))
    found = GramStore(path).find("b", ("b", "y"), [TENSORS, TENSORS])
    assert {key[:2] for key in found} == {("b", "b"), ("b", "y"), ("y", "y")}
    assert GramStore(path).find("x", ("x", "y"), [TENSORS]) == {}
    assert GramStore(path).find("other", ("other",), [TENSORS]) == {}


def test_the_least_used_is_forgotten_when_it_grows_too_large(path):
    store = GramStore(path, largest_bytes=200_000)
    for number in range(12):
        fill(store, ("b", "kept", f"x{number}"), parts=1, tensors=50)
        store.find("b", ("b", "kept"), [50])
    assert path.stat().st_size < 300_000
    found = store.find("b", ("b", "kept", *(f"x{number}" for number in range(12))), [50])
    members = {member for key in found for member in key[:2]}
    assert {"b", "kept", "x11"} <= members
    assert "x0" not in members


@pytest.mark.parametrize("content", [b"no database at all" * 100, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_damaged_file_is_set_aside_and_begun_anew_with_a_note(path, content):
    path.parent.mkdir()
    path.write_bytes(content)
    store = GramStore(path)
    assert store.find("b", ("b", "x"), [TENSORS]) == {}
    assert len(store.notes) == 1
    assert path.with_name(path.name + ASIDE_SUFFIX).read_bytes() == content
    expected = fill(store)
    assert_found(store.find("b", ("b", "x", "y"), [TENSORS, TENSORS]), expected)
    assert len(store.notes) == 1


def test_a_single_wrong_byte_is_seen(path):
    """SQLite itself has no check sums: without ours the figure would be wrong, and nobody would know."""
    fill(GramStore(path))
    content = bytearray(path.read_bytes())
    at = content.index(make_sums(7).products.tobytes())
    content[at] ^= 1
    path.write_bytes(content)
    store = GramStore(path)
    assert store.find("b", ("b", "x", "y"), [TENSORS, TENSORS]) == {}
    assert store.notes


def test_sums_under_another_pairs_name_are_seen(path):
    fill(GramStore(path), ("b", "x", "y"), parts=1)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE checkpoints SET identity = 'z' WHERE identity = 'y'")
    connection.close()
    store = GramStore(path)
    store.find("b", ("b", "x", "z"), [TENSORS])
    assert store.notes


def test_a_place_that_can_not_be_written_to_is_no_error(tmp_path):
    (tmp_path / "file").write_text("")
    store = GramStore(tmp_path / "file" / "gram.sqlite3")
    fill(store)
    assert store.find("b", ("b",), [TENSORS]) == {}
    assert len(store.notes) == 1
    assert str(tmp_path / "file") in store.notes[0]


@contextlib.contextmanager
def hold(path, lock):
    """Keep a file locked as another program does that writes to it."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(f"BEGIN {lock}")
        yield
        connection.rollback()


def test_what_is_known_is_found_while_another_program_is_about_to_write(path):
    expected = fill(GramStore(path))
    store = GramStore(path)
    with hold(path, "IMMEDIATE"):
        assert_found(store.find("b", ("b", "x", "y"), [TENSORS, TENSORS]), expected)
    assert store.notes == []


def test_a_locked_file_is_waited_for_once_and_then_done_without_with_a_note(path, monkeypatch):
    monkeypatch.setattr("engine.similarity.store.READ_WAIT_SECONDS", 0.01)
    expected = fill(GramStore(path))
    before = path.read_bytes()
    store = GramStore(path)
    with hold(path, "EXCLUSIVE"):
        assert store.find("b", ("b", "x", "y"), [TENSORS, TENSORS]) == {}
        # It would wait for seconds, and raise, if it asked for the lock again.
        monkeypatch.setattr(sqlite3, "connect", None)
        fill(store, ("b", "z"))
        assert store.find("b", ("b", "x", "y"), [TENSORS, TENSORS]) == {}
    monkeypatch.undo()
    assert len(store.notes) == 1
    assert str(path) in store.notes[0]
    assert path.read_bytes() == before
    assert_found(GramStore(path).find("b", ("b", "x", "y"), [TENSORS, TENSORS]), expected)


def test_what_can_not_be_kept_in_time_is_done_without(path, monkeypatch):
    monkeypatch.setattr("engine.similarity.store.GramStore._write", functools.partialmethod(GramStore._write, wait_seconds=0.01))
    fill(GramStore(path), ("b", "x"))
    store = GramStore(path)
    with hold(path, "IMMEDIATE"):
        fill(store, ("b", "y"))
        fill(store, ("b", "z"))
    assert len(store.notes) == 1


_WRITER = """
import sys
sys.path.insert(0, {tests!r})
from pathlib import Path
from test_store import fill
from engine.similarity.store import GramStore
store = GramStore(Path({path!r}))
number = 0
while number < {times}:
    fill(store, ("b", "{name}", f"{name}-{{number}}"), parts=1)
    print(number, flush=True)
    number += 1
"""


def start_writer(path, name, times):
    script = _WRITER.format(tests=os.path.dirname(__file__), path=str(path), name=name, times=times)  # noqa: PTH120  (a folder for a script)
    return subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)


def test_two_processes_write_at_once_and_nothing_is_lost(path):
    writers = [start_writer(path, name, 25) for name in ("one", "two")]
    for writer in writers:
        writer.communicate(timeout=120)
        assert writer.returncode == 0
    for name in ("one", "two"):
        members = ("b", name, *(f"{name}-{number}" for number in range(25)))
        found = GramStore(path).find("b", members, [TENSORS])
        assert sum(pair_key(name, f"{name}-{number}", 0) in found for number in range(25)) == 25


def test_a_process_killed_while_it_writes_leaves_what_it_had_finished(path):
    writer = start_writer(path, "one", 10_000)
    for _ in range(5):
        last = int(writer.stdout.readline())
    time.sleep(0.02)
    writer.send_signal(signal.SIGKILL)
    writer.communicate()
    store = GramStore(path)
    found = store.find("b", ("b", "one", *(f"one-{number}" for number in range(last + 1))), [TENSORS])
    assert all(pair_key("one", f"one-{number}", 0) in found for number in range(last + 1))
    assert store.notes == []


def test_one_new_member_is_one_row_and_everything_new_is_all_rows():
    members = range(4)
    everything = list(itertools.combinations_with_replacement(members, 2))
    assert find_rows([pair for pair in everything if 3 in pair]).rows == (3,)
    assert find_rows(everything).rows == (0, 1, 2, 3)
    single = find_rows([(1, 3)])
    assert (single.members, len(single.rows)) == ((0, 1, 3), 1)
    for pair in everything:
        row, column = find_rows(everything).locate(pair)
        assert {row, column} == set(pair)
    assert find_rows([]).rows == ()
