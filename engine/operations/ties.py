"""Several task vectors in one, without their quarrels: trimmed, with one sign per entry."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from engine.kernels.agreeing_mean import average_agreeing
from engine.kernels.select_magnitude import SELECTION_SCRATCH, read_cuts, read_scope, select_largest
from engine.operation import Group, Input, Kernel, Operands, PortKind, Spot, operation
from engine.parameters import OneOf, Real, RealList
from engine.weight_lists import check_vector_weights, weights_or_ones

if TYPE_CHECKING:
    import torch


@operation(
    id="ties",
    title="TIES",
    group=Group.REFINE,
    sentence="Trims task vectors, lets each entry elect a sign and averages the vectors that agree with it.",
    formula="mean of the trimmed wᵢτᵢ that have the sign of Σ wᵢτᵢ",
    inputs=(Input("vectors", PortKind.VECTOR, "The task vectors to merge.", many=True),),
    outputs=(PortKind.VECTOR,),
    parameters=(
        Real("density", "The share of entries to keep of each vector.", 0.2, 0, 1),
        RealList("weights", "One number for each wire, in their order; none stands for ones."),
        OneOf("scope", "Compare magnitudes within each tensor, or over the whole model as the paper does.", ("tensor", "model"), "tensor"),
    ),
    check=check_vector_weights,
)
def ties(density: Fraction, weights: tuple[Fraction, ...], scope: str) -> Kernel:
    """Merge after TIES (Yadav et al. 2023, arXiv 2306.01708, algorithm 1).

    An entry agrees when wᵢτᵢ has the elected sign (a zero sum elects +), and the result is Σ wᵢτᵢ / Σ |wᵢ| over those that agree: a
    negative weight stands for the vector turned round.
    """

    def map_piece(operands: Operands, reduced: tuple[object, ...], spot: Spot) -> torch.Tensor:
        pieces = operands["vectors"]
        numbers = [float(weight) for weight in weights_or_ones(weights, len(pieces))]
        return average_agreeing(pieces, read_cuts(reduced), numbers, spot)

    return Kernel(map_piece, select_largest("vectors", density, read_scope(scope)), scratch_arrays=SELECTION_SCRATCH)
