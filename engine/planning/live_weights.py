"""The weights of all nodes of a family at given live numbers: what a slider's move recomputes first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from engine.planning.coefficient import Monomial, Symbol
from engine.planning.live_model import LiveFamily

Floats = NDArray[np.float64]


class WeightEvaluator:
    """Evaluate the polynomials of a family; what does not depend on the numbers is laid out once."""

    def __init__(self, family: LiveFamily) -> None:
        """Lay the polynomials out as one sparse matrix over their monomials."""
        self.family = family
        self._shape = (len(family.polynomials), len(family.nodes), len(family.columns))
        entries = list(_list_entries(family))
        self._symbols = sorted(family.symbols)
        monomials = list(dict.fromkeys(monomial for _, monomial, _ in entries))
        self._powers = _count_powers(monomials, self._symbols)
        rows = {monomial: index for index, monomial in enumerate(monomials)}
        self._cells = np.array([np.ravel_multi_index(cell, self._shape) for cell, _, _ in entries], dtype=np.intp)
        self._rows = np.array([rows[monomial] for _, monomial, _ in entries], dtype=np.intp)
        self._factors = np.array([factor for _, _, factor in entries], dtype=np.float64)

    def evaluate(self, values: Mapping[Symbol, float]) -> Floats:
        """Return the weights (groups, nodes, columns) at these numbers; what hangs on a number that is not given is NaN."""
        numbers = np.array([values.get(symbol, np.nan) for symbol in self._symbols], dtype=np.float64)
        return self._spread(_raise(numbers, self._powers))

    def slope(self, values: Mapping[Symbol, float], symbol: Symbol) -> Floats:
        """Return the derivatives (groups, nodes, columns) of the weights with respect to one number."""
        if symbol not in self._symbols:
            return np.zeros(self._shape)
        numbers = np.array([values.get(other, np.nan) for other in self._symbols], dtype=np.float64)
        column = self._symbols.index(symbol)
        lowered = self._powers.copy()
        lowered[:, column] = np.maximum(lowered[:, column] - 1, 0)
        return self._spread(_raise(numbers, lowered) * self._powers[:, column])

    def _spread(self, monomials: Floats) -> Floats:
        """Return Σ factor · monomial per cell."""
        size = int(np.prod(self._shape))
        sums = np.bincount(self._cells, self._factors * monomials[self._rows], minlength=size)
        return sums.astype(np.float64, copy=False).reshape(self._shape)


def _list_entries(family: LiveFamily) -> Iterator[tuple[tuple[int, int, int], Monomial, float]]:
    """Yield ((group, node, column), monomial, factor) of every term."""
    for group, nodes in enumerate(family.polynomials):
        for node, terms in enumerate(nodes):
            for column, weight in terms:
                for monomial, factor in weight.terms:
                    yield (group, node, column), monomial, float(factor)


def _count_powers(monomials: Sequence[Monomial], symbols: Sequence[Symbol]) -> NDArray[np.int64]:
    """Return (monomials, symbols): how often each symbol stands in each monomial."""
    columns = {symbol: index for index, symbol in enumerate(symbols)}
    powers = np.zeros((len(monomials), len(symbols)), dtype=np.int64)
    for row, monomial in enumerate(monomials):
        for symbol in monomial:
            powers[row, columns[symbol]] += 1
    return powers


def _raise(numbers: Floats, powers: NDArray[np.int64]) -> Floats:
    """Return the products of powers per row; a number to the power 0 is 1, also one that is not known."""
    return np.prod(np.where(powers > 0, numbers[None, :] ** np.maximum(powers, 1), 1.0), axis=1)
