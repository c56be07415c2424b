"""Inner products and counts of several vectors over fixed blocks of entries, wherever they lie: what a run keeps of what it compares."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from engine.loops.differ import SUB_BLOCK_ENTRIES
from engine.similarity.gram_table import MAGNITUDE_BINS, Counts, Floats
from engine.similarity.row_sums import (
    FEWEST_PIECE_ENTRIES,
    LOWEST_EXPONENT,
    Loaded,
    RowMeter,
    RowSums,
    Stretch,
    are_squares_whole,
    empty_rows,
)

BLOCK_ENTRIES = FEWEST_PIECE_ENTRIES
_SUB_BLOCKS = BLOCK_ENTRIES // SUB_BLOCK_ENTRIES
_FLOAT32_BYTES = 4


@dataclass(frozen=True)
class PieceSums:
    """Hold the sums of θ₀ (number 0) and V vectors with one another over a piece.

    Products are kept block by block: added up in their order (`add_piece`) they do not depend on where pieces are cut. Counts never do.
    """

    products: Floats
    """(blocks, V + 1, V + 1): of each BLOCK_ENTRIES entries."""
    both: Counts
    """(V + 1, V + 1): entries in which neither is zero; nothing is counted for number 0."""
    signs: Counts
    """(V + 1, V + 1): agreeing minus conflicting entries."""
    magnitudes: Counts
    """(V + 1, MAGNITUDE_BINS): entries by power of two, zeros apart."""


def empty_sums(vectors: int) -> RowSums:
    """Return the sums of θ₀ and so many vectors over no entries."""
    return empty_rows(vectors + 1, vectors + 1)


def add_piece(total: RowSums, piece: PieceSums) -> RowSums:
    """Return the sums over one piece more, which follows the others."""
    products = total.products.copy()
    for block in piece.products:
        products += block
    return RowSums(products, total.both + piece.both, total.signs + piece.signs, total.magnitudes + piece.magnitudes)


class VectorMeter:
    """Measure pieces of a base and V vectors; any thread may ask, each has arrays of its own."""

    def __init__(self, vectors: int) -> None:
        """Take so many vectors at a time."""
        self._members = vectors + 1
        self._own = threading.local()

    def measure(self, base: torch.Tensor | None, vectors: Sequence[torch.Tensor]) -> PieceSums:
        """Return the sums over a piece.

        Args:
            base: θ₀, 1-D; None where the vectors have none in common: its products are 0 then.
            vectors: V arrays, 1-D, of the base's length, float dtype (float32, float64) and device; the piece starts at a multiple of
                BLOCK_ENTRIES. They are read only.
        """
        start = torch.zeros_like(vectors[0]) if base is None else base
        members = [start, *vectors]
        if start.device.type != "cpu":
            return measure_by_torch(members)
        found = self._measure_by_loops([member.numpy() for member in members])
        if start.dtype == torch.float32 and not are_squares_whole(found.products.sum(axis=0), found.both, range(self._members)):
            # Squares beyond float32's range, at either end, have their place in float64; NaN and infinity stay what they are.
            return self._measure_by_loops([member.double().numpy() for member in members])
        return found

    def _measure_by_loops(self, members: Sequence[np.ndarray[tuple[int], np.dtype[np.float32 | np.float64]]]) -> PieceSums:
        meter = self._meter(members[0].dtype.type)
        entries = members[0].size
        products: list[Floats] = []
        counts = empty_rows(self._members, self._members)
        for first in range(0, entries, meter.piece_entries):
            count = min(meter.piece_entries, entries - first)

            def load(member: int, start: int, stretch: Stretch, first: int = first) -> Loaded:
                stretch.numbers[:] = members[member][first + start : first + start + stretch.numbers.size]
                return Loaded(is_half=False, is_difference=True)

            counts += meter.measure(load, count)
            products.append(_add_sub_blocks(meter.block_products(count)))
        return PieceSums(_join(products, self._members), counts.both, counts.signs, counts.magnitudes)

    def _meter(self, precision: type[np.float32 | np.float64]) -> RowMeter:
        meters = self._own.__dict__
        if precision.__name__ not in meters:
            meters[precision.__name__] = RowMeter(self._members, range(self._members), precision)
        return meters[precision.__name__]


def _add_sub_blocks(products: Floats) -> Floats:
    """Return (blocks, n, n) sums of (sub-blocks, n, n) products."""
    starts = range(0, len(products), _SUB_BLOCKS)
    return np.stack([products[start : start + _SUB_BLOCKS].sum(axis=0) for start in starts])


def _join(products: Sequence[Floats], members: int) -> Floats:
    return np.concatenate(products) if products else np.zeros((0, members, members))


def measure_by_torch(members: Sequence[torch.Tensor]) -> PieceSums:
    """Return the sums over a piece by torch's own operations, on the device that the members lie on; number 0 is θ₀."""
    entries, count = members[0].numel(), len(members)
    blocks = [_measure_block([member[start : start + BLOCK_ENTRIES] for member in members]) for start in range(0, entries, BLOCK_ENTRIES)]
    counts = np.zeros((2, count, count), np.int64)
    magnitudes = np.zeros((count, MAGNITUDE_BINS), np.int64)
    for _, pairs, own in blocks:
        counts += pairs
        magnitudes += own
    return PieceSums(_join([products[None] for products, _, _ in blocks], count), counts[0], counts[1], magnitudes)


def _measure_block(members: Sequence[torch.Tensor]) -> tuple[Floats, Counts, Counts]:
    """Return a block's products, the counts of pairs (both, signs) and the magnitudes."""
    block = torch.stack(list(members))
    padded = _cut(block)
    signs = torch.sign(block)
    # Nothing is counted for the base.
    signs[0] = 0
    # Whole numbers below 2¹⁶ are exact in float32, so counts need no float64; float64 is on the processor, for MPS has none.
    nonzero = signs.abs()
    pairs = torch.stack([nonzero @ nonzero.T, signs @ signs.T]).cpu().numpy().astype(np.int64)
    products = torch.bmm(padded, padded.transpose(1, 2)).cpu().double().sum(0).numpy()
    return products, pairs, _count_magnitudes(block, nonzero)


def _count_magnitudes(block: torch.Tensor, nonzero: torch.Tensor) -> Counts:
    is_narrow = block.element_size() == _FLOAT32_BYTES
    bits = block.view(torch.int32) >> 23 & 0xFF if is_narrow else (block.view(torch.int64) >> 52 & 0x7FF) - (1023 - 127)
    bins = (bits - LOWEST_EXPONENT).clamp(0, MAGNITUDE_BINS - 1)
    counts = [torch.bincount(row[present > 0], minlength=MAGNITUDE_BINS).cpu().numpy() for row, present in zip(bins, nonzero, strict=True)]
    return np.stack(counts).astype(np.int64)


def _cut(block: torch.Tensor) -> torch.Tensor:
    """Return n × count entries as k × n × SUB_BLOCK_ENTRIES, the last one filled up with zeros."""
    vectors, count = block.shape
    missing = -count % SUB_BLOCK_ENTRIES
    padded = torch.nn.functional.pad(block, (0, missing)) if missing else block
    return padded.view(vectors, -1, SUB_BLOCK_ENTRIES).transpose(0, 1)
