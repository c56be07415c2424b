"""The exact pass against float64 on whole tensors, its cache, and what stops it."""

import itertools
import os

import numpy as np
import pytest
import torch

from engine.checkpoints.sources import open_checkpoint
from engine.errors import Cancelled, InputChangedError, ReadError
from engine.execution.gram_pass import PassSettings, measure_gram
from engine.similarity import family_files, row_sums
from engine.similarity.gram_table import magnitude_edges
from engine.similarity.store import GramStore

NAMES = ("base", "a", "b", "c")


def as_doubles(bench, names, tensor):
    return np.array([bench.load(name)[tensor].double().flatten().numpy() for name in names])


def differences(bench, names, tensor):
    base, *others = as_doubles(bench, names, tensor)
    return np.array([base, *(other - base for other in others)])


def cosines(products):
    norms = np.sqrt(np.diag(products))
    return products / np.outer(norms, norms)


def arrays(table):
    return (table.products, table.both, table.signs, table.magnitudes, table.entries)


def assert_same(one, other):
    for mine, theirs in zip(arrays(one), arrays(other), strict=True):
        np.testing.assert_array_equal(mine, theirs)


@pytest.fixture
def settled(family, settle):
    settle(*NAMES)
    return family


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32])
@pytest.mark.parametrize("share", [0.05, 1e-4])
def test_cosines_and_norms_are_those_of_float64(bench, files_of, store, dtype, share):
    """Also where the change is a ten-thousandth of the base: differences are taken first, so nothing cancels."""
    base = bench.make_model(0, dtype)
    bench.save("base", base)
    for seed, name in enumerate("abc"):
        bench.save(name, bench.move(base, seed, share))
    table = measure_gram(files_of(*NAMES), store).table
    whole = np.concatenate([differences(bench, NAMES, name) for name in table.tensors], axis=1)
    exact = whole @ whole.T
    np.testing.assert_allclose(cosines(table.products.sum(0)), cosines(exact), atol=1e-6)
    np.testing.assert_allclose(np.diag(table.products.sum(0)), np.diag(exact), rtol=1e-6)
    for index, name in enumerate(table.tensors):
        rows = differences(bench, NAMES, name)
        np.testing.assert_allclose(np.diag(table.products[index]), np.diag(rows @ rows.T), rtol=1e-6)


def test_counts_are_exact(bench, family, files_of, store):
    table = measure_gram(files_of(*NAMES), store).table
    for index, name in enumerate(table.tensors):
        vectors = differences(bench, NAMES, name)[1:]
        present, signs = (vectors != 0).astype(int), np.sign(vectors).astype(int)
        np.testing.assert_array_equal(table.both[index], present @ present.T)
        np.testing.assert_array_equal(table.signs[index], signs @ signs.T)
        for number, vector in enumerate(vectors):
            sizes = np.abs(vector[vector != 0])
            np.testing.assert_array_equal(table.magnitudes[index, number], np.histogram(sizes, magnitude_edges())[0])
        assert table.entries[index] == vectors.shape[1]


def test_magnitudes_at_every_edge_are_in_their_bin(bench, files_of, store):
    """Zeros apart, the smallest and the largest with what lies beyond."""
    for name, top in (("small", 2.0), ("large", 2.0**20)):
        values = torch.tensor([0.0, 2.0**-149, 2.0**-60, 2.0**-54, 2.0**-53 * 1.5, -0.25, 0.49, 1.0, -1.99, top / 2, top * 0.99])
        bench.save("base", {"w": torch.zeros(len(values))})
        bench.save(name, {"w": values})
        table = measure_gram(files_of("base", name), store).table
        sizes = np.abs(values.double().numpy())
        np.testing.assert_array_equal(table.magnitudes[0, 0], np.histogram(sizes[sizes > 0], magnitude_edges())[0])


def test_float64_is_measured_in_float64_and_dtypes_may_differ(bench, files_of, store):
    draw = torch.Generator().manual_seed(0)
    base = torch.randn(5000, generator=draw, dtype=torch.float64)
    bench.save("base", {"w": base})
    bench.save("a", {"w": base + 1e-9 * torch.randn(5000, generator=draw, dtype=torch.float64)})
    bench.save("b", {"w": base.to(torch.bfloat16)})
    table = measure_gram(files_of("base", "a", "b"), store).table
    exact = differences(bench, ("base", "a", "b"), "w")
    np.testing.assert_allclose(table.products[0], exact @ exact.T, rtol=1e-9)
    sizes = np.abs(exact[1])
    np.testing.assert_array_equal(table.magnitudes[0, 0], np.histogram(sizes[sizes > 0], magnitude_edges())[0])


def test_neither_threads_nor_pieces_nor_blocks_show(bench, family, files_of, tmp_path, monkeypatch):
    files = files_of(*NAMES)
    expected = measure_gram(files, GramStore(tmp_path / "0"), PassSettings(workers=1)).table
    assert_same(measure_gram(files, GramStore(tmp_path / "1"), PassSettings(workers=3)).table, expected)
    monkeypatch.setattr(row_sums, "BLOCK_BYTES", 1 << 16)
    assert_same(measure_gram(files, GramStore(tmp_path / "2")).table, expected)


def test_a_second_call_reads_nothing(settled, files_of, store):
    first = measure_gram(files_of(*NAMES), store)
    second = measure_gram(files_of(*NAMES), store)
    assert (first.is_from_cache, second.is_from_cache, second.bytes_read) == (False, True, 0)
    assert_same(first.table, second.table)


def test_one_more_checkpoint_costs_one_row(settled, files_of, store):
    measure_gram(files_of("base", "a", "b"), store)
    more = measure_gram(files_of(*NAMES), store)
    assert more.pairs == {("base", "c"), ("a", "c"), ("b", "c"), ("c", "c")}
    fewer = measure_gram(files_of("base", "c", "a"), store)
    assert fewer.is_from_cache
    np.testing.assert_array_equal(fewer.table.products[:, 1, 2], more.table.products[:, 3, 1])


def test_rows_that_came_one_by_one_are_those_of_all_at_once(settled, files_of, store, tmp_path):
    for count in (2, 3, 4):
        table = measure_gram(files_of(*NAMES[:count]), store).table
    whole = measure_gram(files_of(*NAMES), GramStore(tmp_path / "other")).table
    np.testing.assert_allclose(table.products, whole.products, rtol=1e-5, atol=1e-6 * whole.products.max())
    np.testing.assert_array_equal(table.both, whole.both)
    np.testing.assert_array_equal(table.magnitudes, whole.magnitudes)


def test_a_changed_file_is_measured_anew(bench, settled, files_of, store, settle):
    before = measure_gram(files_of(*NAMES), store).table
    path = bench.folder / "b" / "model.safetensors"
    status = path.stat()
    content = bytearray(path.read_bytes())
    content[-40:-20] = bytes(20)
    path.write_bytes(content)
    # Whoever puts size and time back is found out all the same.
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    after = measure_gram(files_of(*NAMES), store)
    assert ("b", "b") in after.pairs
    assert not any("b" not in pair for pair in after.pairs)
    assert after.table.products[-1, 2, 2] != before.products[-1, 2, 2]


def test_files_that_are_a_moment_old_are_not_remembered(family, files_of, store):
    """One written again within the same tick of a coarse clock would look the same."""
    measure_gram(files_of(*NAMES), store)
    assert not measure_gram(files_of(*NAMES), store).is_from_cache


def test_a_file_that_changes_while_it_is_read_is_an_error(bench, settled, files_of, store, monkeypatch):
    monkeypatch.setattr(family_files, "FEWEST_PART_ENTRIES", 1)
    files = files_of(*NAMES)

    def change(done, total):
        os.utime(bench.folder / "c" / "model.safetensors")

    with pytest.raises(InputChangedError, match="c/model"):
        measure_gram(files, store, PassSettings(workers=1, moved=change))


def test_a_header_from_before_a_change_is_an_error(bench, settled, files_of, store):
    files = files_of(*NAMES)
    bench.save("a", {name: tensor + 1 for name, tensor in bench.load("a").items()})
    with pytest.raises(InputChangedError):
        measure_gram(files, store)


def test_a_file_that_is_cut_is_an_error(bench, settled, files_of, store):
    files = files_of(*NAMES)
    path = bench.folder / "a" / "model.safetensors"
    os.truncate(path, 3000)
    with pytest.raises(ReadError):
        measure_gram(files, store)


def test_what_was_done_before_a_stop_is_not_done_again(settled, files_of, store, monkeypatch):
    monkeypatch.setattr(family_files, "FEWEST_PART_ENTRIES", 1)
    monkeypatch.setattr(family_files, "MOST_PARTS", 1 << 30)
    monkeypatch.setattr(row_sums, "BLOCK_BYTES", 1 << 18)  # so that there is more than one block to stop before
    asked = itertools.count()
    files = files_of(*NAMES)
    with pytest.raises(Cancelled):
        measure_gram(files, store, PassSettings(workers=1, stops=lambda: next(asked) > 3))
    rest = measure_gram(files, store, PassSettings(workers=1))
    whole = sum(spec.size_bytes for header in files.headers for spec in header.tensors.values() if spec.dtype.is_float)
    assert 0 < rest.bytes_read < whole
    assert measure_gram(files, store).is_from_cache


def test_progress_counts_every_byte_once(family, files_of, store):
    told = []
    files = files_of(*NAMES)
    measured = measure_gram(files, store, PassSettings(moved=lambda done, total: told.append((done, total))))
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1] == (measured.bytes_read, measured.bytes_read)


@pytest.mark.parametrize(("bad", "named"), [("b", {("w", "b")}), ("base", {("w", "base")})])
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_tensors_that_are_not_finite_are_named_and_in_no_sum(bench, files_of, store, bad, named, value):
    draw = torch.Generator().manual_seed(0)
    for name in ("base", "a", "b"):
        tensors = {"w": torch.randn(5000, generator=draw), "v": torch.randn(300, generator=draw)}
        if name == bad:
            tensors["w"][4321] = value
        bench.save(name, tensors)
    table = measure_gram(files_of("base", "a", "b"), store).table
    at = table.tensors.index("w")
    assert set(table.non_finite) == named
    assert not any(array[at].any() for array in arrays(table))
    rows = differences(bench, ("base", "a", "b"), "v")
    np.testing.assert_allclose(table.products.sum(0), rows @ rows.T, rtol=1e-5)


@pytest.mark.parametrize("size", [3e30, 1e-21, 1e-25, 2.0**-140])
def test_squares_beyond_float32_are_summed_in_float64(bench, files_of, store, size):
    bench.save("base", {"w": torch.zeros(5)})
    bench.save("a", {"w": torch.full((5,), size)})
    bench.save("b", {"w": torch.full((5,), -2 * size)})
    table = measure_gram(files_of("base", "a", "b"), store).table
    stored = float(torch.tensor(size))
    expected = 5 * stored**2 * np.array([[1, -2], [-2, 4]])
    np.testing.assert_allclose(table.products[0, 1:, 1:], expected, rtol=1e-6)
    assert table.non_finite == ()


def test_a_tensor_that_not_all_have_is_left_out(bench, family, files_of, store, settle):
    bench.save("d", {**bench.load("c"), "model.embed_tokens.weight": torch.zeros(44, 16)})
    settle(*NAMES, "d")
    table = measure_gram(files_of(*NAMES, "d"), store).table
    assert table.left_out == ("model.embed_tokens.weight",)
    assert "model.embed_tokens.weight" not in table.tensors
    # What the larger family had no use for is missing when the smaller one asks.
    smaller = measure_gram(files_of(*NAMES), store)
    assert smaller.table.tensors == tuple(name for name, value in family["base"].items() if value.is_floating_point())
    assert (smaller.table.products[:, 1, 1] > 0).all()


def test_an_empty_tensor_and_no_vector_are_no_error(bench, files_of, store):
    for name in ("base", "a"):
        bench.save(name, {"w": torch.ones(3), "nothing": torch.zeros(0, 4)})
    table = measure_gram(files_of("base", "a"), store).table
    assert table.products[table.tensors.index("nothing")].tolist() == [[0, 0], [0, 0]]
    alone = measure_gram(files_of("base"), store).table
    assert alone.products.sum() == 3
    assert alone.vectors == ()


def test_headers_come_from_where_sources_are_opened(bench, family):
    parts = family_files.cut_parts(open_checkpoint("base", bench.folder))
    assert parts == (tuple(name for name, value in family["base"].items() if value.is_floating_point()),)
