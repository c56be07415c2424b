"""Two magnitudes that hold the k-th largest of a tensor between them, guessed from a sample of its entries."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from engine.operation import Extent, Operands, Reduction, Spot

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

    Magnitudes = NDArray[np.float32 | np.float64]

_ENTRIES_PER_PIECE = 1 << 16
_LARGEST_STEP = 512
"""At least one entry in so many is sampled where the pieces hold as many: what lies within the bracket of a huge tensor stays few."""
_FEW = 2
"""Sampled entries of one magnitude that do not make it a mark."""
_SPREAD = 4.0
"""Standard errors of the rank on either side: a sample of independent entries misses once in 15,000 tensors."""


@dataclass(frozen=True, slots=True)
class Bracket:
    """Hold a guess of where the k-th largest magnitude lies."""

    quota: int
    """k."""
    lowest: float
    highest: float
    marks: tuple[float, ...] = ()
    """Magnitudes within it that many entries share; where entries are tied, one of them is mostly the very threshold."""


def survey_magnitudes(port: str, density: Fraction) -> Reduction:
    """Return the reduction of a sample to a Bracket for every wire of the port; k = ⌊density·n⌋ of n entries."""

    def update(operands: Operands, earlier: tuple[object, ...], spot: Spot) -> list[list[Magnitudes]]:
        return [[_draw_sample(piece, spot)] for piece in operands[port]]

    def finish(state: object, extent: Extent, earlier: tuple[object, ...]) -> tuple[Bracket, ...]:
        quota = math.floor(density * extent.entries)
        samples = state if isinstance(state, list) else []
        return tuple(_make_bracket(parts, quota, extent.entries) for parts in samples)

    return Reduction("tensor", list, update, _join, finish, reach="sample")


def _draw_sample(piece: torch.Tensor, spot: Spot) -> Magnitudes:
    """Return the magnitudes of evenly spaced entries."""
    step = max(piece.numel() // max(_ENTRIES_PER_PIECE, spot.total // _LARGEST_STEP), 1)
    return piece[::step].abs().cpu().numpy()


def _join(state: object, partial: object) -> object:
    if not (isinstance(state, list) and isinstance(partial, list)):
        return state
    return [[*before, *parts] for before, parts in zip(state, partial, strict=True)] if state else partial


def _make_bracket(parts: Sequence[Magnitudes], quota: int, entries: int) -> Bracket:
    import numpy as np

    joined = np.concatenate(parts) if parts else np.zeros(0)
    if not quota:
        # Nothing is to be kept, so there is nothing to gather.
        return Bracket(quota, math.inf, math.inf)
    share = quota / entries
    # Multiplied before it is divided: where every entry is in the sample this is the quota itself.
    rank = quota * joined.size / entries
    likely = _at_ranks(joined, [rank])[0]
    # Parts of a tensor (rows of an embedding) may differ in scale, so that entries of one piece are not independent.
    above = [float(np.count_nonzero(part >= likely)) / part.size for part in parts if part.size]
    between = float(np.std(above)) / math.sqrt(len(above)) if len(above) > 1 else 0.0
    within = math.sqrt(share * (1 - share) / joined.size)
    margin = (_SPREAD * math.hypot(between, within)) * joined.size + 2 if joined.size < entries else 0.0
    lowest, highest = _at_ranks(joined, [rank + margin, rank - margin])
    marks = [value for value in dict.fromkeys((lowest, likely, highest)) if np.count_nonzero(joined == value) > _FEW]
    return Bracket(quota, lowest, highest, tuple(marks))


def _at_ranks(magnitudes: Magnitudes, ranks: Sequence[float]) -> list[float]:
    """Return the magnitudes of these ranks, the largest having rank 1; 0 and infinity beyond the ends."""
    import numpy as np

    places = [magnitudes.size - max(math.floor(rank), 1) for rank in ranks]
    ordered = np.partition(magnitudes, [max(place, 0) for place in places])
    found = [float(ordered[place]) if place >= 0 else 0.0 for place in places]
    return [math.inf if rank < 1 else value for rank, value in zip(ranks, found, strict=True)]
