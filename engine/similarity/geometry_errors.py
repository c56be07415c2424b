"""How far figures that follow from sampled blocks may be off: standard errors, propagated to first order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.similarity.geometry import Figures, Flags, Geometry, Stack, cosines_of, norms_of
from engine.similarity.gram_table import Floats

_ROUNDING = 1e-13


@dataclass(frozen=True)
class FigureErrors:
    """Hold standard errors of the figures of N nodes over the whole model; zeros when the table is exact."""

    norms: Floats
    """(N,): of ‖edit‖."""
    cosines: Floats
    """(N, N); 0 on the diagonal and where `multiples`: there it is ±1 whatever the products are."""
    multiples: Flags
    """(N, N): whether two edits weigh the differences alike but for one factor."""


class ErrorGeometry:
    """Hold the standard errors of an estimated table, arranged like a Geometry."""

    def __init__(self, geometry: Geometry) -> None:
        """Arrange the errors of a geometry's table; nothing is kept when it is exact."""
        self._geometry = geometry
        errors = geometry.table.errors
        self._errors = None if errors is None else geometry.arrange(errors[geometry.rows])
        self._base_errors = None if errors is None else errors[geometry.rows, 0, 0]
        self._stack = None if self._errors is None else Stack(self._errors, geometry.groups)

    def measure(self, figures: Figures) -> FigureErrors:
        """Return the standard errors of some figures over the whole model.

        Tensors are sampled on their own, so their errors add up in squares; within a tensor the products come from the same blocks
        and may err together, so there the first-order terms add up by size: an error is rather told too large than too small.
        With A = |w|·E·|w|ᵀ the error of ⟨a, b⟩ in a tensor, that of cos(a, b) is A_ab/(‖a‖‖b‖) + |cos|/2·(A_aa/‖a‖² + A_bb/‖b‖²).
        """
        if self._stack is None:
            return _no_errors(len(figures.is_known))
        spread, multiples = self._stack.multiply(np.abs(figures.weights)), _find_multiples(figures.weights)
        return _combine(spread, figures.norms, figures.cosines, multiples)

    def measure_parts(self, figures: Figures, parts: Sequence[Sequence[int]]) -> tuple[FigureErrors, ...]:
        """Return the standard errors of the figures over some parts of the model, each given by its tensors' places in the geometry."""
        if self._stack is None:
            return (_no_errors(len(figures.is_known)),) * len(parts)
        spread = self._stack.multiply(np.abs(figures.weights))
        multiples: dict[tuple[int, ...], Flags] = {}
        found: list[FigureErrors] = []
        for tensors in map(list, parts):
            inner = figures.tensor_inner[:, tensors, :].sum(axis=1, keepdims=True)
            groups = tuple(np.unique(self._geometry.groups[tensors]).tolist())
            if groups not in multiples:
                multiples[groups] = _find_multiples(figures.weights[list(groups)])
            found.append(_combine(spread[:, tensors, :], norms_of(inner)[:, 0], cosines_of(inner)[:, 0, :], multiples[groups]))
        return tuple(found)

    def measure_slopes(self, slopes: Floats, base_slope: float = 0.0) -> float:
        """Return the standard error of any figure over the whole model, to first order as in `measure`; 0 where its products are exact.

        Args:
            slopes: (groups, columns, columns): by how much the figure changes with each ⟨δᵢ, δⱼ⟩ of a group's tensors.
            base_slope: by how much it changes with ‖θ₀‖².
        """
        if self._errors is None or self._base_errors is None:
            return 0.0
        each = np.einsum("tij,tij->t", self._errors, np.abs(slopes)[self._geometry.groups])
        return float(np.sqrt(((each + abs(base_slope) * self._base_errors) ** 2).sum()))

    def measure_base(self) -> float:
        """Return the standard error of ‖θ₀‖."""
        norm = self.base_norm
        return self.measure_slopes(np.zeros((self._geometry.group_count, 1, 1)), 0.5 / norm) if norm > 0 else 0.0

    @property
    def base_norm(self) -> float:
        """Return ‖θ₀‖."""
        return self._geometry.base_norm()

    def is_estimated(self, weights: Floats) -> bool:
        """Tell whether some product is estimated of the columns that carry weight, in (groups, columns) weights."""
        return self.measure_slopes(weights[:, :, None] * weights[:, None, :]) > 0


def _no_errors(count: int) -> FigureErrors:
    return FigureErrors(np.zeros(count), np.zeros((count, count)), np.eye(count, dtype=np.bool_))


def _find_multiples(weights: Floats) -> Flags:
    """Return (N, N): which of the (groups, N, columns) weights are multiples of one another; none is of zero, but zero itself."""
    flat = np.swapaxes(weights, 0, 1).reshape(weights.shape[1], -1)
    lengths = np.sqrt((flat**2).sum(axis=1, keepdims=True))
    unit = np.divide(flat, lengths, out=np.zeros_like(flat), where=lengths > 0)
    found: Flags = np.abs(unit @ unit.T) >= 1 - _ROUNDING
    np.fill_diagonal(found, val=True)
    return found


def _combine(spread: Floats, norms: Floats, cosines: Floats, multiples: Flags) -> FigureErrors:
    """Return the errors of norms and cosines over tensors, of (N, tensors, N) errors of the inner products in each."""
    with np.errstate(divide="ignore", invalid="ignore"):
        inverse = np.where(norms > 0, 1 / norms, np.nan)
    scaled = spread * inverse[:, None, None] * inverse[None, None, :]
    own = np.einsum("aka->ak", scaled)
    terms = scaled + np.abs(cosines)[:, None, :] / 2 * (own[:, :, None] + own.T[None, :, :])
    errors = np.sqrt((terms**2).sum(axis=1))
    errors[multiples] = 0.0
    squares = np.sqrt((np.einsum("aka->ak", spread) ** 2).sum(axis=1))
    return FigureErrors(find_root_error(squares, norms), errors, multiples)


def find_root_error(errors: Floats, norms: Floats) -> Floats:
    """Return the standard errors E / 2‖a‖ of lengths from those of their squares; of short ones √(E/3).

    Where the square is lost in its error the slope of the root says nothing: three errors then reach as far as the root of three of the
    square's do, from a length of 0 too.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = np.where(errors > 0, errors / norms / 2, 0.0)
    return np.minimum(slope, np.sqrt(errors / 3))
