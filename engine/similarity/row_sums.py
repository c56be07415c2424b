"""Inner products, counts and magnitudes of some members of a family over one piece of a tensor, in as few passes as possible."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from engine.similarity.gram_table import MAGNITUDE_BINS, Counts, Floats

SUB_BLOCK_ENTRIES = 1 << 12
"""float32 products are summed over this many entries before float64 takes over: the sum's error stays below 1e-6 relative."""
MOST_PIECE_ENTRIES = 1 << 20
FEWEST_PIECE_ENTRIES = 1 << 15
MOST_COUNTED_BYTES = 1 << 24
"""Of the exponents of all rows of a piece: with many vectors a piece is shorter."""
CACHED_BYTES = 1 << 22
"""Of the floats of all members of a block, which is gone over several times. A quarter of it would stay in the second cache and take less
processor time, but in steps so short that two threads wait for one another's interpreter lock: 0.60 s against 0.41 s (measured)."""

Load = Callable[[int, int, int, torch.Tensor], bool | None]
"""(member, first entry, entries, out): put a stretch of a member's entries of the piece into `out`, converted; tells whether they are
a difference from the base already."""

_EXPONENT_ZERO = 127
_LOWEST_EXPONENT = 72
"""As float32 stores it, of 2⁻⁵⁵: with all that is smaller it makes the first bin."""
_BIN_STARTS = (0, *range(_LOWEST_EXPONENT + 1, _LOWEST_EXPONENT + MAGNITUDE_BINS))
_MOST_VIEWS = 64
_HALF_TABLE = 128
"""Exponents below it (magnitudes below 2) can be counted two at a time as one signed 16-bit number."""


@dataclass(frozen=True)
class RowSums:
    """Hold sums over some entries: one row for each member asked for, one column for each member read, the base the first.

    In the base's row and column only the products have a meaning; the counts there are 0.
    """

    products: Floats
    """(R, n): float64 sums of float32 products."""
    both: Counts
    """(R, n): entries in which neither is zero."""
    signs: Counts
    """(R, n): agreeing minus conflicting entries."""
    magnitudes: Counts
    """(R, MAGNITUDE_BINS): entries by power of two, zeros apart."""

    def __add__(self, other: RowSums) -> RowSums:
        """Return the sums over both stretches of entries."""
        return RowSums(self.products + other.products, self.both + other.both, self.signs + other.signs, self.magnitudes + other.magnitudes)


@dataclass(frozen=True)
class _BlockViews:
    """Hold the working arrays cut to a block."""

    width: int
    """The block's entries, rounded up to whole sub-blocks."""
    rows: Sequence[torch.Tensor]
    """Per member its entries."""
    blocks: torch.Tensor
    """(sub-blocks, members, SUB_BLOCK_ENTRIES)."""
    turned: torch.Tensor
    filled: Sequence[NDArray[np.floating]]
    """Per member its entries with the zeros that fill the block up."""
    patterns: Sequence[NDArray[np.signedinteger]]
    """The same floats as whole numbers."""


def empty_rows(rows: int, members: int) -> RowSums:
    """Return the sums over no entries."""
    counts = np.zeros((rows, members), np.int64)
    return RowSums(np.zeros((rows, members)), counts, counts, np.zeros((rows, MAGNITUDE_BINS), np.int64))


def find_piece_entries(rows: int) -> int:
    """Return how many entries a piece has when so many rows are counted."""
    entries = MOST_PIECE_ENTRIES
    while entries > FEWEST_PIECE_ENTRIES and entries * rows > MOST_COUNTED_BYTES:
        entries //= 2
    return entries


class RowMeter:
    """Measure pieces of tensors, one after the other, in arrays that are used again; one for each thread."""

    def __init__(self, members: int, rows: Sequence[int], precision: torch.dtype = torch.float32) -> None:
        """Make the arrays.

        Args:
            members: how many are read; number 0 is the base, which is subtracted from all others.
            rows: the numbers of those whose sums with all members are wanted.
            precision: what differences and products are computed in: float32, or float64.
        """
        self.rows = tuple(rows)
        self.piece_entries = find_piece_entries(len(rows))
        self._members = members
        self._index = {row: index for index, row in enumerate(self.rows)}
        self._is_whole = self.rows == tuple(range(members))
        width = SUB_BLOCK_ENTRIES
        while width < self.piece_entries and members * width * 2 * precision.itemsize <= CACHED_BYTES:
            width *= 2
        self._block = width
        self._floats = torch.zeros(members, width, dtype=precision)
        self._products = torch.empty(self.piece_entries // SUB_BLOCK_ENTRIES, len(rows), members, dtype=precision)
        self._exponents = np.zeros((len(rows), self.piece_entries), np.uint8)
        self._pattern = np.int64 if precision == torch.float64 else np.int32
        self._shifted = np.empty(width, self._pattern)
        self._truths = np.empty(width, np.bool_)
        self._nonzero = np.zeros((members, self.piece_entries // 8), np.uint8)
        self._negative = np.zeros((members, self.piece_entries // 8), np.uint8)
        self._views: dict[int, _BlockViews] = {}

    def measure(self, load: Load, entries: int) -> RowSums:
        """Return the sums over a piece of at most `piece_entries` entries."""
        for start in range(0, entries, self._block):
            self._measure_block(load, start, min(self._block, entries - start))
        used = -(-entries // SUB_BLOCK_ENTRIES) * SUB_BLOCK_ENTRIES
        both, signs = self._count_pairs(used)
        products = self._products[: used // SUB_BLOCK_ENTRIES].numpy().sum(axis=0, dtype=np.float64)
        return RowSums(products, both, signs, self._count_magnitudes(used, both))

    def block_products(self, entries: int) -> Floats:
        """Return the products of the last piece for each of its sub-blocks: (sub-blocks, R, n)."""
        return self._products[: -(-entries // SUB_BLOCK_ENTRIES)].numpy().astype(np.float64)

    def _measure_block(self, load: Load, start: int, count: int) -> None:
        views = self._view(count)
        if views.width > count:
            self._floats[:, count : views.width].zero_()
        for member, row in enumerate(views.rows):
            is_difference = load(member, start, count, row)
            if member:
                # All that is counted of a row is counted now, while it is in the processor's cache.
                if not is_difference:
                    row.sub_(views.rows[0])
                self._pack_signs(member, start, views)
                self._take_exponents(member, start, views)
        first = start // SUB_BLOCK_ENTRIES
        left = views.blocks if self._is_whole else views.blocks[:, list(self.rows)]
        torch.bmm(left, views.turned, out=self._products[first : first + views.width // SUB_BLOCK_ENTRIES])

    def _view(self, count: int) -> _BlockViews:
        """Return the arrays cut to a block; nearly all blocks are of one size, so cutting them each time would be waste."""
        if count not in self._views:
            if len(self._views) > _MOST_VIEWS:
                self._views.clear()
            width = -(-count // SUB_BLOCK_ENTRIES) * SUB_BLOCK_ENTRIES
            cut = self._floats[:, :width]
            blocks = cut.unflatten(1, (-1, SUB_BLOCK_ENTRIES)).transpose(0, 1)
            rows = [row[:count] for row in self._floats]
            filled = [row.numpy() for row in cut]
            self._views[count] = _BlockViews(
                width, rows, blocks, blocks.transpose(1, 2), filled, [row.view(self._pattern) for row in filled]
            )
        return self._views[count]

    def _pack_signs(self, member: int, start: int, views: _BlockViews) -> None:
        """Keep one bit for each entry that is not zero, and one for each that is negative: pairs are counted on these."""
        truths = self._truths[: views.width]
        packed = slice(start // 8, (start + views.width) // 8)
        np.not_equal(views.filled[member], 0, out=truths)
        self._nonzero[member, packed] = np.packbits(truths)
        np.less(views.filled[member], 0, out=truths)
        self._negative[member, packed] = np.packbits(truths)

    def _take_exponents(self, member: int, start: int, views: _BlockViews) -> None:
        index = self._index.get(member)
        if index is None:
            return
        bits, shifted = views.patterns[member], self._shifted[: views.width]
        if bits.dtype == np.int64:
            np.right_shift(bits, 52, out=shifted)
            np.bitwise_and(shifted, 0x7FF, out=shifted)
            np.clip(shifted - (1023 - _EXPONENT_ZERO), 0, 255, out=shifted)
        else:
            np.right_shift(bits, 23, out=shifted)
        # The lowest 8 bits of what is left are the exponent; the sign, spread over all bits above it, falls off.
        np.copyto(self._exponents[index, start : start + views.width], shifted, casting="unsafe")

    def _count_pairs(self, used: int) -> tuple[Counts, Counts]:
        nonzero = self._nonzero[:, : used // 8].view(np.uint64)
        negative = self._negative[:, : used // 8].view(np.uint64)
        both = np.zeros((len(self.rows), self._members), np.int64)
        conflicts = np.zeros_like(both)
        for index, row in enumerate(self.rows):
            # What was counted from the other side already is not counted again.
            earlier = [other for other in self.rows[:index] if other]
            rest = [other for other in range(1, self._members) if row and other not in earlier]
            for other in rest:
                shared = nonzero[row] & nonzero[other]
                both[index, other] = _count_bits(shared)
                conflicts[index, other] = _count_bits((negative[row] ^ negative[other]) & shared) if other != row else 0
            for position, other in enumerate(self.rows[:index]):
                both[index, other], conflicts[index, other] = both[position, row], conflicts[position, row]
        return both, both - 2 * conflicts

    def _count_magnitudes(self, used: int, both: Counts) -> Counts:
        magnitudes = np.zeros((len(self.rows), MAGNITUDE_BINS), np.int64)
        for index, row in enumerate(self.rows):
            if row:
                bins = np.add.reduceat(_count_exponents(self._exponents[index, :used]), _BIN_STARTS)
                # Zeros, padding and all that float32 holds without an exponent are in the first bin: what is not zero is known.
                bins[0] = both[index, row] - bins[1:].sum()
                magnitudes[index] = bins
        return magnitudes


def _count_bits(words: NDArray[np.uint64]) -> int:
    return int(np.bitwise_count(words).sum(dtype=np.int64))


def _count_exponents(exponents: NDArray[np.uint8]) -> Counts:
    """Return how often each of the 256 exponents occurs, two at a time: half as many steps that wait for one another."""
    if exponents.max(initial=0) >= _HALF_TABLE:
        return torch.bincount(torch.from_numpy(exponents), minlength=256).numpy()
    table = torch.bincount(torch.from_numpy(exponents.view(np.int16)), minlength=_HALF_TABLE * 256).view(_HALF_TABLE, 256)
    counts = table.sum(0)
    counts[:_HALF_TABLE] += table.sum(1)
    return counts.numpy()
