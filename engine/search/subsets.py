"""Which of several vectors to add up, each at every strength of a grid: pairs, subsets, or the first with one helper."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import combinations
from typing import Final

PAIR: Final = 2
HELPERS: Final = "helpers"
SUBSET_MODES: Final = ("pairs", "subsets", HELPERS)
"""The modes of a strength search that ask who takes part."""


def list_subsets(mode: str, vectors: int) -> tuple[tuple[int, ...], ...]:
    """Return the subsets of a mode, small ones first.

    Args:
        mode: pairs: every vector alone and every two; subsets: every sum there is; helpers: the first vector alone, and with each other.
        vectors: how many there are.
    """
    largest = vectors if mode == "subsets" else min(PAIR, vectors)
    subsets = (subset for size in range(1, largest + 1) for subset in combinations(range(vectors), size))
    return tuple(subset for subset in subsets if mode != HELPERS or 0 in subset)


def spread_strengths(mode: str, vectors: int, grid: Sequence[Fraction]) -> Iterator[tuple[Fraction, ...]]:
    """Yield a strength for every vector, 0 for those that do not take part: subset by subset, strength by strength."""
    for subset in list_subsets(mode, vectors):
        for strength in grid:
            if strength:
                yield tuple(strength if index in subset else Fraction(0) for index in range(vectors))
