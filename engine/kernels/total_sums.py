"""A few sums over whole tensors at once: block sums of several series of terms, added up in index order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from engine.kernels.block_sums import add_in_order, sum_blocks
from engine.operation import BLOCK_ENTRIES, Extent, Operands, Reduction, Spot

if TYPE_CHECKING:
    import torch

_STEP_ENTRIES = 4 * BLOCK_ENTRIES


BlockSums = Sequence[Sequence[float]]
"""For each series of terms, the sum of every block."""


def sum_over_tensor(terms: Callable[[Operands, Spot], Sequence[torch.Tensor]], finish: Callable[[Sequence[float]], object]) -> Reduction:
    """Return a reduction of each tensor to `finish` of the sums of the terms.

    Args:
        terms: Gives one float64 tensor (1-D, as long as the piece, free to be written to) for each sum.
        finish: Makes the result of the sums, which are empty for a tensor without entries.
    """

    def measure(operands: Operands, spot: Spot) -> BlockSums:
        steps = [[sum_blocks(series) for series in terms(*part)] for part in _cut_steps(operands, spot)]
        return [[value for sums in series for value in sums] for series in zip(*steps, strict=True)]

    return add_blocks_of_tensor(measure, finish)


def add_blocks_of_tensor(measure: Callable[[Operands, Spot], BlockSums], finish: Callable[[Sequence[float]], object]) -> Reduction:
    """Return a reduction of each tensor to `finish` of the totals of sums that are known block by block.

    Args:
        measure: Gives the sums of a piece's blocks, for each total.
        finish: Makes the result of the totals, which are empty for a tensor without entries.
    """

    def update(operands: Operands, earlier: tuple[object, ...], spot: Spot) -> BlockSums:
        return measure(operands, spot)

    def merge(state: object, partial: object) -> object:
        series = cast("BlockSums", partial)
        totals = cast("list[float]", state) or [0.0] * len(series)
        return [add_in_order(total, sums) for total, sums in zip(totals, series, strict=True)]

    def end(state: object, extent: Extent, earlier: tuple[object, ...]) -> object:
        return finish(cast("list[float]", state))

    return Reduction("tensor", list, update, merge, end)


def _cut_steps(operands: Operands, spot: Spot) -> Iterator[tuple[Operands, Spot]]:
    """Give a few blocks at a time on the processor, so that all arrays stay in its cache; the whole at once elsewhere."""
    first = next(piece for many in operands.values() for piece in many)
    step = _STEP_ENTRIES if first.device.type == "cpu" else max(first.numel(), 1)
    for start in range(0, max(first.numel(), 1), step):
        parts = {port: tuple(piece[start : start + step] for piece in many) for port, many in operands.items()}
        yield parts, replace(spot, offset=spot.offset + start)
