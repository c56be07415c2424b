"""A task vector made longer or shorter."""

from __future__ import annotations

from fractions import Fraction

from engine.operation import Group, Input, Linear, PortKind, operation
from engine.parameters import Real


@operation(
    id="scale",
    title="Scale",
    group=Group.ARITHMETIC,
    sentence="Multiplies a task vector by a number.",
    formula="λτ",
    inputs=(Input("vector", PortKind.VECTOR, "The task vector to scale."),),
    outputs=(PortKind.VECTOR,),
    parameters=(Real("factor", "The number to multiply by.", 1, -10, 10),),
)
def scale(factor: Fraction) -> Linear:
    """Multiply by the factor."""
    return Linear(lambda counts, place: {"vector": (factor,)})
