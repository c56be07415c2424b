"""Decimals are taken as typed and shown as short as they are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.decimal_text import format_decimal, parse_decimal, parse_decimals, usual_range


@pytest.mark.parametrize(
    ("text", "number"),
    [("0.4", 0.4), ("0,4", 0.4), (" 1.0 ", 1), ("−2", -2), ("1e-3", 0.001), ("", None), ("x", None), ("inf", None), ("nan", None)],
)
def test_what_people_type(text, number):
    assert parse_decimal(text) == number


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_shown_numbers_come_back_the_same(number):
    assert parse_decimal(format_decimal(number)) == number


def test_lists_are_all_numbers_or_none():
    assert parse_decimals("1 0.5; 2") == [1, 0.5, 2]
    assert parse_decimals("1 x") is None
    assert parse_decimals("") == []


@given(st.floats(-10, 10))
def test_a_slider_spans_the_value_within_the_bounds(value):
    low, high = usual_range(-10, 10, value)
    assert -10 <= low <= value <= high <= 10
