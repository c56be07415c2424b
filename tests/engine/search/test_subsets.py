"""Pairs and subsets: all of them, and as many tries as were counted."""

from __future__ import annotations

from fractions import Fraction

import pytest

from engine.search.grid import make_grid
from engine.search.subsets import list_subsets, spread_strengths
from engine.search.tries import count_grid, count_tries

GRIDS = pytest.mark.parametrize(
    ("start", "stop", "step"), [("0", "1", "0.25"), ("0.1", "0.5", "0.2"), ("-1", "1", "0.5"), ("-1", "1", "0.3"), ("0.5", "0.5", "1")]
)


def test_four_vectors_have_15_subsets_and_10_of_at_most_two():
    assert len(set(list_subsets("subsets", 4))) == 15
    assert list_subsets("pairs", 4)[:5] == ((0,), (1,), (2,), (3,), (0, 1))
    assert len(list_subsets("pairs", 4)) == 10
    assert list_subsets("pairs", 1) == ((0,),)


def test_helpers_are_tried_beside_the_first_vector_and_never_without_it():
    assert list_subsets("helpers", 4) == ((0,), (0, 1), (0, 2), (0, 3))
    assert list_subsets("helpers", 1) == ((0,),)


@GRIDS
@pytest.mark.parametrize("mode", ["one", "pairs", "subsets", "helpers"])
def test_there_are_as_many_tries_as_counted(start, stop, step, mode):
    values = tuple(map(Fraction, (start, stop, step)))
    strengths = [value for value in make_grid(*values) if value]
    assert count_grid(*values) == len(strengths)
    tries = strengths if mode == "one" else list(spread_strengths(mode, 3, make_grid(*values)))
    assert count_tries(mode, 3, count_grid(*values), 7) == len(tries)
    assert count_tries("each", 3, count_grid(*values), 7) == 7


def test_all_that_take_part_have_the_same_strength():
    found = set(spread_strengths("subsets", 2, (Fraction(0), Fraction(1, 2))))
    half, none = Fraction(1, 2), Fraction(0)
    assert found == {(half, none), (none, half), (half, half)}
