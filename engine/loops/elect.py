"""The merge of TIES: trim, elect a sign, average what agrees, in one reading of each vector."""

from __future__ import annotations

import numpy as np

from engine.loops.compiled import compiled, inlined
from engine.loops.entries import Real, Reals

_STEP = 2048
"""Entries at a time: the rows of a few vectors stay in the first cache."""


@compiled
def average_elected(parts: tuple[Reals, ...], cuts: Reals, weights: Reals, out: Reals) -> None:
    """Write Σ wᵢτᵢ / Σ |wᵢ| over the wᵢτᵢ that have the sign of their sum (a zero sum: +), 0 where there is none.

    Args:
        parts: τᵢ (1-D, all of one length and dtype).
        cuts: the magnitude above which an entry of each counts; the others stand for 0.
        weights: wᵢ.
        out: written to; as long as the parts.
    """
    terms = np.empty((len(parts), _STEP), out.dtype)
    signs, shares = np.empty(_STEP, out.dtype), np.empty(_STEP, out.dtype)
    smallest = weights.dtype.type(np.inf)
    for weight in weights:
        if weight:
            smallest = min(smallest, abs(weight))
    for start in range(0, out.size, _STEP):
        into = out[start : start + _STEP]
        _elect(parts, start, cuts, weights, terms, signs[: into.size])
        _average(weights, terms, signs[: into.size], shares[: into.size], smallest, into)


@inlined
def _elect(parts: tuple[Reals, ...], start: int, cuts: Reals, weights: Reals, terms: Reals, signs: Reals) -> None:
    zero, one = signs.dtype.type(0), signs.dtype.type(1)
    for number in range(len(parts)):
        part, term = parts[number][start : start + signs.size], terms[number, : signs.size]
        cut, weight = cuts[number], weights[number]
        for index in range(part.size):
            value = part[index]
            # False for NaN, which must not be lost.
            term[index] = weight * (zero if abs(value) <= cut else value)
        if number:
            for index in range(part.size):
                signs[index] += term[index]
        else:
            signs[:] = term
    for index in range(signs.size):
        # A sum of a and −a is +0, so it elects +.
        signs[index] = np.copysign(one, signs[index])


@inlined
def _average(weights: Reals, terms: Reals, signs: Reals, shares: Reals, smallest: Real, out: Reals) -> None:
    zero = out.dtype.type(0)
    out[:] = zero
    shares[:] = zero
    for number in range(weights.size):
        term, share = terms[number, : out.size], abs(weights[number])
        for index in range(out.size):
            agreeing = term[index] * signs[index]
            out[index] += zero if agreeing <= zero else agreeing
            shares[index] += share if agreeing > zero else zero
    for index in range(out.size):
        # Where no term agrees the sum is 0, and so is its quotient by anything.
        out[index] = out[index] * signs[index] / max(shares[index], smallest)
