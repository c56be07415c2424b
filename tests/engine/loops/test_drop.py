"""Entries are dropped by their hash, and the sums over what is there and what is kept are those that torch folds."""

import numpy as np
import pytest
import torch

from engine.kernels.block_sums import as_doubles, sum_blocks
from engine.kernels.index_hash import hash_on_device
from engine.loops.drop import drop_and_scale, sum_kept
from engine.operation import BLOCK_ENTRIES

KEY = 0x0123456789ABCDEF
WORDS = (KEY % (1 << 32), KEY >> 32)
EDGES = (0, 1, 2047, 2048, 2049, BLOCK_ENTRIES - 1, BLOCK_ENTRIES, BLOCK_ENTRIES + 1, 2 * BLOCK_ENTRIES + 777)
LEAST_KEPT = 200_000_000


def draw(length, dtype=np.float32):
    return np.random.default_rng(length).standard_normal(length).astype(dtype)


def is_kept(start, length):
    return (hash_on_device(start, length, KEY, torch.device("cpu")) >= LEAST_KEPT).numpy()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("start", [0, (1 << 32) - 1000])
@pytest.mark.parametrize("length", EDGES)
def test_what_is_kept_is_scaled_and_the_rest_is_zero(length, start, dtype):
    values, out = draw(length, dtype), np.full(length, np.nan, dtype)
    drop_and_scale(values, start, WORDS, LEAST_KEPT, dtype(1.7), out)
    expected = np.where(is_kept(start, length), dtype(1.7) * values, dtype(0))
    assert np.array_equal(out, expected)
    assert not np.signbit(out[~is_kept(start, length)]).any()


def test_what_is_dropped_is_zero_whatever_it_was():
    values, out = np.full(3000, np.inf, np.float32), np.empty(3000, np.float32)
    values[::2] = np.nan
    drop_and_scale(values, 0, WORDS, LEAST_KEPT, np.float32(2), out)
    kept = is_kept(0, 3000)
    assert not out[~kept].any()
    assert not np.isfinite(out[kept]).any()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("start", [0, (1 << 32) - 1000])
@pytest.mark.parametrize("length", EDGES)
def test_sums_are_folded_as_torch_folds_them(length, start, dtype):
    values = draw(length, dtype)
    whole, kept = sum_kept(values, start, WORDS, LEAST_KEPT, BLOCK_ENTRIES)
    magnitudes = as_doubles(torch.from_numpy(values)).abs_()
    left = magnitudes * torch.from_numpy(is_kept(start, length))
    assert kept.tolist() == sum_blocks(left)
    assert whole.tolist() == sum_blocks(magnitudes)
