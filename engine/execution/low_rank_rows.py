"""Rows of a product of two small matrices, computed in fixed tiles, so that no bit depends on which stretch of it is asked for."""

from __future__ import annotations

from dataclasses import dataclass

import torch

TILE_ENTRIES = 1 << 16


@dataclass(frozen=True)
class Factors:
    """Hold a matrix as factor · left · right."""

    left: torch.Tensor
    """(rows, rank), of any floating dtype and layout: as the file has it."""
    right: torch.Tensor
    """(rank, columns), contiguous float64, the factor multiplied in."""

    @property
    def tile_rows(self) -> int:
        """Return how many rows are computed together, the last ones aside: it hangs on the matrix's width alone."""
        return max(TILE_ENTRIES // max(self.right.shape[1], 1), 1)


def fill_rows(out: torch.Tensor, factors: Factors, start: int) -> None:
    """Put the entries of the product from flat index `start` on into `out` (1-D, host), rounded once to its dtype.

    Sums over the rank are float64. Every tile is computed whole, with the same shapes and alignment whatever is taken of it:
    a matrix product's bits may hang on them.
    """
    columns = factors.right.shape[1]
    tile_rows = factors.tile_rows
    tile_entries = tile_rows * columns
    done = 0
    while done < out.numel():
        number, inside = divmod(start + done, tile_entries)
        left = factors.left[number * tile_rows : (number + 1) * tile_rows].to(torch.float64, memory_format=torch.contiguous_format)
        tile = torch.mm(left.contiguous(), factors.right).view(-1)
        taken = min(tile.numel() - inside, out.numel() - done)
        out[done : done + taken].copy_(tile[inside : inside + taken])
        done += taken
