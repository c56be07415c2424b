"""The merge of TIES gives the same entry by entry however many terms and blocks there are, and whichever way agreement is counted."""

from __future__ import annotations

import pytest
import torch

from engine.kernels import agreeing_mean
from engine.kernels.agreeing_mean import average_agreeing
from engine.kernels.magnitude_cut import NOTHING, Cut
from engine.operation import BLOCK_ENTRIES, Spot

EVERYTHING = Cut(0.0)


def merge(pieces, weights, cuts=None):
    spot = Spot("n", "w", 0, pieces[0].numel())
    return average_agreeing(pieces, cuts or [EVERYTHING] * len(pieces), weights, spot)


def merge_by_definition(pieces, weights):
    terms = torch.stack([weight * piece.double() for piece, weight in zip(pieces, weights, strict=True)])
    sign = torch.where(terms.sum(0) < 0, -1.0, 1.0)
    agrees = terms * sign > 0
    shares = (agrees * torch.tensor([abs(weight) for weight in weights], dtype=torch.float64)[:, None]).sum(0)
    return torch.where(shares > 0, (terms * agrees).sum(0) / shares.clamp(min=1e-30), 0.0)


def draw_integers(count, wires):
    """Return small whole numbers: every sum of them is exact, and many are 0."""
    generator = torch.Generator().manual_seed(wires)
    return [torch.randint(-4, 5, (count,), generator=generator).float() for _ in range(wires)]


@pytest.mark.parametrize("weights", [(1, 1, 1), (1, -1, 1), (0.5, 2, -3), (1, 0, 1), (0, 0, 0)], ids=str)
def test_the_merge_is_its_definition_across_blocks(weights):
    pieces = draw_integers(5 * BLOCK_ENTRIES + 3, 3)
    found = merge(pieces, weights)
    assert torch.allclose(found.double(), merge_by_definition(pieces, weights), rtol=2e-7, atol=0)


def test_more_terms_than_a_byte_counts_are_averaged_all_the_same():
    pieces = [torch.full((10,), 2.0)] * 300
    assert torch.equal(merge(pieces, [1] * 300), torch.full((10,), 2.0))


def test_both_ways_to_count_agree_bit_by_bit(monkeypatch):
    pieces = draw_integers(BLOCK_ENTRIES + 7, 5)
    counted = merge(pieces, [1, -1, 1, 1, -1])
    monkeypatch.setattr(agreeing_mean, "_MOST_COUNTED", 0)
    assert torch.equal(counted, merge(pieces, [1, -1, 1, 1, -1]))


def test_opposite_terms_elect_plus_and_nothing_is_nothing():
    one = torch.tensor([3.0, -3.0, 0.0])
    assert merge([one, -one], [1, 1]).tolist() == [3.0, 3.0, 0.0]
    assert merge([one, one], [1, 1], [NOTHING, NOTHING]).tolist() == [0.0, 0.0, 0.0]


def test_what_goes_in_is_left_as_it_was():
    pieces = draw_integers(1000, 3)
    before = [piece.clone() for piece in pieces]
    merge(pieces, [1, 2, -1])
    assert all(torch.equal(piece, copy) for piece, copy in zip(pieces, before, strict=True))
