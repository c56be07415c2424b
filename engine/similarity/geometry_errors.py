"""How far figures that follow from sampled blocks may be off: standard errors, propagated to first order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.similarity.geometry import Figures, Geometry, Stack, cosines_of, norms_of
from engine.similarity.gram_table import Floats


@dataclass(frozen=True)
class FigureErrors:
    """Hold standard errors of the figures of N nodes over the whole model; zeros when the table is exact."""

    norms: Floats
    """(N,): of ‖edit‖."""
    cosines: Floats
    """(N, N); 0 on the diagonal."""


class ErrorGeometry:
    """Hold the standard errors of an estimated table, arranged like a Geometry."""

    def __init__(self, geometry: Geometry) -> None:
        """Arrange the errors of a geometry's table; nothing is kept when it is exact."""
        self._geometry = geometry
        errors = geometry.table.errors
        self._stack = None if errors is None else Stack(geometry.arrange(errors[geometry.rows]), geometry.groups)

    def measure(self, figures: Figures) -> FigureErrors:
        """Return the standard errors of some figures over the whole model.

        Tensors are sampled on their own, so their errors add up in squares; within a tensor the products come from the same blocks
        and may err together, so there the first-order terms add up by size: an error is rather told too large than too small.
        With A = |w|·E·|w|ᵀ the error of ⟨a, b⟩ in a tensor, that of cos(a, b) is A_ab/(‖a‖‖b‖) + |cos|/2·(A_aa/‖a‖² + A_bb/‖b‖²).
        """
        if self._stack is None:
            return _no_errors(len(figures.is_known))
        return _combine(self._stack.multiply(np.abs(figures.weights)), figures.norms, figures.cosines)

    def measure_parts(self, figures: Figures, parts: Sequence[Sequence[int]]) -> tuple[FigureErrors, ...]:
        """Return the standard errors of the figures over some parts of the model, each given by its tensors' places in the geometry."""
        if self._stack is None:
            return (_no_errors(len(figures.is_known)),) * len(parts)
        spread = self._stack.multiply(np.abs(figures.weights))
        found: list[FigureErrors] = []
        for tensors in map(list, parts):
            inner = figures.tensor_inner[:, tensors, :].sum(axis=1, keepdims=True)
            found.append(_combine(spread[:, tensors, :], norms_of(inner)[:, 0], cosines_of(inner)[:, 0, :]))
        return tuple(found)


def _no_errors(count: int) -> FigureErrors:
    return FigureErrors(np.zeros(count), np.zeros((count, count)))


def _combine(spread: Floats, norms: Floats, cosines: Floats) -> FigureErrors:
    """Return the errors of norms and cosines over tensors, of (N, tensors, N) errors of the inner products in each."""
    with np.errstate(divide="ignore", invalid="ignore"):
        inverse = np.where(norms > 0, 1 / norms, np.nan)
    scaled = spread * inverse[:, None, None] * inverse[None, None, :]
    own = np.einsum("aka->ak", scaled)
    terms = scaled + np.abs(cosines)[:, None, :] / 2 * (own[:, :, None] + own.T[None, :, :])
    errors = np.sqrt((terms**2).sum(axis=1))
    np.fill_diagonal(errors, 0.0)
    return FigureErrors(np.sqrt((np.einsum("aka->ak", spread) ** 2).sum(axis=1)) * inverse / 2, errors)
