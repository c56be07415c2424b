"""Sums over fixed blocks in float64, the same on every device, for every thread count and however a tensor was cut."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from engine.operation import BLOCK_ENTRIES

if TYPE_CHECKING:
    import torch


def as_doubles(piece: torch.Tensor) -> torch.Tensor:
    """Return the entries in float64 in memory of their own; on the processor where the device has no float64."""
    import torch

    source = piece.cpu() if piece.device.type == "mps" else piece
    return source.to(torch.float64, copy=True)


def sum_blocks(terms: torch.Tensor) -> list[float]:
    """Return the sum of every block of BLOCK_ENTRIES entries (1-D, float64), the last one possibly shorter; the terms are used up.

    Halves are added to halves until one entry is left. `torch.sum` would split the work by threads and shapes, and round accordingly.
    """
    import torch

    whole = terms.numel() // BLOCK_ENTRIES * BLOCK_ENTRIES
    sums = _fold(terms[:whole].view(-1, BLOCK_ENTRIES)) if whole else []
    rest = terms.numel() - whole
    if not rest:
        return sums
    # Zeros up to a power of two change no sum, so the last block is folded as if it were whole.
    padded = torch.zeros(1 << (rest - 1).bit_length(), dtype=terms.dtype, device=terms.device)
    padded[:rest] = terms[whole:]
    return sums + _fold(padded.view(1, -1))


def add_in_order(total: float, sums: Iterable[float]) -> float:
    """Return the total with the sums added one after the other, in index order."""
    # From Python 3.12 on its own `sum` makes up for rounding, and would give other bits than 3.11's.
    for value in sums:
        total += value
    return total


def _fold(rows: torch.Tensor) -> list[float]:
    while rows.shape[1] > 1:
        half = rows.shape[1] // 2
        rows = rows[:, :half].add_(rows[:, half:])
    sums: list[float] = rows[:, 0].tolist()
    return sums
