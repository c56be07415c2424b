"""What is kept of kernels: pairs of sums that are filled into tables."""

import numpy as np
import pytest

from engine.checkpoints.sources import open_checkpoint
from engine.similarity.family_files import FamilyFiles
from engine.similarity.gram_table import MAGNITUDE_BINS, GramTable
from engine.similarity.kernel_sums import KernelSums
from engine.similarity.store import GramStore
from engine.similarity.table_making import widen_table

KERNELS = {"k": "kernel 1", "l": "kernel 2"}
EVERYTHING = ("products", "both", "signs", "magnitudes")


@pytest.fixture
def files(bench, family):
    headers = tuple(open_checkpoint(name, bench.folder) for name in ("base", "a", "b"))
    tensors = tuple(name for name, spec in headers[0].tensors.items() if spec.dtype.is_float)[:3]
    return FamilyFiles("base", ("a", "b"), tensors, (), headers)


@pytest.fixture
def place(bench):
    return GramStore(bench.folder / "gram.sqlite3")


def draw_table(files, vectors, seed=0, base="base"):
    """Return a table of random sums, symmetric as sums are."""
    draw = np.random.default_rng(seed)
    count, width = len(files.tensors), len(vectors)
    products = draw.normal(size=(count, width + 1, width + 1))
    both, signs = draw.integers(0, 99, (2, count, width, width))
    symmetric = [array + array.swapaxes(1, 2) for array in (products, both, signs)]
    magnitudes = draw.integers(0, 99, (count, width, MAGNITUDE_BINS))
    return GramTable(base, vectors, files.tensors, (), np.full(count, 999), *symmetric, magnitudes)


@pytest.fixture
def measured(files):
    return draw_table(files, ("a", "b", "k", "l"))


def own_part(table, width):
    """Return the table of its first vectors."""
    return GramTable(
        table.base, table.vectors[:width], table.tensors, (), table.entries, table.products[:, : width + 1, : width + 1],
        table.both[:, :width, :width], table.signs[:, :width, :width], table.magnitudes[:, :width],
    )  # fmt: skip


def test_what_was_measured_is_known_to_whoever_asks_later(files, place, measured):
    own = own_part(measured, 2)
    KernelSums(files, KERNELS, place).add(measured, is_kept=True)
    later = KernelSums(files, KERNELS, place)
    assert later.has_all(("k", "l"), files.tensors, with_base=True)
    table = later.widen(own, ("k", "l"))
    assert table.vectors == measured.vectors
    for name in EVERYTHING:
        np.testing.assert_array_equal(getattr(table, name), getattr(measured, name))
    assert table.errors is None


def test_what_is_not_settled_is_not_kept(files, place, measured):
    sums = KernelSums(files, KERNELS, place)
    sums.add(measured, is_kept=False)
    assert sums.has_all(("k", "l"), files.tensors, with_base=True)
    assert not KernelSums(files, KERNELS, place).has_all(("k",), files.tensors, with_base=False)


def test_a_kernel_that_is_made_otherwise_is_not_known(files, place, measured):
    KernelSums(files, KERNELS, place).add(measured, is_kept=True)
    later = KernelSums(files, {"k": "kernel 3", "l": "kernel 2"}, place)
    assert later.has_all(("l",), files.tensors, with_base=True)
    assert not later.has_all(("k",), files.tensors, with_base=True)


def test_only_what_is_known_is_filled_in(files, place, measured):
    """An estimate of two kernels, one of which is known: the other's sums, and those of both together, stay as they were."""
    KernelSums(files, {"k": "kernel 1"}, place).add(own_part(measured, 3), is_kept=True)
    estimated = widen_table(draw_table(files, ("a", "b", "k", "l"), seed=1), ())
    estimated.errors[:] = 0.5
    table = KernelSums(files, KERNELS, place).fill_in(estimated)
    np.testing.assert_array_equal(table.products[:, 3, :4], measured.products[:, 3, :4])
    np.testing.assert_array_equal(table.signs[:, :3, 2], measured.signs[:, :3, 2])
    np.testing.assert_array_equal(table.magnitudes[:, 2], measured.magnitudes[:, 2])
    assert not table.errors[:, 3, :4].any()
    np.testing.assert_array_equal(table.products[:, 4], estimated.products[:, 4])
    np.testing.assert_array_equal(table.both[:, 3], estimated.both[:, 3])
    assert (table.errors[:, 4] == 0.5).all()
    assert (table.errors[:, :3, :3] == 0.5).all()


def test_products_with_an_unknown_base_are_not_taken_over(files, place):
    sums = KernelSums(files, KERNELS, place)
    sums.add(draw_table(files, ("a", "b", "k", "l"), base=""), is_kept=True)
    assert sums.has_all(("k", "l"), files.tensors, with_base=False)
    assert not sums.has_all(("k", "l"), files.tensors, with_base=True)


def test_kernels_that_were_never_measured_together_are_not_known_together(files, place, measured):
    sums = KernelSums(files, KERNELS, place)
    sums.add(own_part(measured, 3), is_kept=True)
    sums.add(draw_table(files, ("a", "b", "l")), is_kept=True)
    assert all(sums.has_all((kernel,), files.tensors, with_base=True) for kernel in KERNELS)
    assert not sums.has_all(tuple(KERNELS), files.tensors, with_base=True)


def test_a_kernel_that_nothing_identifies_is_not_known(files, place, measured):
    sums = KernelSums(files, KERNELS, place)
    sums.add(measured, is_kept=True)
    assert not sums.has_all(("k", "other"), files.tensors, with_base=True)


def test_without_kernels_nothing_is_looked_up(files, bench, place):
    KernelSums(files, {}, place)
    assert not (bench.folder / "gram.sqlite3").exists()


def test_a_wider_table_knows_nothing_of_the_new(files, measured):
    table = widen_table(measured, ("new",))
    assert np.isnan(table.errors[:, 5]).all()
    assert not table.errors[:, :5, :5].any()
    np.testing.assert_array_equal(table.products[:, :5, :5], measured.products)
