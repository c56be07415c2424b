"""How far figures that follow from sampled blocks may be off: standard errors, propagated to first order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.similarity.geometry import Figures, Geometry, Stack
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
        """Return the standard errors of some figures.

        Tensors are sampled on their own, so their errors add up in squares; within a tensor the products come from the same blocks
        and may err together, so there the first-order terms add up by size: an error is rather told too large than too small.
        With A = |w|·E·|w|ᵀ the error of ⟨a, b⟩ in a tensor, that of cos(a, b) is A_ab/(‖a‖‖b‖) + |cos|/2·(A_aa/‖a‖² + A_bb/‖b‖²).
        """
        count = len(figures.is_known)
        if self._stack is None:
            return FigureErrors(np.zeros(count), np.zeros((count, count)))
        spread = self._stack.multiply(np.abs(figures.weights))
        with np.errstate(divide="ignore", invalid="ignore"):
            inverse = np.where(figures.norms > 0, 1 / figures.norms, np.nan)
        scaled = spread * inverse[:, None, None] * inverse[None, None, :]
        own = np.einsum("aka->ak", scaled)
        sizes = np.abs(figures.cosines)[:, None, :]
        terms = scaled + sizes / 2 * (own[:, :, None] + own.T[None, :, :])
        cosines = np.sqrt((terms**2).sum(axis=1))
        np.fill_diagonal(cosines, 0.0)
        norms = np.sqrt((np.einsum("aka->ak", spread) ** 2).sum(axis=1)) * inverse / 2
        return FigureErrors(norms, cosines)
