"""Which of several vectors to add up: every pair, or every subset, at every strength of a grid (one for all that take part)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import combinations

PAIR = 2


def list_subsets(vectors: int, largest: int) -> tuple[tuple[int, ...], ...]:
    """Return the subsets with 1 … largest members, small ones first."""
    return tuple(subset for size in range(1, min(largest, vectors) + 1) for subset in combinations(range(vectors), size))


def spread_strengths(vectors: int, largest: int, grid: Sequence[Fraction]) -> Iterator[tuple[Fraction, ...]]:
    """Yield a strength for every vector, 0 for those that do not take part: subset by subset, strength by strength."""
    for subset in list_subsets(vectors, largest):
        for strength in grid:
            if strength:
                yield tuple(strength if index in subset else Fraction(0) for index in range(vectors))
