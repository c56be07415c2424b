"""The mean of the task vectors that agree with the elected sign, entry by entry: the merge of TIES."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.kernels.magnitude_cut import Cut, keep_largest
from engine.operation import BLOCK_ENTRIES, Spot

if TYPE_CHECKING:
    import torch

_MOST_COUNTED = 255
"""Terms that a byte can count."""


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
    smallest = min((abs(weight) for weight in weights if weight), default=1.0)
    for start, stop in _cut_steps(result):
        here = replace(spot, offset=spot.offset + start)
        kept = [
            _weigh(keep_largest(piece[start:stop], cut, here), weight) for piece, cut, weight in zip(pieces, cuts, weights, strict=True)
        ]
        _average_step(kept, weights, smallest, result[start:stop])
    return result


def _cut_steps(piece: torch.Tensor) -> Iterator[tuple[int, int]]:
    """Give two blocks at a time on the processor, so that they stay in its cache; the whole at once elsewhere."""
    step = 2 * BLOCK_ENTRIES if piece.device.type == "cpu" else max(piece.numel(), 1)
    return ((start, min(start + step, piece.numel())) for start in range(0, piece.numel(), step))


def _weigh(trimmed: torch.Tensor, weight: float) -> torch.Tensor:
    return trimmed if weight == 1 else trimmed.mul_(weight)


def _average_step(terms: Sequence[torch.Tensor], weights: Sequence[float], smallest: float, result: torch.Tensor) -> None:
    """Write the mean of the agreeing terms; the terms are used up."""
    import torch

    sign = terms[0].clone()
    for term in terms[1:]:
        sign += term
    # A sum of a and −a is +0, so copysign elects + for it.
    torch.copysign(torch.ones((), dtype=sign.dtype, device=sign.device), sign, out=sign)
    shares = _add_agreeing(terms, weights, sign, result)
    # Where no term agrees the sum is 0, and so is its quotient by anything.
    result.mul_(sign).div_(shares.clamp_(min=smallest))


def _add_agreeing(terms: Sequence[torch.Tensor], weights: Sequence[float], sign: torch.Tensor, result: torch.Tensor) -> torch.Tensor:
    """Write the sum of the terms times the sign where that is positive, and return Σ |wᵢ| of these."""
    result.zero_()
    for term in terms:
        result += term.mul_(sign).relu_()
    sizes = [abs(weight) for weight in weights]
    if result.device.type == "cpu" and set(sizes) == {1.0} and len(sizes) <= _MOST_COUNTED:
        return _count_positive(terms, result)
    return _sum_where_positive(terms, sizes, result)


def _count_positive(terms: Sequence[torch.Tensor], like: torch.Tensor) -> torch.Tensor:
    """Return how many terms are positive, counted by NumPy in bytes: torch writes its comparisons one by one."""
    import numpy as np
    import torch

    counts = np.zeros(like.numel(), dtype=np.uint8)
    for term in terms:
        counts += (term.numpy() > 0).view(np.uint8)
    return torch.from_numpy(counts).to(like.dtype)


def _sum_where_positive(terms: Sequence[torch.Tensor], sizes: Sequence[float], like: torch.Tensor) -> torch.Tensor:
    import torch

    shares, agrees = torch.zeros_like(like), torch.empty_like(like)
    for term, size in zip(terms, sizes, strict=True):
        shares.add_(torch.gt(term, 0, out=agrees), alpha=size)
    return shares
