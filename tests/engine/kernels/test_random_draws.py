"""Draws are uniform, independent, and hang on nothing but what they are for."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
import torch

from engine.kernels.index_hash import hash_on_device
from engine.kernels.random_draws import draw_gaussians, drop_entries, make_key
from engine.operation import BLOCK_ENTRIES, Spot

SPOT = Spot("node", "w", 0, 1)
COUNT = 1 << 18


def draw_words(count, key, offset=0):
    """Return the draws of these indices as int64 from 0 to 2**32 − 1."""
    return hash_on_device(offset, count, key, torch.device("cpu")).to(torch.int64) + (1 << 31)


def bits_of(words):
    return torch.stack([(words >> bit) & 1 for bit in range(32)]).double()


def test_keys_hang_on_every_part():
    keys = {
        make_key(seed, operand, Spot(node, tensor, 0, 1), high)
        for seed in (0, 1) for operand in (0, 1) for node in ("a", "b") for tensor in ("v", "w") for high in (0, 1)
    }  # fmt: skip
    assert len(keys) == 32
    assert make_key(1, 0, Spot("a", "bc", 0, 9)) != make_key(1, 0, Spot("ab", "c", 0, 9))
    assert make_key(0, 0, Spot("n", "w", BLOCK_ENTRIES, 9)) == make_key(0, 0, Spot("n", "w", 0, 5))


def test_draws_are_pinned_forever():
    assert draw_words(4, 0x0123456789ABCDEF).tolist() == [0x576114CD, 0x8375ECA2, 0xD5C5A5B3, 0x064B33A3]
    assert make_key(7, 0, SPOT) == 0x16C7C84305697AAA


def test_draws_of_a_range_are_those_of_the_whole():
    whole = draw_words(1000, 99, offset=0)
    assert torch.equal(whole[300:500], draw_words(200, 99, offset=300))
    around = draw_words(200, 99, offset=(1 << 31) - 100)
    assert torch.equal(around[100:], draw_words(100, 99, offset=1 << 31))
    assert torch.equal(draw_words(50, 99, offset=(1 << 32) - 50), draw_words(150, 99, offset=(1 << 32) - 150)[100:])


@pytest.mark.parametrize("key", [0, 1, 1 << 32, (1 << 64) - 1, make_key(0, 0, SPOT)])
def test_every_bit_is_as_often_0_as_1_and_hangs_on_no_other(key):
    bits = bits_of(draw_words(COUNT, key)) * 2 - 1
    slack = 6 / COUNT**0.5
    assert float(bits.mean(dim=1).abs().max()) < slack
    correlations = bits @ bits.T / COUNT - torch.eye(32, dtype=torch.float64)
    assert float(correlations.abs().max()) < slack
    for step in (1, 2, 3, 256, 65536):
        assert float((bits[:, step:] @ bits[:, :-step].T / COUNT).abs().max()) < slack


def correlate_bits(one, two):
    return float(((bits_of(one) * 2 - 1) @ (bits_of(two) * 2 - 1).T / one.numel()).abs().max())


@pytest.mark.parametrize("seed", range(4))
def test_two_seeds_give_unrelated_draws(seed):
    one, two = (draw_words(COUNT, make_key(number, 0, SPOT)) for number in (seed, seed + 1))
    assert correlate_bits(one, two) < 6 / COUNT**0.5


@pytest.mark.parametrize("bit", [0, 1, 15, 31, 32, 33, 48, 63])
def test_even_keys_a_bit_apart_give_draws_that_are_almost_unrelated(bit):
    # Keys are hashes, so no two are ever this close; what is left here (2 % for the highest bit) is 0 for keys like real ones.
    key = make_key(0, 0, SPOT)
    assert correlate_bits(draw_words(COUNT, key), draw_words(COUNT, key ^ 1 << bit)) < 0.05


def test_draws_fill_their_range_evenly():
    counts = torch.bincount(draw_words(COUNT, make_key(3, 0, SPOT)) >> 22, minlength=1024).double()
    chi_squared = float(((counts - COUNT / 1024) ** 2 / (COUNT / 1024)).sum())
    assert abs(chi_squared - 1023) < 6 * (2 * 1023) ** 0.5


def test_an_entry_is_dropped_when_its_draw_is_less_than_the_share():
    count = 3 * BLOCK_ENTRIES
    words = draw_words(count, make_key(5, 0, SPOT))
    for share in (Fraction(0), Fraction(1, 3), Fraction(int(words[77]), 1 << 32), Fraction(int(words[77]) + 1, 1 << 32), Fraction(99, 100)):
        kept = drop_entries(torch.ones(count), share, 5, SPOT) > 0
        assert torch.equal(kept, words >= math.ceil(share * (1 << 32)))


def test_entries_beyond_the_first_range_have_another_key():
    beyond = Spot("node", "w", (1 << 32) - BLOCK_ENTRIES, 1 << 33)
    across = drop_entries(torch.ones(2 * BLOCK_ENTRIES), Fraction(1, 2), 0, beyond)
    second = drop_entries(torch.ones(BLOCK_ENTRIES), Fraction(1, 2), 0, Spot("node", "w", 1 << 32, 1 << 33))
    first = drop_entries(torch.ones(BLOCK_ENTRIES), Fraction(1, 2), 0, Spot("node", "w", 0, 1 << 33))
    assert torch.equal(across[BLOCK_ENTRIES:], second)
    assert not torch.equal(first, second)


def test_gaussians_of_a_block_do_not_hang_on_the_blocks_before():
    whole = draw_gaussians(2 * BLOCK_ENTRIES + 10, 42, 0)
    assert torch.equal(whole[BLOCK_ENTRIES:], draw_gaussians(BLOCK_ENTRIES + 10, 42, 1))
    assert torch.equal(whole[: 2 * BLOCK_ENTRIES], draw_gaussians(2 * BLOCK_ENTRIES, 42, 0))
