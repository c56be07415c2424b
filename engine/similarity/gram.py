"""Inner products and counts of several vectors over fixed blocks of entries, wherever they lie: what a run keeps of what it compares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from engine.loops.differ import SUB_BLOCK_ENTRIES

BLOCK_ENTRIES = 1 << 16

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Inner:
    """Hold the sums over some entries of n vectors."""

    products: Matrix
    """n × n: Σ xᵢxⱼ, float64."""
    both: Matrix
    """n × n: entries in which neither is zero (whole numbers)."""
    signs: Matrix
    """n × n: Σ sign(xᵢ)sign(xⱼ): agreeing minus conflicting entries (whole numbers)."""
    entries: int

    def __add__(self, other: Inner) -> Inner:
        """Return the sums over both stretches of entries."""
        return Inner(self.products + other.products, self.both + other.both, self.signs + other.signs, self.entries + other.entries)


def empty_inner(vectors: int) -> Inner:
    """Return the sums over no entries."""
    zero = np.zeros((vectors, vectors))
    return Inner(zero, zero, zero, 0)


def inner_of_piece(values: Sequence[torch.Tensor]) -> list[Inner]:
    """Return one Inner per block of BLOCK_ENTRIES of a piece.

    Args:
        values: n arrays, 1-D, of one float dtype, length and device; the piece starts at a multiple of BLOCK_ENTRIES.
            They are read only.

    Returns:
        One Inner for each block, in order; none depends on where the pieces are cut.
    """
    count = values[0].numel()
    return [_inner_of_block([value[start : start + BLOCK_ENTRIES] for value in values]) for start in range(0, count, BLOCK_ENTRIES)]


def _inner_of_block(values: Sequence[torch.Tensor]) -> Inner:
    block = torch.stack(list(values))
    signs = torch.sign(block)
    count = block.shape[1]
    padded = _cut(block)
    # Whole numbers below 2¹⁶ are exact in float32, so counts need no float64; float64 is on the processor, for MPS has none.
    nonzero = signs.abs()
    return Inner(
        torch.bmm(padded, padded.transpose(1, 2)).cpu().double().sum(0).numpy(),
        (nonzero @ nonzero.T).cpu().double().numpy(),
        (signs @ signs.T).cpu().double().numpy(),
        count,
    )


def _cut(block: torch.Tensor) -> torch.Tensor:
    """Return n × count entries as k × n × SUB_BLOCK_ENTRIES, the last one filled up with zeros."""
    vectors, count = block.shape
    missing = -count % SUB_BLOCK_ENTRIES
    padded = torch.nn.functional.pad(block, (0, missing)) if missing else block
    return padded.view(vectors, -1, SUB_BLOCK_ENTRIES).transpose(0, 1)
