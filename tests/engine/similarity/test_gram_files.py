"""Tables written to folders and mapped back."""

import dataclasses
import os
import tempfile

import numpy as np
import pytest

from engine.similarity import gram_files
from engine.similarity.gram_files import hand_over_table, load_table, save_table
from engine.similarity.gram_table import MAGNITUDE_BINS, GramTable


def make_table(tensors=3, vectors=2, errors=None):
    draw = np.random.default_rng(0)
    counts = draw.integers(0, 9, (tensors, vectors, vectors))
    return GramTable(
        "base", tuple(f"v{number}" for number in range(vectors)), tuple(f"τ.{number}" for number in range(tensors)), ("lm_head",),
        draw.integers(1, 9, tensors), draw.random((tensors, vectors + 1, vectors + 1)), counts, counts - 4,
        draw.integers(0, 9, (tensors, vectors, MAGNITUDE_BINS)), errors, (("τ.0", "v1"),),
        ("a note",),
    )  # fmt: skip


@pytest.mark.parametrize("table", [make_table(), make_table(errors=np.ones((3, 3, 3))), make_table(tensors=0), make_table(vectors=0)])
def test_what_was_saved_is_loaded(tmp_path, table):
    found = load_table(save_table(table, tmp_path))
    for field in dataclasses.fields(GramTable):
        mine, theirs = getattr(table, field.name), getattr(found, field.name)
        if isinstance(mine, np.ndarray):
            np.testing.assert_array_equal(mine, theirs)
            assert mine.dtype == theirs.dtype
        else:
            assert mine == theirs


def test_arrays_are_mapped_and_can_not_be_written_to(tmp_path):
    products = load_table(save_table(make_table(), tmp_path)).products
    assert isinstance(products, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        products[0] = 1


def test_only_the_latest_are_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(gram_files, "MOST_TABLES", 3)
    places = [save_table(make_table(), tmp_path) for _ in range(5)]
    assert {path for path in places if path.exists()} == set(places[2:])


def test_what_is_no_table_is_refused(tmp_path):
    with pytest.raises(OSError, match=r"names\.json"):
        load_table(tmp_path)
    place = save_table(make_table(), tmp_path)
    (place / "names.json").write_text("{}")
    with pytest.raises(ValueError, match="no Gram table"):
        load_table(place)


@pytest.fixture
def blocked(tmp_path, monkeypatch):
    """Put a file where the cache's folder should be, and return the temporary folder that takes its place."""
    (tmp_path / "cache").write_text("")
    monkeypatch.setenv("WEIGHTLOOM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_a_table_that_the_cache_does_not_take_is_handed_over_from_elsewhere_with_a_note(blocked):
    first, second = hand_over_table(make_table()), hand_over_table(make_table())
    assert first.parent == second.parent
    assert first.parent.parent == blocked
    found = load_table(first)
    np.testing.assert_array_equal(found.products, make_table().products)
    assert len(found.notes) == 2
    assert str(blocked / "cache") in found.notes[1]


@pytest.mark.skipif(os.name == "nt", reason="Windows gives every user a temporary folder of their own")
def test_a_folder_that_others_could_write_to_is_not_used(blocked):
    usual = hand_over_table(make_table()).parent
    usual.chmod(0o777)
    place = hand_over_table(make_table())
    assert place.parent != usual
    assert not place.parent.stat().st_mode & 0o077
