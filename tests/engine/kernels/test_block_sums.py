"""Block sums: one for each block, the same for every thread count."""

from __future__ import annotations

import math

import pytest
import torch

from engine.kernels.block_sums import as_doubles, sum_blocks
from engine.operation import BLOCK_ENTRIES


@pytest.mark.parametrize("entries", [0, 1, 2, 3, 1000, BLOCK_ENTRIES - 1, BLOCK_ENTRIES, BLOCK_ENTRIES + 1, 3 * BLOCK_ENTRIES + 777])
def test_every_block_has_its_sum(entries):
    torch.manual_seed(entries)
    terms = torch.randn(entries, dtype=torch.float64)
    expected = [math.fsum(block.tolist()) for block in terms.split(BLOCK_ENTRIES)] if entries else []
    assert sum_blocks(terms.clone()) == pytest.approx(expected, abs=1e-10)


def test_the_last_bit_does_not_hang_on_threads_or_cuts():
    terms = torch.randn(4 * BLOCK_ENTRIES + 99, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    threads = torch.get_num_threads()
    try:
        sums = []
        for count in (1, 2, 4):
            torch.set_num_threads(count)
            sums.append(sum_blocks(terms.clone()))
    finally:
        torch.set_num_threads(threads)
    cut = [sum_blocks(piece.clone()) for piece in terms.split([BLOCK_ENTRIES, 2 * BLOCK_ENTRIES, BLOCK_ENTRIES + 99])]
    assert sums[0] == sums[1] == sums[2] == [value for piece in cut for value in piece]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_doubles_have_memory_of_their_own(dtype):
    piece = torch.ones(3, dtype=dtype)
    as_doubles(piece).zero_()
    assert torch.equal(piece, torch.ones(3, dtype=dtype))
