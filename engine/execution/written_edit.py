"""How long an edit is, added up while it is written: both it and its base are in memory then, and nothing is read for it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import torch

from engine.operation import BLOCK_ENTRIES

_SAFE = (1e-25, 1e30)
"""A sum of a block's float32 squares outside may be one of squares that did not fit into float32."""


class _Sums(NamedTuple):
    entries: int
    edit: float
    base: float


class WrittenEdit:
    """Add up squares of the edit and of the base over what is written; pieces may come from several threads, in any order."""

    def __init__(self) -> None:
        """Begin with no piece."""
        self._sums: dict[tuple[str, int], _Sums] = {}
        self._has_missed = False

    def add(self, tensor: str, offset: int, written: torch.Tensor, base: torch.Tensor) -> None:
        """Take a piece of a tensor as it goes out, and the base's own (both 1-D, on the host); one that comes again counts once."""
        edit, before = zip(*(_square_block(new, old) for new, old in _pair_blocks(written, base)), strict=True)
        self._sums[tensor, offset] = _Sums(written.numel(), math.fsum(edit), math.fsum(before))

    def miss(self) -> None:
        """Note that a tensor goes out whose base is not at hand: the others say nothing of its edit."""
        self._has_missed = True

    def find_share(self, entries: Mapping[str, int]) -> tuple[float | None, bool]:
        """Return ‖edit‖/‖θ₀‖ as written, and whether it is exact; where pieces are missing, what is known of a tensor stands for all of it.

        Args:
            entries: of each edited tensor. The share is None where one was missed, or there is no finite figure.
        """
        known: dict[str, list[_Sums]] = {}
        for (tensor, _), sums in self._sums.items():
            known.setdefault(tensor, []).append(sums)
        counted = {tensor: sum(piece.entries for piece in pieces) for tensor, pieces in known.items()}
        weights = {tensor: entries[tensor] / counted[tensor] for tensor in known}
        # Sums that round once do not depend on the order in which threads came.
        edit = math.fsum(weights[tensor] * piece.edit for tensor, pieces in known.items() for piece in pieces)
        base = math.fsum(weights[tensor] * piece.base for tensor, pieces in known.items() for piece in pieces)
        share = math.sqrt(edit / base) if base > 0 and edit >= 0 else math.nan
        is_exact = all(counted.get(tensor, 0) == count for tensor, count in entries.items())
        return (share, is_exact) if math.isfinite(share) and not self._has_missed else (None, False)


def _pair_blocks(written: torch.Tensor, base: torch.Tensor) -> zip[tuple[torch.Tensor, torch.Tensor]]:
    """Return both sides block by block, so that what is made of them stays in the processor's caches."""
    return zip(written.split(BLOCK_ENTRIES), base.split(BLOCK_ENTRIES), strict=True)


def _square_block(written: torch.Tensor, base: torch.Tensor) -> tuple[float, float]:
    """Return the sums of squares of the edit and of the base: products in float32, unless these would not hold them."""
    if torch.float64 not in (written.dtype, base.dtype):
        before = base.float()
        edit = written.float() - before
        sums = float(edit.dot(edit)), float(before.dot(before))
        if all(_SAFE[0] < found < _SAFE[1] or not bool(part.any()) for found, part in zip(sums, (edit, before), strict=True)):
            return sums
    before = base.double()
    edit = written.double() - before
    return float(edit.dot(edit)), float(before.dot(before))
