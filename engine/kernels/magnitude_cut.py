"""Where the largest entries end and the others begin, and the keeping of the largest."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.operation import BLOCK_ENTRIES, Spot

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class TiePlace:
    """Hold where in the order of the entries the tied ones stop being kept."""

    tensor: str
    offset: int
    """The flat index of the first entry of the block in which they run out."""
    quota: int
    """How many tied entries of that block are kept: those of lowest index."""
    earlier: frozenset[str] = frozenset()
    """The tensors before this one, whose tied entries are all kept."""


@dataclass(frozen=True, slots=True)
class Cut:
    """Hold which entries of an operand are kept."""

    above: float
    """Entries of a magnitude above this one are kept; infinity keeps none."""
    tied: float = 0.0
    """With a quota: the magnitude, the next after `above`, of which only some entries are kept."""
    quota: int = 0
    """How many tied entries are kept in all."""
    place: TiePlace | None = None
    """Where the quota runs out, once that is known."""


NOTHING = Cut(math.inf)
"""Keeps no entry."""


def find_limit(cut: Cut, spot: Spot) -> float | None:
    """Return the magnitude above which entries are kept from a spot on; None in the block in which the tied ones run out."""
    place = cut.place
    if place is None or spot.tensor in place.earlier:
        return cut.above
    if spot.tensor != place.tensor or spot.offset >= place.offset + BLOCK_ENTRIES:
        return cut.tied
    return cut.above if spot.offset < place.offset else None


def keep_largest(piece: torch.Tensor, cut: Cut, spot: Spot) -> torch.Tensor:
    """Return a new tensor with the entries that the cut keeps and 0 elsewhere."""
    import torch
    from torch.nn.functional import hardshrink

    limit = find_limit(cut, spot)
    place = cut.place
    if place is None or place.tensor != spot.tensor or limit == cut.tied:
        return hardshrink(piece, cut.above if limit is None else limit)
    start = max(place.offset - spot.offset, 0)
    stop = max(place.offset + BLOCK_ENTRIES - spot.offset, 0)
    parts = (
        hardshrink(piece[:start], cut.above),
        _keep_first_tied(piece[start:stop], cut.tied, place.quota),
        hardshrink(piece[stop:], cut.tied),
    )
    return torch.cat(parts)


def _keep_first_tied(block: torch.Tensor, tied: float, quota: int) -> torch.Tensor:
    magnitudes = block.abs()
    equal = magnitudes == tied
    dropped = (magnitudes < tied) | (equal & (equal.cumsum(0) > quota))
    return block.masked_fill(dropped, 0.0)
