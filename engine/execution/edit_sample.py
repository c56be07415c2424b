"""How large an edit is, estimated from the first block of each tensor while it is written: cheap enough to be done every time."""

from __future__ import annotations

import math

import torch

from engine.operation import BLOCK_ENTRIES


class EditSample:
    """Add up squares of the edit and of the base over the first block of each tensor; blocks may come from several threads."""

    def __init__(self) -> None:
        """Begin with no block."""
        self._sums: dict[str, tuple[float, float]] = {}

    def add(self, tensor: str, entries: int, written: torch.Tensor, base: torch.Tensor) -> None:
        """Take the first block of a tensor of so many entries as it goes out, and the base's own; the block stands for all of them."""
        before = base[:BLOCK_ENTRIES].to("cpu", torch.float64)
        edit = written[:BLOCK_ENTRIES].double() - before
        weight = entries / before.numel()
        self._sums[tensor] = (weight * float(edit.square_().sum()), weight * float(before.square().sum()))

    def estimate_share(self) -> float | None:
        """Return ‖edit‖/‖θ₀‖ over the blocks; None where there are none, or no finite figure."""
        # Sorted, so that the order in which threads came does not show.
        sums = [self._sums[tensor] for tensor in sorted(self._sums)]
        edit, base = (math.fsum(column) for column in zip(*sums, strict=True)) if sums else (0.0, 0.0)
        share = math.sqrt(edit / base) if base > 0 and edit >= 0 else math.nan
        return share if math.isfinite(share) else None
