"""A weighted sum of stored arrays around an anchor, in one reading of each."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.loops.compiled import compiled, inlined
from engine.loops.entries import Halves, Real, Reals

_STEP = 2048
"""Entries at a time: three rows of them stay in the first cache."""
_UPPER_HALF = 1 << 16
"""A bfloat16 is the upper half of a float32."""


class Terms(NamedTuple):
    """Hold what a sum is made of, besides its parts."""

    factors: Reals
    """cᵢ and dⱼ, in the dtype of the result."""
    differs: NDArray[np.bool_]
    """Which parts the anchor is taken from first."""
    adds_anchor: bool
    keeps_bits: bool
    """Whether the anchor goes out bit by bit where the sum is 0."""


@compiled
def mix_reals(parts: tuple[Reals, ...], anchor: Reals, terms: Terms, out: Reals) -> None:
    """Write Σ cᵢ(xᵢ − a) + Σ dⱼxⱼ, and the anchor a with it where it is wanted; sums go from left to right.

    Args:
        parts: the xᵢ (1-D, all of the dtype of `out`), at least one.
        anchor: a, as long as the parts; any of them where it is not wanted.
        terms: the factors, and what becomes of the anchor.
        out: written to; as long as the parts.
    """
    for start in range(0, out.size, _STEP):
        here = slice(start, min(start + _STEP, out.size))
        into, around = out[here], anchor[here]
        for number in range(len(parts)):
            _add_part(parts[number][here], around, terms.factors[number], terms.differs[number], number == 0, into)
        _add_anchor(around, terms, into)


@compiled
def mix_halves(parts: tuple[Halves, ...], anchor: Halves, terms: Terms, out: Reals) -> None:
    """Do as `mix_reals`, the parts and the anchor being the bits of bfloat16 and the result float32."""
    rows = np.empty((2, _STEP), np.uint32)
    for start in range(0, out.size, _STEP):
        here = slice(start, min(start + _STEP, out.size))
        _mix_step(parts, anchor, terms, here, rows, out[here])


@compiled
def mix_and_round(parts: tuple[Halves, ...], anchor: Halves, terms: Terms, out: Halves) -> np.float32:
    """Do as `mix_halves`, write the bits of the nearest bfloat16 (ties to even), and return the largest magnitude before rounding.

    Where that is infinite or NaN, what is written has no meaning.
    """
    rows, values = np.empty((2, _STEP), np.uint32), np.empty(_STEP, np.float32)
    largest = np.zeros(1, np.uint32)
    for start in range(0, out.size, _STEP):
        here = slice(start, min(start + _STEP, out.size))
        into = out[here]
        _mix_step(parts, anchor, terms, here, rows, values[: into.size])
        largest[0] = _round(values.view(np.uint32), largest[0], into)
    return largest.view(np.float32)[0]


@inlined
def _mix_step(parts: tuple[Halves, ...], anchor: Halves, terms: Terms, here: slice, rows: NDArray[np.uint32], out: Reals) -> None:
    _widen(anchor[here], rows[0])
    around, part = rows[0].view(np.float32)[: out.size], rows[1].view(np.float32)[: out.size]
    for number in range(len(parts)):
        _widen(parts[number][here], rows[1])
        _add_part(part, around, terms.factors[number], terms.differs[number], number == 0, out)
    _add_anchor(around, terms, out)


@inlined
def _round(bits: NDArray[np.uint32], largest: np.uint32, out: Halves) -> np.uint32:
    for index in range(out.size):
        # The bits of magnitudes order as these do; those of infinity and NaN are larger than all others.
        largest = max(largest, np.uint32(bits[index] & np.uint32(0x7FFFFFFF)))
    for index in range(out.size):
        half = np.uint32(bits[index] + np.uint32(0x7FFF) + ((bits[index] >> np.uint32(16)) & np.uint32(1)))
        out[index] = np.uint16(half >> np.uint32(16))
    return largest


@inlined
def _widen(halves: Halves, bits: NDArray[np.uint32]) -> None:
    for index in range(halves.size):
        bits[index] = halves[index] * np.uint32(_UPPER_HALF)


@inlined
def _add_part(part: Reals, anchor: Reals, factor: Real, differs: bool, is_first: bool, out: Reals) -> None:
    if is_first and differs:
        for index in range(out.size):
            out[index] = factor * (part[index] - anchor[index])
    elif is_first:
        for index in range(out.size):
            out[index] = factor * part[index]
    elif differs:
        for index in range(out.size):
            out[index] += factor * (part[index] - anchor[index])
    else:
        for index in range(out.size):
            out[index] += factor * part[index]


@inlined
def _add_anchor(anchor: Reals, terms: Terms, out: Reals) -> None:
    if terms.adds_anchor and terms.keeps_bits:
        for index in range(out.size):
            value = out[index] + anchor[index]
            # 0 + (−0) would be +0.
            out[index] = anchor[index] if value == 0 and anchor[index] == 0 else value
    elif terms.adds_anchor:
        for index in range(out.size):
            out[index] += anchor[index]
