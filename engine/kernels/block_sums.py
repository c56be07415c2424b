"""Sums over fixed blocks in float64, which do not depend on where a tensor was cut."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.operation import BLOCK_ENTRIES

if TYPE_CHECKING:
    import torch


def sum_blocks(products: torch.Tensor) -> list[float]:
    """Return the float64 sum of every block of BLOCK_ENTRIES entries of a float64 piece (1-D), the last one possibly shorter."""
    whole = products.numel() // BLOCK_ENTRIES * BLOCK_ENTRIES
    sums: list[float] = products[:whole].view(-1, BLOCK_ENTRIES).sum(dim=1).tolist() if whole else []
    if whole < products.numel():
        sums.append(float(products[whole:].sum()))
    return sums


def add_in_order(total: float, sums: list[float]) -> float:
    """Return the total with the sums added one after the other, in index order."""
    for value in sums:
        total += value
    return total
