"""Which magnitudes lie above a bracket, on its marks, and elsewhere within it, in one reading."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.loops.compiled import compiled, inlined
from engine.loops.entries import Real, Reals

_STEP = 4096
"""Entries at a time, looked through once more where the bracket holds more than its marks."""


@compiled
def count_bracket(
    values: Reals, lowest: Real, highest: Real, marks: Reals, block: int
) -> tuple[np.int64, NDArray[np.int32], Reals, NDArray[np.int64]]:
    """Return the count above, those on each mark, the magnitudes elsewhere in the bracket, and how many of these each block ends with.

    Args:
        values: 1-D; NaN counts as above everything.
        lowest: the least magnitude of the bracket, in the dtype of the values, as the next ones.
        highest: its greatest.
        marks: magnitudes within it that many entries share.
        block: the entries of a block, a multiple of 4096; marks (blocks, marks) and ends (blocks) are counted for each.
    """
    blocks = -(-values.size // block)
    on_marks, ends = np.zeros((blocks, marks.size), np.int32), np.zeros(blocks, np.int64)
    found = np.empty_like(values)
    flags = np.empty(_STEP, np.uint8)
    above, filled = np.int64(0), np.int64(0)
    for start in range(0, values.size, _STEP):
        part = values[start : start + _STEP]
        number = start // block
        within = part.size - _count_outside(part, highest)
        above += part.size - within
        within -= _count_below(part, lowest)
        for mark in range(marks.size):
            equal = _count_equal(part, marks[mark])
            on_marks[number, mark] += equal
            within -= equal
        if within:
            filled = _gather(part, (lowest, highest), marks, flags, found, filled)
        ends[number] = filled
    return above, on_marks, found[:filled].copy(), ends


# Counted in 32 bits, as wide as the entries: in 64 half as many are compared at a time.
@inlined
def _count_outside(part: Reals, highest: Real) -> np.int32:
    count = np.int32(0)
    for index in range(part.size):
        count = np.int32(count + np.int32(not abs(part[index]) <= highest))
    return count


@inlined
def _count_below(part: Reals, lowest: Real) -> np.int32:
    count = np.int32(0)
    for index in range(part.size):
        count = np.int32(count + np.int32(abs(part[index]) < lowest))
    return count


@inlined
def _count_equal(part: Reals, mark: Real) -> np.int32:
    count = np.int32(0)
    for index in range(part.size):
        count = np.int32(count + np.int32(abs(part[index]) == mark))
    return count


@inlined
def _gather(part: Reals, bracket: tuple[Real, Real], marks: Reals, flags: NDArray[np.uint8], found: Reals, filled: np.int64) -> np.int64:
    lowest, highest = bracket
    for index in range(part.size):
        flags[index] = (abs(part[index]) >= lowest) & (abs(part[index]) <= highest)
    for mark in marks:
        for index in range(part.size):
            flags[index] &= abs(part[index]) != mark
    flags[part.size :] = 0
    for place, word in enumerate(flags.view(np.uint64)):
        if word:
            for index in range(8 * place, 8 * place + 8):
                if flags[index]:
                    found[filled] = abs(part[index])
                    filled += 1
    return filled
