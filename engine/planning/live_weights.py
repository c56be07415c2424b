"""The weights of all nodes of a family at given live numbers: what a slider's move recomputes first."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from engine.planning.coefficient import Monomial, Symbol
from engine.planning.live_model import LiveFamily, LiveTerm

Floats = NDArray[np.float64]


class WeightEvaluator:
    """Evaluate a family's sums, node after node; what does not depend on the live numbers is laid out once."""

    def __init__(self, family: LiveFamily) -> None:
        """Lay the coefficients of all terms out as one sparse polynomial."""
        self.family = family
        self._groups = family.group_count
        self._sums: list[tuple[int, slice, NDArray[np.intp]]] = []
        terms: list[LiveTerm] = []
        for row, node in enumerate(family.nodes):
            if node.terms:
                rows = np.array([term.row for term in node.terms], dtype=np.intp)
                self._sums.append((row, slice(len(terms), len(terms) + len(node.terms)), rows))
                terms += node.terms
        self._coefficients = _Coefficients(terms, self._groups)
        self._start = np.zeros((len(family.nodes), self._groups, len(family.columns)))
        for row, node in enumerate(family.nodes):
            if node.column is not None:
                self._start[row, :, node.column] = 1.0

    def evaluate(self, values: Mapping[Symbol, float]) -> Floats:
        """Return the weights (groups, nodes, columns) at these numbers; what hangs on a number that is not given is NaN."""
        factors = self._coefficients.evaluate(values)
        weights = self._start.copy()
        for row, terms, rows in self._sums:
            weights[row] = _add_up(factors[terms], weights[rows])
        return np.ascontiguousarray(np.swapaxes(weights, 0, 1))

    def slope(self, values: Mapping[Symbol, float], symbol: Symbol) -> Floats:
        """Return the derivatives (groups, nodes, columns) of the weights with respect to one number, by the product rule."""
        factors, changes = self._coefficients.evaluate(values), self._coefficients.slope(values, symbol)
        weights, slopes = self._start.copy(), np.zeros_like(self._start)
        for row, terms, rows in self._sums:
            weights[row] = _add_up(factors[terms], weights[rows])
            slopes[row] = _add_up(factors[terms], slopes[rows]) + _add_up(changes[terms], weights[rows])
        return np.ascontiguousarray(np.swapaxes(slopes, 0, 1))


def _add_up(factors: Floats, values: Floats) -> Floats:
    """Return (groups, columns): Σ factor·value over (terms, groups) factors and (terms, groups, columns) values."""
    return (factors[:, :, None] * values).sum(axis=0)


class _Coefficients:
    """Hold the coefficients of T terms in G groups as a sparse matrix over their monomials."""

    def __init__(self, terms: list[LiveTerm], groups: int) -> None:
        self._shape = (len(terms), groups)
        entries = [
            (index * groups + group, monomial, float(factor))
            for index, term in enumerate(terms)
            for group in range(groups)
            for monomial, factor in term.weights[group if len(term.weights) > 1 else 0].terms
        ]
        monomials = {monomial: row for row, monomial in enumerate(dict.fromkeys(monomial for _, monomial, _ in entries))}
        self._symbols = sorted({symbol for monomial in monomials for symbol in monomial})
        self._powers = np.array([_count_powers(monomial, self._symbols) for monomial in monomials], dtype=np.int64)
        self._powers = self._powers.reshape(len(monomials), len(self._symbols))
        self._cells = np.array([cell for cell, _, _ in entries], dtype=np.intp)
        self._rows = np.array([monomials[monomial] for _, monomial, _ in entries], dtype=np.intp)
        self._factors = np.array([factor for _, _, factor in entries], dtype=np.float64)

    def evaluate(self, values: Mapping[Symbol, float]) -> Floats:
        """Return (T, G)."""
        return self._spread(_raise(self._read(values), self._powers))

    def slope(self, values: Mapping[Symbol, float], symbol: Symbol) -> Floats:
        """Return (T, G): the derivatives with respect to one number."""
        if symbol not in self._symbols:
            return np.zeros(self._shape)
        column = self._symbols.index(symbol)
        lowered = self._powers.copy()
        lowered[:, column] = np.maximum(lowered[:, column] - 1, 0)
        times = self._powers[:, column]
        return self._spread(np.where(times > 0, _raise(self._read(values), lowered) * times, 0.0))

    def _read(self, values: Mapping[Symbol, float]) -> Floats:
        return np.array([values.get(symbol, np.nan) for symbol in self._symbols], dtype=np.float64)

    def _spread(self, monomials: Floats) -> Floats:
        sums = np.bincount(self._cells, self._factors * monomials[self._rows], minlength=self._shape[0] * self._shape[1])
        return sums.astype(np.float64, copy=False).reshape(self._shape)


def _count_powers(monomial: Monomial, symbols: list[Symbol]) -> list[int]:
    """Return how often each symbol stands in a monomial."""
    return [monomial.count(symbol) for symbol in symbols]


def _raise(numbers: Floats, powers: NDArray[np.int64]) -> Floats:
    """Return the products of powers per row; a number to the power 0 is 1, also one that is not known."""
    return np.prod(np.where(powers > 0, numbers[None, :] ** np.maximum(powers, 1), 1.0), axis=1)
