"""Decimals are taken as typed and shown as short as they are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.decimal_text import format_decimal, parse_decimal, parse_decimals, shorten_figure, usual_range, write_figure


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


def test_figures_that_people_read_have_a_true_minus():
    assert [write_figure(number, ".1%") for number in (-0.125, 0.5)] == ["\u221212.5%", "50.0%"]
    assert write_figure(0.5, "+.3g") == "+0.5"
    assert parse_decimal(write_figure(-1.5, ".3g")) == -1.5


@given(st.floats(-10, 10))
def test_a_slider_spans_the_value_within_the_bounds(value):
    low, high = usual_range(-10, 10, value)
    assert -10 <= low <= value <= high <= 10


def test_a_figure_on_a_card_has_three_digits_or_as_many_as_there_is_room_for():
    numbers = (449.4, 1234.0, 0.0597, 0.00597, 5.97e-5, 1.23e7, 0.5, 99.96)
    assert [shorten_figure(number, 6) for number in numbers] == ["449", "1234", "0.0597", "0.006", "6e-05", "1e+07", "0.5", "100"]
    assert shorten_figure(0.0597, 5) == "0.06"
