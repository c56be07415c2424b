"""A weighted sum of stored arrays around an anchor, in one reading of each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.loops.compiled import compiled, inlined
from engine.loops.entries import Halves, Real, Reals

_STEP = 2048
"""Entries at a time: three rows of them stay in the first cache."""
_UPPER_HALF = 1 << 16
"""A bfloat16 is the upper half of a float32."""


@compiled
def mix_reals(
    parts: tuple[Reals, ...], factors: Reals, differs: NDArray[np.bool_], anchor: Reals, keeps_bits: tuple[bool, bool], out: Reals
) -> None:
    """Write Σ cᵢ(xᵢ − a) + Σ dⱼxⱼ, and the anchor a with it where it is wanted; sums go from left to right.

    Args:
        parts: the xᵢ (1-D, all of the dtype of `out`), at least one.
        factors: cᵢ and dⱼ.
        differs: which of them the anchor is taken from first.
        anchor: a, as long as the parts.
        keeps_bits: whether the anchor is added, and whether it then goes out bit by bit where the sum is 0: 0 + (−0) would be +0.
        out: written to; as long as the parts.
    """
    for start in range(0, out.size, _STEP):
        here = slice(start, min(start + _STEP, out.size))
        into, around = out[here], anchor[here]
        for number in range(len(parts)):
            _add_part(parts[number][here], around, factors[number], differs[number], number == 0, into)
        _add_anchor(around, keeps_bits, into)


@compiled
def mix_halves(
    parts: tuple[Halves, ...],
    factors: Reals,
    differs: NDArray[np.bool_],
    anchor: Halves,
    keeps_bits: tuple[bool, bool],
    out: Reals,
) -> None:
    """Do as `mix_reals`, the parts and the anchor being the bits of bfloat16 and the result float32."""
    part_bits, anchor_bits = np.empty(_STEP, np.uint32), np.empty(_STEP, np.uint32)
    for start in range(0, out.size, _STEP):
        here = slice(start, min(start + _STEP, out.size))
        into = out[here]
        _widen(anchor[here], anchor_bits)
        around = anchor_bits.view(np.float32)[: into.size]
        for number in range(len(parts)):
            _widen(parts[number][here], part_bits)
            _add_part(part_bits.view(np.float32)[: into.size], around, factors[number], differs[number], number == 0, into)
        _add_anchor(around, keeps_bits, into)


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
def _add_anchor(anchor: Reals, keeps_bits: tuple[bool, bool], out: Reals) -> None:
    is_added, keeps = keeps_bits
    if is_added and keeps:
        for index in range(out.size):
            value = out[index] + anchor[index]
            out[index] = anchor[index] if value == 0 and anchor[index] == 0 else value
    elif is_added:
        for index in range(out.size):
            out[index] += anchor[index]
