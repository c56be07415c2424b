"""The bracket holds the k-th largest magnitude: exactly where the sample is everything, and with some room where it is not."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.kernels.magnitude_bracket import survey_magnitudes
from engine.operation import BLOCK_ENTRIES, Extent, Spot

PIECE = 4 * BLOCK_ENTRIES


def survey(values, density, visited=None, total=None):
    """Return the bracket of a tensor, of which only the pieces of these numbers are looked at."""
    reduction = survey_magnitudes("vector", density)
    state = reduction.start()
    for number, piece in enumerate(values.split(PIECE)):
        if visited is None or number in visited:
            spot = Spot("n", "w", number * PIECE, total or values.numel())
            state = reduction.merge(state, reduction.update({"vector": [piece]}, (), spot))
    (bracket,) = reduction.finish(state, Extent(total or values.numel()), ())
    return bracket


@given(count=st.integers(1, 3000), density=st.fractions(0, 1, max_denominator=1000), seed=st.integers(0, 9))
def test_where_every_entry_is_sampled_the_bracket_is_the_kth_magnitude(count, density, seed):
    values = torch.randn(count, generator=torch.Generator().manual_seed(seed))
    bracket = survey(values, density)
    assert bracket.quota == math.floor(density * count)
    if bracket.quota:
        kth = float(values.abs().sort(descending=True).values[bracket.quota - 1])
        assert (bracket.lowest, bracket.highest) == (kth, kth)


@pytest.mark.parametrize("density", [Fraction(1, 1000), Fraction(1, 5), Fraction(9, 10)])
def test_a_few_pieces_stand_for_the_others(density):
    values = torch.randn(8 * PIECE + 5, generator=torch.Generator().manual_seed(1))
    bracket = survey(values, density, visited={1, 3, 5, 7})
    kth = float(values.abs().sort(descending=True).values[bracket.quota - 1])
    assert 0 < bracket.lowest <= kth <= bracket.highest
    within = (values.abs() >= bracket.lowest) & (values.abs() <= bracket.highest)
    assert int(within.sum()) < values.numel() / 50


def test_pieces_of_other_scales_widen_the_bracket():
    values = torch.randn(4 * PIECE, generator=torch.Generator().manual_seed(2))
    even = survey(values, Fraction(1, 5), visited={0, 1})
    values[:PIECE] *= 2
    uneven = survey(values, Fraction(1, 5), visited={0, 1})
    assert uneven.highest - uneven.lowest > 10 * (even.highest - even.lowest)


def test_a_magnitude_that_many_entries_share_is_a_mark():
    values = torch.randn(2 * PIECE, generator=torch.Generator().manual_seed(3))
    assert survey(values, Fraction(1, 5), visited={0}).marks == ()
    assert survey((values * 2).round() / 2, Fraction(1, 5), visited={0}).marks == (1.5,)


def test_of_a_huge_tensor_a_fixed_share_is_sampled():
    update = survey_magnitudes("vector", Fraction(1, 5)).update
    piece = torch.arange(PIECE, dtype=torch.float32)
    sizes = [len(update({"vector": [piece]}, (), Spot("n", "w", 0, total))[0][0]) for total in (PIECE, 1 << 26, 1 << 30)]
    assert sizes == [BLOCK_ENTRIES, PIECE // 2, PIECE]


def test_nothing_kept_needs_no_bracket():
    assert survey(torch.ones(9), Fraction(1, 10)).quota == 0
    assert survey(torch.ones(0), Fraction(1, 2)).quota == 0
