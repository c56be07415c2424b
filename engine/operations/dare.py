"""A task vector with entries dropped at random, the rest made larger to make up for it."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from engine.kernels.random_draws import drop_entries, sum_kept_entries
from engine.kernels.total_sums import add_blocks_of_tensor
from engine.operation import Group, Input, Kernel, Operands, PortKind, Spot, operation
from engine.parameters import Integer, OneOf, Real

if TYPE_CHECKING:
    import torch


def find_factor(sums: Sequence[float]) -> float:
    """Return what restores the sum of magnitudes, from that of all entries and that of the kept ones."""
    whole, kept = sums or (0.0, 0.0)
    return whole / kept if kept else 1.0


@operation(
    id="dare",
    title="DARE",
    group=Group.REFINE,
    sentence="Drops entries at random and makes the others larger to make up for it.",
    formula="mᵢτᵢ / (1 − p), mᵢ = 0 with probability p, else 1",
    inputs=(Input("vector", PortKind.VECTOR, "The task vector to thin out."),),
    outputs=(PortKind.VECTOR,),
    parameters=(
        Real("drop", "The probability p that an entry is dropped.", 0.5, 0, 0.99),
        Integer("seed", "Another seed drops other entries.", 0, minimum=0),
        OneOf("rescale", "Keep the expected value, or the sum of magnitudes of each tensor (norm).", ("expected", "norm"), "expected"),
    ),
)
def dare(drop: Fraction, seed: int, rescale: str) -> Kernel:
    """Drop and rescale after DARE (Yu et al. 2023, arXiv 2311.03099, equation 2)."""

    def measure(operands: Operands, spot: Spot) -> Sequence[Sequence[float]]:
        return sum_kept_entries(operands["vector"][0], drop, seed, spot)

    def map_piece(operands: Operands, reduced: tuple[object, ...], spot: Spot) -> torch.Tensor:
        factor = reduced[0] if reduced else 1 / (1 - drop)
        return drop_entries(operands["vector"][0], drop, seed, spot, float(factor))  # pyright: ignore[reportArgumentType]

    reductions = (add_blocks_of_tensor(measure, find_factor),) if rescale == "norm" else ()
    return Kernel(map_piece, reductions, scratch_arrays=3 if reductions else 2)
