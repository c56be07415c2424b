"""The mean of the task vectors that agree with the elected sign, entry by entry: the merge of TIES."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from engine.kernels.magnitude_cut import Cut, find_limit, keep_largest
from engine.operation import BLOCK_ENTRIES, Spot

if TYPE_CHECKING:
    import torch


def average_agreeing(pieces: Sequence[torch.Tensor], cuts: Sequence[Cut], weights: Sequence[float], spot: Spot) -> torch.Tensor:
    """Return Σ wᵢτᵢ / Σ |wᵢ| over the trimmed wᵢτᵢ that have the sign of their sum (a zero sum: +), 0 where there is none.

    Args:
        pieces: τᵢ (1-D), not yet trimmed.
        cuts: What trimming keeps of each.
        weights: wᵢ.
        spot: Where the pieces begin.
    """
    import torch

    result = torch.empty_like(pieces[0])
    average = _average_on_host if result.device.type == "cpu" else _average_on_device
    average(pieces, cuts, weights, spot, result)
    return result


def _average_on_host(
    pieces: Sequence[torch.Tensor], cuts: Sequence[Cut], weights: Sequence[float], spot: Spot, result: torch.Tensor
) -> None:
    import numpy as np

    from engine.loops.elect import average_elected

    out = result.numpy()
    numbers = np.array(weights, dtype=out.dtype)
    for start, stop in _cut_at_ties(cuts, spot, result.numel()):
        here = replace(spot, offset=spot.offset + start)
        limits = [find_limit(cut, here) for cut in cuts]
        parts = [
            piece[start:stop] if limit is not None else keep_largest(piece[start:stop], cut, here)
            for piece, cut, limit in zip(pieces, cuts, limits, strict=True)
        ]
        bounds = np.array([limit or 0.0 for limit in limits], dtype=out.dtype)
        average_elected(tuple(part.numpy() for part in parts), bounds, numbers, out[start:stop])


def _cut_at_ties(cuts: Sequence[Cut], spot: Spot, count: int) -> Iterator[tuple[int, int]]:
    """Yield the stretches of a piece in which every cut is one magnitude, and the blocks in which ties run out."""
    blocks = {cut.place.offset - spot.offset for cut in cuts if cut.place is not None and cut.place.tensor == spot.tensor}
    ends = {end for start in blocks for end in (start, start + BLOCK_ENTRIES) if 0 < end < count}
    return pairwise(sorted({0, count, *ends}))


def _average_on_device(
    pieces: Sequence[torch.Tensor], cuts: Sequence[Cut], weights: Sequence[float], spot: Spot, result: torch.Tensor
) -> None:
    import torch

    terms = [keep_largest(piece, cut, spot).mul_(weight) for piece, cut, weight in zip(pieces, cuts, weights, strict=True)]
    sign = terms[0].clone()
    for term in terms[1:]:
        sign += term
    # A sum of a and −a is +0, so copysign elects + for it.
    torch.copysign(torch.ones((), dtype=sign.dtype, device=sign.device), sign, out=sign)
    shares = _add_agreeing(terms, weights, sign, result)
    # Where no term agrees the sum is 0, and so is its quotient by anything.
    smallest = min((abs(weight) for weight in weights if weight), default=1.0)
    result.mul_(sign).div_(shares.clamp_(min=smallest))


def _add_agreeing(terms: Sequence[torch.Tensor], weights: Sequence[float], sign: torch.Tensor, result: torch.Tensor) -> torch.Tensor:
    """Write the sum of the terms times the sign where that is positive, and return Σ |wᵢ| of these; the terms are used up."""
    import torch

    result.zero_()
    for term in terms:
        result += term.mul_(sign).relu_()
    shares, agrees = torch.zeros_like(result), torch.empty_like(result)
    for term, weight in zip(terms, weights, strict=True):
        shares.add_(torch.gt(term, 0, out=agrees), alpha=abs(weight))
    return shares
