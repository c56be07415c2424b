"""What each type of parameter admits, and the exact value it stands for."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.parameters import Flag, Integer, OneOf, ParameterError, Real, RealList, Text, TextList

SHARE = Real("share", "A share.", 0.5, 0, 0.99)
COUNT = Integer("count", "A count.", 1, minimum=1, maximum=9)
WORD = OneOf("word", "A word.", ("one", "two"), "one")


@pytest.mark.parametrize(
    ("parameter", "value", "expected"),
    [
        (SHARE, 0.1, Fraction(1, 10)),
        (SHARE, 0, Fraction(0)),
        (SHARE, 0.99, Fraction(99, 100)),
        (SHARE, -0.0, Fraction(0)),
        (SHARE, 1e-300, Fraction(1, 10**300)),
        (COUNT, 9, 9),
        (COUNT, 3.0, 3),
        (WORD, "two", "two"),
        (Flag("flag", "A flag."), True, True),
        (Text("text", "A text."), "", ""),
        (Text("text", "A text.", required=True), " a", " a"),
        (TextList("texts", "Texts."), ("a", "b"), ("a", "b")),
        (TextList("texts", "Texts."), (), ()),
        (RealList("reals", "Numbers."), (1, 0.3), (Fraction(1), Fraction(3, 10))),
        (RealList("reals", "Numbers.", minimum=0.1), (0.1,), (Fraction(1, 10),)),
    ],
)
def test_admitted(parameter, value, expected):
    parsed = parameter.parse(value)
    assert parsed == expected
    assert type(parsed) is type(expected)


@pytest.mark.parametrize(
    ("parameter", "value", "words"),
    [
        (SHARE, 1, "outside 0 … 0.99"),
        (SHARE, math.nextafter(0.99, 1), "outside"),
        (SHARE, -1e-9, "outside"),
        (SHARE, math.nan, "finite"),
        (SHARE, -math.inf, "finite"),
        (SHARE, True, "must be a number, not true"),
        (SHARE, "0.1", 'must be a number, not "0.1"'),
        (SHARE, None, "must be a number"),
        (COUNT, 0, "outside 1 … 9"),
        (COUNT, 10, "outside 1 … 9"),
        (COUNT, 1.5, "whole number, not 1.5"),
        (COUNT, False, "must be a number"),
        (Integer("seed", "A seed.", 0), -1, "seed is -1; it must be at least 0."),
        (WORD, "three", '"three"; it can be one, two'),
        (WORD, 1, "it can be one, two"),
        (Flag("flag", "A flag."), 1, "true or false, not 1"),
        (Text("text", "A text."), 5, "must be text, not 5"),
        (Text("text", "A text.", required=True), "  ", "is empty. Fill it in: a text."),
        (TextList("texts", "Texts."), "ab", 'list of texts, not "ab"'),
        (TextList("texts", "Texts."), ("a", 1), "texts only, not 1"),
        (RealList("reals", "Numbers."), "1", "list of numbers"),
        (RealList("reals", "Numbers."), (1, math.inf), "finite"),
        (RealList("reals", "Numbers.", minimum=0), (1, -2), "below 0"),
        (WORD, "x" * 100, "…"),
    ],
)
def test_refused_with_the_name_and_the_reason(parameter, value, words):
    with pytest.raises(ParameterError) as refusal:
        parameter.parse(value)
    assert str(refusal.value).startswith(parameter.name)
    assert str(refusal.value).endswith(".")
    assert words in str(refusal.value)


def test_integers_without_a_maximum_are_exact_whatever_their_size():
    assert Integer("seed", "A seed.", 0).parse(10**400) == 10**400


@given(st.floats(0, 1))
def test_a_real_is_the_decimal_that_was_typed(value):
    assert Real("share", "A share.", 0, 0, 1).parse(value) == Fraction(repr(value))
