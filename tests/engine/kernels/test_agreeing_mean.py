"""The merge of TIES gives the same entry by entry however many terms and blocks there are, and whichever way agreement is counted."""

from __future__ import annotations

import pytest
import torch

from engine.kernels import agreeing_mean
from engine.kernels.agreeing_mean import average_agreeing
from engine.kernels.magnitude_cut import NOTHING, Cut, TiePlace
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


def test_hundreds_of_terms_are_averaged():
    pieces = [torch.full((10,), 2.0)] * 300
    assert torch.equal(merge(pieces, [1] * 300), torch.full((10,), 2.0))


@pytest.mark.parametrize("weights", [(1, -1, 1, 1, -1), (0.5, 2, -3, 1, 0)], ids=str)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_processor_and_device_agree_bit_by_bit(weights, dtype):
    generator = torch.Generator().manual_seed(3)
    pieces = [torch.randn(3 * BLOCK_ENTRIES + 7, generator=generator, dtype=dtype) for _ in weights]
    spot = Spot("n", "w", BLOCK_ENTRIES, 9 * BLOCK_ENTRIES)
    for piece in pieces[:3]:
        piece[::5] = 1.5
    # In the tied blocks some entries of 1.5 are kept; the third vector's run out in another tensor, the fourth's in an earlier one.
    below = float(torch.nextafter(torch.tensor(1.5, dtype=dtype), torch.tensor(0, dtype=dtype)))
    tied = [Cut(below, 1.5, 9, TiePlace(tensor, block * BLOCK_ENTRIES, 40)) for tensor, block in (("w", 2), ("w", 4), ("v", 1))]
    cuts = [*tied, Cut(below, 1.5, 9, TiePlace("v", 0, 40, frozenset({"w"}))), Cut(0.7)]
    on_device = torch.empty_like(pieces[0])
    agreeing_mean._average_on_device(pieces, cuts, weights, spot, on_device)
    on_host = average_agreeing(pieces, cuts, weights, spot)
    assert torch.equal(on_host, on_device)
    assert torch.equal(on_host.signbit(), on_device.signbit())


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_not_finite_is_not_lost(value):
    pieces = [torch.tensor([value, 1.0]), torch.tensor([1.0, 1.0])]
    assert not bool(merge(pieces, [1, 1], [Cut(0.5), Cut(0.5)])[0].isfinite())


def test_opposite_terms_elect_plus_and_nothing_is_nothing():
    one = torch.tensor([3.0, -3.0, 0.0])
    assert merge([one, -one], [1, 1]).tolist() == [3.0, 3.0, 0.0]
    assert merge([one, one], [1, 1], [NOTHING, NOTHING]).tolist() == [0.0, 0.0, 0.0]


def test_what_goes_in_is_left_as_it_was():
    pieces = draw_integers(1000, 3)
    before = [piece.clone() for piece in pieces]
    merge(pieces, [1, 2, -1])
    assert all(torch.equal(piece, copy) for piece, copy in zip(pieces, before, strict=True))
