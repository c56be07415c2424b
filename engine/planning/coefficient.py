"""Exact coefficients that may still hold unknowns: polynomials with rational coefficients.

A strength that a search has yet to choose, or a dot product that a pass has yet to sum, is a `Symbol`; everything
else is a fraction. Arithmetic is the ring's: (λ + 1/2)·λ = λ² + λ/2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType

from engine.document.model import NodeId


@dataclass(frozen=True, slots=True, order=True)
class Symbol:
    """Name a number that a pass of the run will find."""

    node: NodeId
    name: str


Strengths = Mapping[Symbol, Fraction]
"""The strengths that searches have found, or that one tries."""
NOTHING_KNOWN: Strengths = MappingProxyType({})
Monomial = tuple[Symbol, ...]
"""A product of symbols, sorted; the empty one is 1."""


@dataclass(frozen=True, slots=True)
class Coefficient:
    """Hold a polynomial as (monomial, factor) pairs, sorted, without zeros; () is 0."""

    terms: tuple[tuple[Monomial, Fraction], ...] = ()

    @staticmethod
    def of(number: Fraction | int) -> Coefficient:
        """Return a known number as a coefficient."""
        return _collect({(): Fraction(number)})

    @staticmethod
    def unknown(symbol: Symbol) -> Coefficient:
        """Return a symbol as a coefficient."""
        return Coefficient((((symbol,), Fraction(1)),))

    def __add__(self, other: Coefficient) -> Coefficient:
        """Return the sum."""
        if not self.terms or not other.terms:
            return self if self.terms else other
        total = dict(self.terms)
        for monomial, factor in other.terms:
            total[monomial] = total.get(monomial, Fraction(0)) + factor
        return _collect(total)

    def __mul__(self, other: Coefficient) -> Coefficient:
        """Return the product."""
        if other == ONE or not self.terms:
            return self
        if self == ONE or not other.terms:
            return other
        total: dict[Monomial, Fraction] = {}
        for left, first in self.terms:
            for right, second in other.terms:
                monomial = tuple(sorted(left + right))
                total[monomial] = total.get(monomial, Fraction(0)) + first * second
        return _collect(total)

    def __neg__(self) -> Coefficient:
        """Return the negative."""
        return Coefficient(tuple((monomial, -factor) for monomial, factor in self.terms))

    @property
    def is_zero(self) -> bool:
        """Tell whether it is exactly 0, whatever the symbols turn out to be."""
        return not self.terms

    @property
    def symbols(self) -> frozenset[Symbol]:
        """Return the unknowns in it."""
        return frozenset(symbol for monomial, _ in self.terms for symbol in monomial)

    @property
    def number(self) -> Fraction | None:
        """Return the exact value; None while it holds unknowns."""
        if not self.terms:
            return Fraction(0)
        (monomial, factor), *rest = self.terms
        return factor if not rest and not monomial else None

    def factor_of(self, symbol: Symbol) -> Coefficient:
        """Return what a symbol is multiplied by, where it occurs at most once in every product."""
        parts = [(monomial, factor) for monomial, factor in self.terms if symbol in monomial]
        return _collect({tuple(other for other in monomial if other != symbol): factor for monomial, factor in parts})

    def substitute(self, known: Strengths) -> Coefficient:
        """Return the coefficient with the known symbols replaced by their values."""
        if not any(symbol in known for symbol in self.symbols):
            return self
        total = ZERO
        for monomial, factor in self.terms:
            product = Coefficient.of(factor)
            for symbol in monomial:
                product *= Coefficient.of(known[symbol]) if symbol in known else Coefficient.unknown(symbol)
            total += product
        return total


def _collect(terms: Mapping[Monomial, Fraction]) -> Coefficient:
    return Coefficient(tuple(sorted((monomial, factor) for monomial, factor in terms.items() if factor)))


ZERO = Coefficient()
ONE = Coefficient.of(1)
