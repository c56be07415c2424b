"""Inner products over blocks, against the same figures computed by numpy in float64."""

from __future__ import annotations

from functools import reduce

import numpy as np
import pytest
import torch

from engine.similarity.gram import BLOCK_ENTRIES, Inner, cosine_matrix, empty_inner, inner_of_piece, norms_of, sign_conflicts, zero_shares

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


def test_cosines_and_norms_are_those_of_float64(vectors):
    inner, exact = add_up(inner_of_piece(vectors)), as_doubles(vectors)
    norms = np.linalg.norm(exact, axis=1)
    np.testing.assert_allclose(norms_of(inner), norms, rtol=1e-6)
    np.testing.assert_allclose(cosine_matrix(inner), exact @ exact.T / np.outer(norms, norms), atol=1e-6)
    assert inner.entries == ENTRIES


def test_conflicts_and_zeros_are_counted_exactly(vectors):
    inner, exact = add_up(inner_of_piece(vectors)), as_doubles(vectors)
    conflicts = sign_conflicts(inner)
    for i, left in enumerate(exact):
        for j, right in enumerate(exact):
            both = (left != 0) & (right != 0)
            assert conflicts[i, j] == (np.sign(left) != np.sign(right))[both].sum() / both.sum()
    assert zero_shares(inner).tolist() == [1 - (vector != 0).sum() / ENTRIES for vector in exact]
    assert zero_shares(inner)[3] > 0.6
    assert conflicts[0, 2] > 0.9


def test_a_cosine_is_never_beyond_one_and_is_one_with_itself(vectors):
    cosine = cosine_matrix(add_up(inner_of_piece([*vectors, 3 * vectors[0]])))
    np.testing.assert_allclose(np.diag(cosine), 1, atol=1e-12)
    assert (np.abs(cosine) <= 1).all()
    assert cosine[0, 4] == pytest.approx(1, abs=1e-6)


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


def test_a_zero_vector_has_no_cosine_and_no_conflicts(vectors):
    inner = add_up(inner_of_piece([vectors[0], torch.zeros(ENTRIES)]))
    cosine, conflicts = cosine_matrix(inner), sign_conflicts(inner)
    assert np.isnan(cosine).tolist() == [[False, True], [True, True]]
    assert np.isnan(conflicts).tolist() == [[False, True], [True, True]]
    assert norms_of(inner)[1] == 0
    assert zero_shares(inner)[1] == 1


def test_vectors_without_a_common_entry_have_cosine_0_and_nothing_to_conflict():
    inner = add_up(inner_of_piece([torch.tensor([1.0, 0.0]), torch.tensor([0.0, -2.0])]))
    assert cosine_matrix(inner)[0, 1] == 0
    assert np.isnan(sign_conflicts(inner)[0, 1])


def test_no_entry_at_all_is_no_error():
    assert inner_of_piece([torch.zeros(0), torch.zeros(0)]) == []
    nothing = empty_inner(2)
    assert np.isnan(cosine_matrix(nothing)).all()
    assert np.isnan(sign_conflicts(nothing)).all()


def test_an_edit_of_a_ten_thousandth_of_the_base_keeps_its_digits(vectors):
    """As fine-tuning is: τ beside its base, whose sums are 10⁸ times as large."""
    draw = torch.Generator().manual_seed(9)
    base = torch.randn(ENTRIES, generator=draw)
    scale = 1e-4 * float(base.double().norm())
    steps = [vector * (scale / float(vector.double().norm())) for vector in vectors]
    inner, exact = add_up(inner_of_piece([*steps, base])), as_doubles([*steps, base])
    norms = np.linalg.norm(exact, axis=1)
    np.testing.assert_allclose(norms_of(inner)[:4] / norms_of(inner)[4], [1e-4] * 4, rtol=2e-6)
    np.testing.assert_allclose(cosine_matrix(inner), exact @ exact.T / np.outer(norms, norms), atol=1e-6)


def test_float64_vectors_are_summed_in_float64():
    draw = torch.Generator().manual_seed(1)
    vectors = [torch.randn(BLOCK_ENTRIES + 5, generator=draw, dtype=torch.float64) for _ in range(2)]
    exact = as_doubles(vectors)
    np.testing.assert_allclose(add_up(inner_of_piece(vectors)).products, exact @ exact.T, rtol=1e-12, atol=1e-9)
