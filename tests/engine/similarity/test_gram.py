"""Inner products over blocks, against the same figures computed by numpy in float64."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import reduce

import numpy as np
import pytest
import torch

from engine.similarity.gram import BLOCK_ENTRIES, PieceSums, VectorMeter, add_piece, empty_sums, measure_by_torch
from engine.similarity.gram_table import magnitude_edges
from engine.similarity.row_sums import RowSums

ENTRIES = 2 * BLOCK_ENTRIES + 4321  # two whole blocks and one that no sub-block divides


@pytest.fixture
def vectors() -> list[torch.Tensor]:
    """Return four vectors: two alike, one turned against the first, one with many exact zeros."""
    torch.set_num_threads(1)
    draw = torch.Generator().manual_seed(3)
    first, other, noise = (torch.randn(ENTRIES, generator=draw) for _ in range(3))
    sparse = torch.where(torch.rand(ENTRIES, generator=draw) < 0.7, torch.zeros(()), noise)
    return [first, first + 0.3 * other, -0.5 * first + 0.1 * noise, sparse]


@pytest.fixture
def base() -> torch.Tensor:
    """Return θ₀, 10⁴ times as long as the vectors."""
    return 1e4 * torch.randn(ENTRIES, generator=torch.Generator().manual_seed(9))


def measure_by_loops(members: list[torch.Tensor]) -> PieceSums:
    return VectorMeter(len(members) - 1).measure(members[0], members[1:])


@pytest.fixture(params=[measure_by_loops, measure_by_torch], ids=["compiled", "torch"])
def measure(request):
    """Return either way of measuring."""
    return request.param


def add_up(*pieces: PieceSums) -> RowSums:
    return reduce(add_piece, pieces, empty_sums(len(pieces[0].both) - 1))


def as_doubles(vectors: list[torch.Tensor]) -> np.ndarray:
    return np.stack([vector.double().numpy() for vector in vectors])


def scale_products(products: np.ndarray) -> np.ndarray:
    """Return cosines."""
    norms = np.sqrt(np.diag(products))
    return products / np.outer(norms, norms)


def test_products_are_those_of_float64(measure, base, vectors):
    """Also where an edit is a ten-thousandth of its base, as fine-tuning is."""
    sums, exact = add_up(measure([base, *vectors])), as_doubles([base, *vectors])
    products = exact @ exact.T
    np.testing.assert_allclose(np.diag(sums.products), np.diag(products), rtol=1e-6)
    np.testing.assert_allclose(scale_products(sums.products), scale_products(products), atol=1e-6)


def test_entries_and_signs_are_counted_exactly(measure, base, vectors):
    sums, signs = add_up(measure([base, *vectors])), np.sign(as_doubles(vectors))
    assert sums.both[1:, 1:].tolist() == (np.abs(signs) @ np.abs(signs).T).tolist()
    assert sums.signs[1:, 1:].tolist() == (signs @ signs.T).tolist()
    assert sums.both[4, 4] < 0.4 * ENTRIES
    assert sums.signs[1, 3] < -0.8 * ENTRIES
    assert not sums.both[0].any()
    assert not sums.signs[:, 0].any()


def test_magnitudes_are_counted_by_powers_of_two(measure, base, vectors):
    spread = [vector * 2.0 ** torch.linspace(-70, 12, ENTRIES) for vector in vectors]
    sums, sizes = add_up(measure([base, *spread])), np.abs(as_doubles(spread))
    for row, size in enumerate(sizes):
        assert sums.magnitudes[row + 1].tolist() == np.histogram(size[size > 0], magnitude_edges())[0].tolist()
    assert not sums.magnitudes[0].any()


@pytest.mark.parametrize("piece", [BLOCK_ENTRIES, 2 * BLOCK_ENTRIES])
def test_the_sums_do_not_depend_on_where_pieces_are_cut(measure, base, vectors, piece):
    members = [base, *vectors]
    whole = add_up(measure(members))
    cut = add_up(*(measure([member[start : start + piece] for member in members]) for start in range(0, ENTRIES, piece)))
    for name in ("products", "both", "signs", "magnitudes"):
        assert getattr(cut, name).tobytes() == getattr(whole, name).tobytes()


def test_a_piece_may_be_larger_than_the_arrays(base, vectors):
    many = [vectors[number % 4] * (1 + number) for number in range(300)]
    meter = VectorMeter(len(many))
    sums, exact = add_up(meter.measure(base, many)), as_doubles(vectors)
    assert len(meter.measure(base, many).products) == 3
    np.testing.assert_allclose(sums.products[1, 298], 298 * (exact @ exact.T)[0, 1], rtol=1e-6)
    assert sums.both[1, 1] == ENTRIES


def test_threads_do_not_disturb_one_another(base, vectors):
    meter = VectorMeter(4)
    alone = add_up(meter.measure(base, vectors)).products
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: add_up(meter.measure(base, vectors)).products, range(40)))
    assert all((products == alone).all() for products in found)


def test_the_operands_are_left_as_they_are(measure, base, vectors):
    before = [vector.clone() for vector in vectors]
    measure([base, *vectors])
    assert all(torch.equal(vector, kept) for vector, kept in zip(vectors, before, strict=True))


def test_no_entry_at_all_is_no_error(measure):
    sums = add_up(measure([torch.zeros(0)] * 3))
    assert not sums.products.any()
    assert sums.products.shape == (3, 3)


def test_without_a_base_its_products_are_zero(base, vectors):
    alone, together = add_up(VectorMeter(4).measure(None, vectors)), add_up(VectorMeter(4).measure(base, vectors))
    assert not alone.products[0].any()
    assert (alone.products[1:, 1:] == together.products[1:, 1:]).all()


@pytest.mark.parametrize("scale", [1e30, 1e-24])
def test_squares_beyond_float32_have_their_place_in_float64(vectors, scale):
    scaled = [vector * scale for vector in vectors]
    exact = as_doubles(scaled)
    np.testing.assert_allclose(np.diag(add_up(VectorMeter(4).measure(None, scaled)).products)[1:], np.diag(exact @ exact.T), rtol=1e-12)


def test_float64_vectors_are_summed_in_float64(measure):
    draw = torch.Generator().manual_seed(1)
    vectors = [torch.randn(BLOCK_ENTRIES + 5, generator=draw, dtype=torch.float64) for _ in range(2)]
    exact = as_doubles(vectors)
    np.testing.assert_allclose(add_up(measure(vectors)).products, exact @ exact.T, rtol=1e-12, atol=1e-9)
