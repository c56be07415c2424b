"""Inner products over blocks, against the same figures computed by numpy in float64."""

from __future__ import annotations

from functools import reduce

import numpy as np
import pytest
import torch

from engine.similarity.gram import BLOCK_ENTRIES, Inner, empty_inner, inner_of_piece

ENTRIES = 2 * BLOCK_ENTRIES + 4321  # two whole blocks and one that no sub-block divides


@pytest.fixture
def vectors() -> list[torch.Tensor]:
    """Return four vectors: two alike, one turned against the first, one with many exact zeros."""
    torch.set_num_threads(1)
    draw = torch.Generator().manual_seed(3)
    first, other, noise = (torch.randn(ENTRIES, generator=draw) for _ in range(3))
    sparse = torch.where(torch.rand(ENTRIES, generator=draw) < 0.7, torch.zeros(()), noise)
    return [first, first + 0.3 * other, -0.5 * first + 0.1 * noise, sparse]


def add_up(blocks: list[Inner]) -> Inner:
    return reduce(Inner.__add__, blocks, empty_inner(blocks[0].products.shape[0]))


def as_doubles(vectors: list[torch.Tensor]) -> np.ndarray:
    return np.stack([vector.double().numpy() for vector in vectors])


def fields(inner: Inner) -> tuple[bytes, bytes, bytes, int]:
    return inner.products.tobytes(), inner.both.tobytes(), inner.signs.tobytes(), inner.entries


def scale_products(products: np.ndarray) -> np.ndarray:
    """Return cosines."""
    norms = np.sqrt(np.diag(products))
    return products / np.outer(norms, norms)


def test_products_are_those_of_float64(vectors):
    inner, exact = add_up(inner_of_piece(vectors)), as_doubles(vectors)
    products = exact @ exact.T
    np.testing.assert_allclose(np.diag(inner.products), np.diag(products), rtol=1e-6)
    np.testing.assert_allclose(scale_products(inner.products), scale_products(products), atol=1e-6)
    assert inner.entries == ENTRIES


def test_entries_and_signs_are_counted_exactly(vectors):
    inner, signs = add_up(inner_of_piece(vectors)), np.sign(as_doubles(vectors))
    assert inner.both.tolist() == (np.abs(signs) @ np.abs(signs).T).tolist()
    assert inner.signs.tolist() == (signs @ signs.T).tolist()
    assert inner.both[3, 3] < 0.4 * ENTRIES
    assert inner.signs[0, 2] < -0.8 * ENTRIES


@pytest.mark.parametrize("piece", [BLOCK_ENTRIES, 2 * BLOCK_ENTRIES, 4 * BLOCK_ENTRIES])
def test_the_sums_do_not_depend_on_where_pieces_are_cut(vectors, piece):
    whole = inner_of_piece(vectors)
    cut = [block for start in range(0, ENTRIES, piece) for block in inner_of_piece([vector[start : start + piece] for vector in vectors])]
    assert [fields(block) for block in cut] == [fields(block) for block in whole]
    assert [block.entries for block in whole] == [BLOCK_ENTRIES, BLOCK_ENTRIES, 4321]


def test_the_operands_are_left_as_they_are(vectors):
    before = [vector.clone() for vector in vectors]
    inner_of_piece(vectors)
    assert all(torch.equal(vector, kept) for vector, kept in zip(vectors, before, strict=True))


def test_no_entry_at_all_is_no_error():
    assert inner_of_piece([torch.zeros(0), torch.zeros(0)]) == []
    nothing = empty_inner(2)
    assert not nothing.products.any()
    assert nothing.entries == 0


def test_an_edit_of_a_ten_thousandth_of_the_base_keeps_its_digits(vectors):
    """As fine-tuning is: τ beside its base, whose sums are 10⁸ times as large."""
    draw = torch.Generator().manual_seed(9)
    base = torch.randn(ENTRIES, generator=draw)
    scale = 1e-4 * float(base.double().norm())
    steps = [vector * (scale / float(vector.double().norm())) for vector in vectors]
    inner, exact = add_up(inner_of_piece([*steps, base])), as_doubles([*steps, base])
    norms = np.sqrt(np.diag(inner.products))
    np.testing.assert_allclose(norms[:4] / norms[4], [1e-4] * 4, rtol=2e-6)
    np.testing.assert_allclose(scale_products(inner.products), scale_products(exact @ exact.T), atol=1e-6)


def test_float64_vectors_are_summed_in_float64():
    draw = torch.Generator().manual_seed(1)
    vectors = [torch.randn(BLOCK_ENTRIES + 5, generator=draw, dtype=torch.float64) for _ in range(2)]
    exact = as_doubles(vectors)
    np.testing.assert_allclose(add_up(inner_of_piece(vectors)).products, exact @ exact.T, rtol=1e-12, atol=1e-9)
