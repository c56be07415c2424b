"""How many strengths a search is going to try, before it begins."""

from __future__ import annotations

from fractions import Fraction


def count_grid(start: Fraction, stop: Fraction, step: Fraction) -> int:
    """Return how many strengths a grid has, 0 not among them: that is the base, which is measured once whatever is searched."""
    steps = (stop - start) // step + 1
    holds_zero = start <= 0 <= stop and -start % step == 0
    return steps - holds_zero


def count_tries(mode: str, vectors: int, strengths: int, budget: int) -> int:
    """Return how many sets of strengths a search tries at most.

    Args:
        mode: one strength for all vectors, one for each, or one for every one of their pairs or subsets, or for the first with each helper.
        vectors: how many there are.
        strengths: how many the grid has.
        budget: the most tries of the mode `each`.
    """
    match mode:
        case "one":
            return strengths
        case "pairs":
            return strengths * (vectors + vectors * (vectors - 1) // 2)
        case "helpers":
            return strengths * vectors
        case "subsets":
            return strengths * (2**vectors - 1)
        case _:
            return budget
