"""A task vector put into a model."""

from __future__ import annotations

from fractions import Fraction

from engine.misfit_choice import MISFIT
from engine.operation import Group, Input, Linear, PortKind, operation
from engine.parameters import Real


@operation(
    id="apply",
    title="Apply",
    group=Group.ARITHMETIC,
    sentence="Adds a task vector to a model, as strongly as you say.",
    formula="θ_base + λτ",
    inputs=(
        Input("base", PortKind.CHECKPOINT, "The model to change."),
        Input("vector", PortKind.VECTOR, "The change."),
    ),
    outputs=(PortKind.CHECKPOINT,),
    parameters=(Real("strength", "The number λ that the task vector is multiplied by.", 1, -10, 10), MISFIT),
)
def apply(strength: Fraction, misfit: str) -> Linear:
    """Add the scaled vector to the base."""
    return Linear(lambda counts, place: {"base": (Fraction(1),), "vector": (strength,)}, parent="base")
