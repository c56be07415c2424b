"""Entries dropped by the hash of their index, and the sums of what is there and what is kept, in one reading.

The hash is that of `engine.kernels.index_hash`, which says where it comes from.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.loops.compiled import compiled, inlined
from engine.loops.entries import Real, Reals

_STEP = 2048
"""Entries at a time."""


@compiled
def drop_and_scale(values: Reals, start: int, key: tuple[int, int], least_kept: int, factor: Real, out: Reals) -> None:
    """Write factor·xᵢ where entry i is kept, and +0 where it is dropped.

    Args:
        values: 1-D.
        start: the index that the first entry is hashed with; indices wrap around at 2³².
        key: its low and high 32 bits.
        least_kept: the least hash, as int32, that keeps an entry.
        factor: in the dtype of the values.
        out: written to; as long as the values.
    """
    words = np.empty(_STEP, np.uint32)
    for begin in range(0, values.size, _STEP):
        part, into = values[begin : begin + _STEP], out[begin : begin + _STEP]
        _hash(start + begin, key, words)
        for index in range(part.size):
            into[index] = factor * part[index] if np.int32(words[index]) >= least_kept else 0


@inlined
def _hash(start: int, key: tuple[int, int], words: NDArray[np.uint32]) -> None:
    low, high, first = np.uint32(key[0]), np.uint32(key[1]), np.uint32(start)
    for index in range(words.size):
        word = np.uint32(np.uint32(first + np.uint32(index)) ^ low)
        word = np.uint32(np.uint32(word ^ (word >> np.uint32(17))) * np.uint32(0xED5AD4BB))
        word = np.uint32(word ^ high)
        word = np.uint32(np.uint32(word ^ (word >> np.uint32(11))) * np.uint32(0xAC4C1B51))
        word = np.uint32(np.uint32(word ^ (word >> np.uint32(15))) * np.uint32(0x31848BAB))
        words[index] = word ^ (word >> np.uint32(14))


@compiled
def sum_kept(
    values: Reals, start: int, key: tuple[int, int], least_kept: int, block: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the sums of the magnitudes, and of those that are kept, of every block; as `sum_blocks` of `engine.kernels` adds them up.

    Args:
        values: 1-D.
        start: as `drop_and_scale` takes it, like the next two.
        key: its low and high 32 bits.
        least_kept: the least hash, as int32, that keeps an entry.
        block: the entries of a block; the last may be shorter.
    """
    blocks = -(-values.size // block)
    whole, kept = np.empty(blocks), np.empty(blocks)
    all_terms, kept_terms = np.empty(block), np.empty(block)
    words = np.empty(block, np.uint32)
    for number in range(blocks):
        part = values[number * block : (number + 1) * block]
        _hash(start + number * block, key, words)
        for index in range(part.size):
            all_terms[index] = abs(part[index])
            kept_terms[index] = all_terms[index] if np.int32(words[index]) >= least_kept else 0.0
        whole[number] = _fold(all_terms, part.size)
        kept[number] = _fold(kept_terms, part.size)
    return whole, kept


@inlined
def _fold(terms: NDArray[np.float64], count: int) -> float:
    """Add halves to halves until one entry is left; zeros up to a power of two change no sum."""
    size = 1
    while size < count:
        size *= 2
    terms[count:size] = 0.0
    while size > 1:
        size //= 2
        lower, upper = terms[:size], terms[size : 2 * size]
        for index in range(size):
            lower[index] += upper[index]
    return terms[0]
