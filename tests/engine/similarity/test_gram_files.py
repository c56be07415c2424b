"""Tables written to folders and mapped back."""

import dataclasses

import numpy as np
import pytest

from engine.similarity import gram_files
from engine.similarity.gram_files import load_table, save_table
from engine.similarity.gram_table import MAGNITUDE_BINS, GramTable


def make_table(tensors=3, vectors=2, errors=None):
    draw = np.random.default_rng(0)
    counts = draw.integers(0, 9, (tensors, vectors, vectors))
    return GramTable(
        "base", tuple(f"v{number}" for number in range(vectors)), tuple(f"τ.{number}" for number in range(tensors)), ("lm_head",),
        draw.integers(1, 9, tensors), draw.random((tensors, vectors + 1, vectors + 1)), counts, counts - 4,
        draw.integers(0, 9, (tensors, vectors, MAGNITUDE_BINS)), errors, (("τ.0", "v1"),),
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
