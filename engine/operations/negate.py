"""The opposite direction: forget instead of learn."""

from __future__ import annotations

from fractions import Fraction

from engine.operation import Coefficients, Counts, Group, Input, Linear, PortKind, operation
from engine.tensor_names import Place


def weigh(counts: Counts, place: Place) -> Coefficients:
    """Return −1."""
    return {"vector": (Fraction(-1),)}


@operation(
    id="negate",
    title="Negate",
    group=Group.ARITHMETIC,
    sentence="Turns a task vector round, so that applying it takes a skill away.",
    formula="−τ",
    inputs=(Input("vector", PortKind.VECTOR, "The task vector to turn round."),),
    outputs=(PortKind.VECTOR,),
)
def negate() -> Linear:
    """Multiply by −1."""
    return Linear(weigh)
