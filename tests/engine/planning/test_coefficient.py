"""Coefficients are polynomials with exact factors: the laws of a ring, and numbers filled in for unknowns."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.planning.coefficient import ONE, ZERO, Coefficient, Symbol

SYMBOLS = [Symbol("s", "strength"), Symbol("t", "strength"), Symbol("s", "dot")]
LAMBDA, MU, DOT = (Coefficient.unknown(symbol) for symbol in SYMBOLS)
numbers = st.fractions(-4, 4, max_denominator=12)
symbols = st.sampled_from(SYMBOLS)
leaves = st.one_of(numbers.map(Coefficient.of), symbols.map(Coefficient.unknown))
coefficients = st.recursive(
    leaves,
    lambda inner: st.tuples(inner, inner, st.booleans()).map(lambda pair: pair[0] + pair[1] if pair[2] else pair[0] * pair[1]),
    max_leaves=6,
)
values = st.fixed_dictionaries(dict.fromkeys(SYMBOLS, numbers))


@given(coefficients, coefficients, coefficients)
def test_sums_and_products_obey_the_laws_of_a_commutative_ring(a, b, c):
    assert a + b == b + a
    assert a * b == b * a
    assert (a + b) + c == a + (b + c)
    assert (a * b) * c == a * (b * c)
    assert a * (b + c) == a * b + a * c


@given(coefficients)
def test_zero_and_one_do_what_they_are_named_for(a):
    assert a + ZERO == ZERO + a == a
    assert a * ONE == ONE * a == a
    assert a * ZERO == ZERO * a == ZERO
    assert a + -a == ZERO
    assert -a == Coefficient.of(-1) * a
    negative = -a
    assert -negative == a


@given(coefficients, coefficients)
def test_equal_polynomials_are_equal_values(a, b):
    """They are used as keys: one order of terms, no zeros, and so one hash."""
    square = (a + b) * (a + b)
    expanded = a * a + Coefficient.of(2) * a * b + b * b
    assert square == expanded
    assert hash(square) == hash(expanded)
    assert all(factor for _, factor in square.terms)
    assert list(square.terms) == sorted(square.terms)


@given(numbers, numbers)
def test_numbers_stay_exact(a, b):
    assert (Coefficient.of(a) + Coefficient.of(b)).number == a + b
    assert (Coefficient.of(a) * Coefficient.of(b)).number == a * b


@given(coefficients, coefficients, values)
def test_filling_in_numbers_is_a_homomorphism(a, b, known):
    assert (a + b).substitute(known) == a.substitute(known) + b.substitute(known)
    assert (a * b).substitute(known) == a.substitute(known) * b.substitute(known)
    assert (-a).substitute(known) == -a.substitute(known)


@given(coefficients, values)
def test_once_all_is_known_it_is_a_number(a, known):
    assert a.substitute(known).number is not None
    assert a.substitute(known).symbols == frozenset()


@given(coefficients, values, symbols)
def test_numbers_may_come_one_after_the_other(a, known, first):
    assert a.substitute({first: known[first]}).substitute(known) == a.substitute(known)
    assert first not in a.substitute({first: known[first]}).symbols


@given(coefficients)
def test_it_is_unknown_as_long_as_it_holds_a_symbol(a):
    assert (a.number is None) == bool(a.symbols)
    assert a.is_zero == (a == ZERO)
    assert a.substitute({}) == a


@given(numbers, numbers, symbols)
def test_what_is_linear_in_a_symbol_comes_apart_into_base_and_direction(base, direction, symbol):
    other = next(item for item in SYMBOLS if item != symbol)
    rest, slope = Coefficient.of(base) + Coefficient.unknown(other), Coefficient.of(direction) * Coefficient.unknown(other)
    whole = rest + slope * Coefficient.unknown(symbol)
    assert whole.factor_of(symbol) == slope
    assert whole.substitute({symbol: Fraction(0)}) == rest


def test_a_symbol_that_is_not_in_it_has_factor_0():
    assert (LAMBDA + ONE).factor_of(SYMBOLS[1]) == ZERO
    assert ZERO.factor_of(SYMBOLS[0]) == ZERO


def test_symbols_of_one_node_are_told_apart_by_name():
    assert (LAMBDA * DOT + MU).symbols == frozenset(SYMBOLS)
    assert LAMBDA + -DOT != ZERO


@pytest.mark.parametrize(
    ("coefficient", "number"),
    [
        (ZERO, Fraction(0)),
        (ONE, Fraction(1)),
        (Coefficient.of(0), Fraction(0)),
        (LAMBDA, None),
        (LAMBDA + ONE, None),
        (LAMBDA + -LAMBDA, 0),
    ],
)
def test_examples_of_numbers(coefficient, number):
    assert coefficient.number == number


def test_the_example_of_the_module():
    half = Coefficient.of(Fraction(1, 2))
    assert (LAMBDA + half) * LAMBDA == LAMBDA * LAMBDA + half * LAMBDA
