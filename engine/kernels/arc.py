"""Spherical interpolation of a tensor: along the arc between two directions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from engine.kernels.block_sums import as_doubles
from engine.kernels.total_sums import sum_over_tensor
from engine.operation import Kernel, Operands, Spot

if TYPE_CHECKING:
    import torch

SMALLEST_SINE = 1e-4
"""Below this sine of the angle the arc is the line (operations.md)."""
_SCRATCH_ARRAYS = 10
"""Six for a step's float64 products, and what a thread's heap keeps of those it has freed (measured with eight workers)."""
_FORMULA = "(sin((1 − t)ω)θ₁ + sin(tω)θ₂) / sin ω, ω the angle between them in each tensor"


def make_arc(amount: Fraction, first: str, second: str) -> Kernel:
    """Return the kernel (sin((1−t)ω) θ₁ + sin(tω) θ₂) / sin ω with ω the angle of the two tensors (Shoemake 1985).

    The line is taken where sin ω < 1e-4 or a tensor is zero.
    """

    def multiply(operands: Operands, spot: Spot) -> Sequence[torch.Tensor]:
        one, two = as_doubles(operands[first][0]), as_doubles(operands[second][0])
        both = one * two
        return one.mul_(one), two.mul_(two), both

    def map_piece(operands: Operands, reduced: tuple[object, ...], spot: Spot) -> torch.Tensor:
        shares = reduced[0]
        share_first, share_second = shares if isinstance(shares, tuple) else (1 - float(amount), float(amount))
        return (operands[first][0] * share_first).add_(operands[second][0], alpha=share_second)

    reduction = sum_over_tensor(multiply, lambda sums: find_shares(sums, float(amount)))
    return Kernel(map_piece, (reduction,), parent=first, scratch_arrays=_SCRATCH_ARRAYS, formula=_FORMULA)


def find_shares(products: Sequence[float], amount: float) -> tuple[float, float]:
    """Return the factors of the two tensors, from ⟨θ₁, θ₁⟩, ⟨θ₂, θ₂⟩ and ⟨θ₁, θ₂⟩."""
    first, second, both = products or (0.0, 0.0, 0.0)
    norms = math.sqrt(first) * math.sqrt(second)
    if norms == 0 or not math.isfinite(norms):
        return 1 - amount, amount
    angle = math.acos(max(-1.0, min(1.0, both / norms)))
    sine = math.sin(angle)
    if sine < SMALLEST_SINE:
        return 1 - amount, amount
    return math.sin((1 - amount) * angle) / sine, math.sin(amount * angle) / sine
