"""The differences of a family's members from their base over a stretch of entries, and all that is counted of them, in one reading.

It goes over one sub-block after the other: the floats of a few members stay in the processor's first caches until they are done with.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.loops.compiled import compiled, inlined, regrouped
from engine.loops.entries import Real, Reals

SUB_BLOCK_ENTRIES = 1 << 12
"""float32 products are summed over this many entries before float64 takes over: the sum's error stays below 1e-6 relative."""
_WORD = 64
_UPPER_HALF = 1 << 16
"""A bfloat16 is the upper half of a float32."""
_BYTE = 1 << 8
_PAIRS_IN_WORD = 4

Words = NDArray[np.uint64]
Pairs = NDArray[np.uint32]
Counts = NDArray[np.int64]
Flags = NDArray[np.bool_]
Numbers = tuple[Counts, Counts]
Sums = tuple[Reals, Counts, Counts, Pairs]


def make_pairs(rows: int, bins: int) -> Pairs:
    """Return (rows, 256 × bins, 4): how often two bins follow each other, at the first to the fourth place of eight entries; all 0.

    Each exponent makes a bin, the first with all below it and the last with all above it. Fine-tunes leave many entries equal to the
    base's, and a count that is raised twice in a row waits for itself: pairs (entries 0 and 1, 2 and 3, …) and places make that rare.
    """
    return np.zeros((rows, bins * _BYTE, _PAIRS_IN_WORD), np.uint32)


def count_bins(pairs: Pairs) -> Counts:
    """Return how many entries of a row are in each bin."""
    bins = len(pairs) // _BYTE
    places = pairs.reshape(bins, _BYTE, _PAIRS_IN_WORD)[:, :bins].astype(np.int64)
    # Not `sum(axis=2)`, which takes several times as long over so few.
    table = places[..., 0] + places[..., 1] + places[..., 2] + places[..., 3]
    return table.sum(axis=0) + table.sum(axis=1)


@compiled
def measure_members(
    stored: tuple[NDArray[np.uint16], Reals], kinds: tuple[Flags, Flags], rows: Numbers, extent: tuple[int, int], sums: Sums
) -> None:
    """Add up products and counts of some members with all.

    Args:
        stored: two (members, width) arrays: the bits of those that are bfloat16, and the numbers of the others, float32; or all float64,
            and none in the first.
        kinds: per member, whether it lies in the first of these, and whether it holds differences already; number 0 is the base.
        rows: the numbers of the members asked for, in ascending order, and per member its place among them or −1.
        extent: how many entries of the width are used; and the exponent, as float32 stores it, of the first bin of magnitudes.
        sums: the products of each sub-block, written to (sub-blocks, rows, members); in how many entries neither is zero, and in how many
            signs differ, added to (rows, members), once for two rows: in the line of the earlier; and pairs of bins, see `make_pairs`.
    """
    halves, numbers = stored
    entries, least_exponent = extent
    products, both, conflicts, pairs = sums
    members, places = numbers.shape[0], rows[1]
    greatest_exponent = least_exponent + pairs.shape[1] // _BYTE - 1
    work = np.empty((members, SUB_BLOCK_ENTRIES), numbers.dtype)
    signs = np.empty((members, 2, SUB_BLOCK_ENTRIES // _WORD), np.uint64)
    bins = np.empty(SUB_BLOCK_ENTRIES, np.uint8)
    for block in range(-(-entries // SUB_BLOCK_ENTRIES)):
        here = slice(block * SUB_BLOCK_ENTRIES, min((block + 1) * SUB_BLOCK_ENTRIES, entries))
        for member in range(members):
            if kinds[0][member]:
                _widen(halves[member, here], work[member])
            else:
                _copy(numbers[member, here], work[member])
            if not member:
                continue
            if not kinds[1][member]:
                _subtract(work[0], work[member])
            _pack_signs(work[member], signs[member])
            if places[member] >= 0:
                _sort_into_bins(work[member], least_exponent, greatest_exponent, bins)
                _count_pairs(bins, pairs[places[member]])
        _multiply(work, rows, products[block])
        _compare(signs, rows, both, conflicts)


@inlined
def _widen(halves: NDArray[np.uint16], out: Reals) -> None:
    bits = out.view(np.uint32)
    for index in range(halves.size):
        bits[index] = halves[index] * np.uint32(_UPPER_HALF)
    bits[halves.size :] = 0


@inlined
def _copy(numbers: Reals, out: Reals) -> None:
    for index in range(numbers.size):
        out[index] = numbers[index]
    out[numbers.size :] = 0


@inlined
def _subtract(base: Reals, values: Reals) -> None:
    for index in range(base.size):
        values[index] -= base[index]


@inlined
def _pack_signs(values: Reals, signs: Words) -> None:
    for word in range(values.size // _WORD):
        nonzero, negative = np.uint64(0), np.uint64(0)
        for place in range(_WORD):
            value = values[word * _WORD + place]
            nonzero |= np.uint64(value != 0) << np.uint64(place)
            negative |= np.uint64(value < 0) << np.uint64(place)
        signs[0, word], signs[1, word] = nonzero, negative


@inlined
def _sort_into_bins(values: Reals, least: int, greatest: int, bins: NDArray[np.uint8]) -> None:
    if values.itemsize == 4:  # noqa: PLR2004  (float32; known when this is compiled)
        narrow = values.view(np.uint32)
        for index in range(values.size):
            # The sign, above the exponent's 8 bits, falls off.
            bins[index] = np.uint8(narrow[index] >> np.uint32(23))
        # Bytes throughout: the processor clamps many at once.
        low, high = np.uint8(least), np.uint8(greatest)
        for index in range(bins.size):
            exponent = bins[index]
            exponent = low if exponent < low else exponent
            exponent = high if exponent > high else exponent
            bins[index] = np.uint8(exponent - low)
    else:
        wide = values.view(np.uint64)
        for index in range(values.size):
            # As float32 would have it, but that what is beyond its range stays so.
            exponent = np.int64((wide[index] >> np.uint64(52)) & np.uint64(0x7FF)) - (1023 - 127)
            bins[index] = np.uint8(min(max(exponent, least), greatest) - least)


@inlined
def _count_pairs(bins: NDArray[np.uint8], pairs: Pairs) -> None:
    mask = np.uint64((1 << 16) - 1)
    for word in bins.view(np.uint64):
        pairs[word & mask, 0] += np.uint32(1)
        pairs[(word >> np.uint64(16)) & mask, 1] += np.uint32(1)
        pairs[(word >> np.uint64(32)) & mask, 2] += np.uint32(1)
        pairs[word >> np.uint64(48), 3] += np.uint32(1)


@inlined
def _multiply(work: Reals, rows: Numbers, products: Reals) -> None:
    members, places = rows
    for index, row in enumerate(members):
        for other in range(work.shape[0]):
            place = places[other]
            if 0 <= place < index:
                products[index, other] = products[place, row]
            else:
                products[index, other] = _dot(work[row], work[other])


@regrouped
def _dot(one: Reals, other: Reals) -> Real:
    total = one.dtype.type(0)
    for index in range(one.size):
        total += one[index] * other[index]
    return total


@inlined
def _compare(signs: Words, rows: Numbers, both: Counts, conflicts: Counts) -> None:
    members, places = rows
    for index, row in enumerate(members):
        for other in range(1, signs.shape[0]):
            if row and not 0 <= places[other] < index:
                shared, differing = _count_shared(signs[row], signs[other])
                both[index, other] += shared
                conflicts[index, other] += differing


@inlined
def _count_shared(one: Words, other: Words) -> tuple[np.int64, np.int64]:
    shared, differing = np.int64(0), np.int64(0)
    for word in range(one.shape[1]):
        nonzero = one[0, word] & other[0, word]
        shared += _count_bits(nonzero)
        differing += _count_bits(nonzero & (one[1, word] ^ other[1, word]))
    return shared, differing


@inlined
def _count_bits(word: np.uint64) -> np.int64:
    """Return how many bits are set; compilers know this for the processor's own instruction."""
    word -= (word >> np.uint64(1)) & np.uint64(0x5555555555555555)
    word = (word & np.uint64(0x3333333333333333)) + ((word >> np.uint64(2)) & np.uint64(0x3333333333333333))
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((word * np.uint64(0x0101010101010101)) >> np.uint64(56))
