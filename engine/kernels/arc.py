"""Spherical interpolation of a tensor: along the arc between two directions."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from engine.kernels.block_sums import add_in_order, sum_blocks
from engine.operation import Extent, Kernel, Operands, Reduction, Spot

if TYPE_CHECKING:
    import torch

SMALLEST_SINE = 1e-4
"""Below this sine of the angle the arc is the line (operations.md)."""


@dataclass(slots=True)
class InnerProducts:
    """Hold ⟨θ₁, θ₁⟩, ⟨θ₂, θ₂⟩ and ⟨θ₁, θ₂⟩, as running totals in float64."""

    first: float = 0.0
    second: float = 0.0
    both: float = 0.0


def make_arc(amount: Fraction, first: str, second: str) -> Kernel:
    """Return the kernel (sin((1−t)ω) θ₁ + sin(tω) θ₂) / sin ω with ω the angle of the two tensors (Shoemake 1985).

    The line is taken where sin ω < 1e-4 or a tensor is zero.
    """

    def update(operands: Operands, earlier: tuple[object, ...], spot: Spot) -> tuple[list[float], ...]:
        one, two = operands[first][0].double(), operands[second][0].double()
        return sum_blocks(one * one), sum_blocks(two * two), sum_blocks(one * two)

    def map_piece(operands: Operands, reduced: tuple[object, ...], spot: Spot) -> torch.Tensor:
        share_one, share_two = reduced[0] if isinstance(reduced[0], tuple) else (1 - float(amount), float(amount))
        result = operands[first][0] * share_one
        return result.add_(operands[second][0], alpha=share_two)

    def finish(state: object, extent: Extent, earlier: tuple[object, ...]) -> tuple[float, float]:
        return find_shares(state if isinstance(state, InnerProducts) else InnerProducts(), float(amount))

    reduction = Reduction("tensor", InnerProducts, update, merge_products, finish)
    return Kernel(map_piece, (reduction,), parent=first, scratch_arrays=6)


def merge_products(state: object, partial: object) -> object:
    """Add the block sums of a piece to the running totals, in index order."""
    if isinstance(state, InnerProducts) and isinstance(partial, tuple):
        state.first = add_in_order(state.first, partial[0])
        state.second = add_in_order(state.second, partial[1])
        state.both = add_in_order(state.both, partial[2])
    return state


def find_shares(products: InnerProducts, amount: float) -> tuple[float, float]:
    """Return the factors of the first and the second tensor."""
    norms = math.sqrt(products.first) * math.sqrt(products.second)
    if norms == 0 or not math.isfinite(norms):
        return 1 - amount, amount
    angle = math.acos(max(-1.0, min(1.0, products.both / norms)))
    sine = math.sin(angle)
    if sine < SMALLEST_SINE:
        return 1 - amount, amount
    return math.sin((1 - amount) * angle) / sine, math.sin(amount * angle) / sine
