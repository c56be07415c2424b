"""Only the largest entries of a task vector."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from engine.kernels.magnitude_cut import keep_largest
from engine.kernels.select_magnitude import SELECTION_SCRATCH, read_cuts, read_scope, select_largest
from engine.operation import Group, Input, Kernel, Operands, PortKind, Spot, operation
from engine.parameters import OneOf, Real

if TYPE_CHECKING:
    import torch


def map_piece(operands: Operands, reduced: tuple[object, ...], spot: Spot) -> torch.Tensor:
    """Return the piece with its small entries replaced by 0."""
    (piece,) = operands["vector"]
    return keep_largest(piece, read_cuts(reduced)[0], spot)


@operation(
    id="trim",
    title="Trim",
    group=Group.REFINE,
    sentence="Keeps the entries of largest magnitude and makes the others 0.",
    formula="τᵢ if |τᵢ| is among the ⌊density·n⌋ largest, else 0",
    inputs=(Input("vector", PortKind.VECTOR, "The task vector to trim."),),
    outputs=(PortKind.VECTOR,),
    parameters=(
        Real("density", "The share of entries to keep.", 0.2, 0, 1),
        OneOf("scope", "Compare magnitudes within each tensor, or over the whole model.", ("tensor", "model"), "tensor"),
    ),
)
def trim(density: Fraction, scope: str) -> Kernel:
    """Keep the largest entries."""
    return Kernel(map_piece, select_largest("vector", density, read_scope(scope)), scratch_arrays=SELECTION_SCRATCH)
