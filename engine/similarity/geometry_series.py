"""The way of a training through weight space: its checkpoints' edits against the final one, step by step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.similarity.geometry import Figures
from engine.similarity.gram_table import Floats


@dataclass(frozen=True)
class SeriesFigures:
    """Hold the figures of the M checkpoints of a series, in its order."""

    cosines: Floats
    """(M,): cos of each one's edit with the final one's; the last is 1 (Ilharco et al. 2022, arXiv 2212.04089, figure 7)."""
    norms: Floats
    """(M,): ‖edit‖."""
    distances: Floats
    """(M,): ‖edit − final edit‖."""
    steps: Floats
    """(M,): the distance from the one before, from θ₀ for the first."""


def follow_series(figures: Figures, members: Sequence[int]) -> SeriesFigures:
    """Return the figures of some nodes as a series, in the order given."""
    order = np.asarray(members, dtype=np.intp)
    last, origin = order[-1], len(figures.is_known)
    before = np.concatenate([[origin], order[:-1]])
    return SeriesFigures(
        figures.cosines[order, last], figures.norms[order], figures.distances[order, last], figures.distances[order, before]
    )
