"""Several task vectors in one: learn more than one thing."""

from __future__ import annotations

from fractions import Fraction

from engine.operation import Group, Input, Linear, PortKind, operation
from engine.parameters import RealList
from engine.weight_lists import check_vector_weights, weights_or_ones


@operation(
    id="add",
    title="Add",
    group=Group.ARITHMETIC,
    sentence="Adds task vectors up, each with its weight.",
    formula="Σ wᵢτᵢ",
    inputs=(Input("vectors", PortKind.VECTOR, "The task vectors to add up.", many=True),),
    outputs=(PortKind.VECTOR,),
    parameters=(RealList("weights", "One number for each wire, in their order; none stands for ones."),),
    check=check_vector_weights,
)
def add(weights: tuple[Fraction, ...]) -> Linear:
    """Add the vectors up, each with its weight."""
    return Linear(lambda counts, place: {"vectors": weights_or_ones(weights, counts["vectors"])})
