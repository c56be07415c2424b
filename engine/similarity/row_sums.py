"""Inner products, counts and magnitudes of some members of a family over one piece of a tensor, in as few passes as possible."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.loops.differ import SUB_BLOCK_ENTRIES, count_bins, make_pairs, measure_members
from engine.similarity.gram_table import FIRST_BIN_POWER, MAGNITUDE_BINS, Counts, Floats

MOST_PIECE_ENTRIES = 1 << 21
FEWEST_PIECE_ENTRIES = 1 << 15
MOST_ROW_ENTRIES = 1 << 24
"""Of all rows of a piece: with many vectors a piece is shorter, as every sub-block of it has a product of each pair."""
BLOCK_BYTES = 1 << 22
"""Of the floats of all members that are read before they are gone over."""

_LEAST_SQUARE = 2.0**-126
"""Where float32 begins to lose digits. Where squares are as large on average, all that it loses of them is 2⁻²⁴ of their sum."""

Reals = NDArray[np.float32 | np.float64]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Hold where a stretch of a member's entries is to be put: into one of two arrays of its length."""

    halves: NDArray[np.uint16]
    """For the bits of bfloat16 numbers."""
    numbers: Reals
    """For all others, converted."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """Hold how a stretch of a member's entries came."""

    is_half: bool
    """Whether they are bfloat16."""
    is_difference: bool
    """Whether they are a difference from the base already."""


Load = Callable[[int, int, Stretch], Loaded]
"""(member, first entry, stretch): read a stretch of a member's entries of the piece."""

LOWEST_EXPONENT = 127 + FIRST_BIN_POWER
"""As float32 stores it: with all that is smaller it makes the first bin."""


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


def empty_rows(rows: int, members: int) -> RowSums:
    """Return the sums over no entries."""
    counts = np.zeros((rows, members), np.int64)
    return RowSums(np.zeros((rows, members)), counts, counts, np.zeros((rows, MAGNITUDE_BINS), np.int64))


def are_squares_whole(products: Floats, both: Counts, rows: Sequence[int]) -> bool:
    """Tell whether float32 could hold the squares of differences: none beyond its range, and not so small that they vanish.

    Args:
        products: (R, n).
        both: (R, n): entries in which neither is zero.
        rows: the members that the R lines belong to; of the base, number 0, no entries are counted.
    """
    own = ((products[line, row], both[line, row]) for line, row in enumerate(rows) if row)
    return bool(np.isfinite(products).all()) and all(square >= count * _LEAST_SQUARE for square, count in own)


def find_piece_entries(rows: int) -> int:
    """Return how many entries a piece has when so many rows are counted."""
    entries = MOST_PIECE_ENTRIES
    while entries > FEWEST_PIECE_ENTRIES and entries * rows > MOST_ROW_ENTRIES:
        entries //= 2
    return entries


class RowMeter:
    """Measure pieces of tensors, one after the other, in arrays that are used again; one for each thread."""

    def __init__(self, members: int, rows: Sequence[int], precision: type[np.float32 | np.float64] = np.float32) -> None:
        """Make the arrays.

        Args:
            members: how many are read; number 0 is the base, which is subtracted from all others.
            rows: the numbers of those whose sums with all members are wanted, in ascending order.
            precision: what differences and products are computed in: float32, or float64.
        """
        self.rows = tuple(rows)
        self.piece_entries = find_piece_entries(len(rows))
        self._members = members
        places = [self.rows.index(member) if member in self.rows else -1 for member in range(members)]
        self._numbering = np.array(self.rows, np.int64), np.array(places, np.int64)
        width = SUB_BLOCK_ENTRIES
        while width < self.piece_entries and members * width * 2 * np.dtype(precision).itemsize <= BLOCK_BYTES:
            width *= 2
        self._block = width
        self._halves = np.empty((members, width), np.uint16)
        self._numbers = np.empty((members, width), precision)
        self._products = np.empty((self.piece_entries // SUB_BLOCK_ENTRIES, len(rows), members), precision)
        self._pairs = make_pairs(len(rows), MAGNITUDE_BINS)

    def measure(self, load: Load, entries: int) -> RowSums:
        """Return the sums over a piece of at most `piece_entries` entries."""
        both = np.zeros((len(self.rows), self._members), np.int64)
        conflicts = np.zeros_like(both)
        self._pairs[:] = 0
        for start in range(0, entries, self._block):
            count = min(self._block, entries - start)
            found = [load(member, start, self._cut(member, count)) for member in range(self._members)]
            kinds = np.array([each.is_half for each in found]), np.array([each.is_difference for each in found])
            sums = (self._products[start // SUB_BLOCK_ENTRIES :], both, conflicts, self._pairs)
            measure_members((self._halves, self._numbers), kinds, self._numbering, (count, LOWEST_EXPONENT), sums)
        for counts in (both, conflicts):
            self._mirror(counts)
        products = self._products[: -(-entries // SUB_BLOCK_ENTRIES)].sum(axis=0, dtype=np.float64)
        return RowSums(products, both, both - 2 * conflicts, self._count_magnitudes(both))

    def block_products(self, entries: int) -> Floats:
        """Return the products of the last piece for each of its sub-blocks: (sub-blocks, R, n)."""
        return self._products[: -(-entries // SUB_BLOCK_ENTRIES)].astype(np.float64)

    def _cut(self, member: int, count: int) -> Stretch:
        return Stretch(self._halves[member, :count], self._numbers[member, :count])

    def _mirror(self, counts: Counts) -> None:
        """Put what was counted once for a pair of rows into the place of the other, too."""
        for index, row in enumerate(self.rows):
            for earlier in range(index):
                counts[index, self.rows[earlier]] = counts[earlier, row]

    def _count_magnitudes(self, both: Counts) -> Counts:
        magnitudes = np.zeros((len(self.rows), MAGNITUDE_BINS), np.int64)
        for index, row in enumerate(self.rows):
            if row:
                bins = count_bins(self._pairs[index])
                # Zeros and padding are in the first bin, too: what is not zero is known.
                bins[0] = both[index, row] - bins[1:].sum()
                magnitudes[index] = bins
        return magnitudes
