"""The grid: exact decimals, both ends where they lie on it."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import SelectionError
from engine.search.grid import make_grid, write_decimal


def test_the_paper_s_grid_is_exact_and_holds_both_ends() -> None:
    strengths = make_grid(Fraction(0), Fraction(1), Fraction("0.05"))
    assert strengths == tuple(Fraction(index, 20) for index in range(21))
    assert [write_decimal(strength) for strength in strengths[:4]] == ["0", "0.05", "0.1", "0.15"]


def test_a_stop_off_the_grid_is_left_out() -> None:
    assert make_grid(Fraction(0), Fraction("0.35"), Fraction("0.1"))[-1] == Fraction("0.3")


def test_a_grid_of_one_point() -> None:
    assert make_grid(Fraction("0.3"), Fraction("0.3"), Fraction(1)) == (Fraction("0.3"),)


@pytest.mark.parametrize(
    ("start", "stop", "step", "message"), [(0, 1, 0, r"step of the grid is 0"), (1, 0, 1, r"stops at 0, below its start at 1")]
)
def test_a_grid_that_is_none_says_why(start: int, stop: int, step: int, message: str) -> None:
    with pytest.raises(SelectionError, match=message):
        make_grid(Fraction(start), Fraction(stop), Fraction(step))


@given(st.decimals(-100, 100, places=6))
def test_a_decimal_reads_back_as_itself(value: object) -> None:
    assert Fraction(write_decimal(Fraction(str(value)))) == Fraction(str(value))


def test_what_no_decimal_holds_is_written_as_a_fraction() -> None:
    assert write_decimal(Fraction(-1, 3)) == "-1/3"
