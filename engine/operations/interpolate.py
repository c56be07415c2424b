"""A model on the way from one model to another."""

from __future__ import annotations

from fractions import Fraction

from engine.kernels.arc import make_arc
from engine.misfit_choice import MISFIT
from engine.operation import Group, Input, Kernel, Linear, PortKind, operation
from engine.parameters import OneOf, Real


@operation(
    id="interpolate",
    title="Interpolate",
    group=Group.ARITHMETIC,
    sentence="Goes part of the way from one model to another, straight or along an arc.",
    formula="(1 − t)θ₁ + tθ₂",
    inputs=(
        Input("first", PortKind.CHECKPOINT, "The model at 0; it gives the configuration."),
        Input("second", PortKind.CHECKPOINT, "The model at 1."),
    ),
    outputs=(PortKind.CHECKPOINT,),
    parameters=(
        Real("amount", "How far to go: 0 is the first model, 1 the second.", 0.5, 0, 1),
        OneOf("path", "A straight line, or an arc that keeps the norms (spherical, tensor by tensor).", ("line", "arc"), "line"),
        MISFIT,
    ),
)
def interpolate(amount: Fraction, path: str, misfit: str) -> Linear | Kernel:
    """Go along the line or the arc; both begin and end at the models themselves, which the line gives bit by bit."""
    if path == "arc" and 0 < amount < 1:
        return make_arc(amount, first="first", second="second")
    return Linear(lambda counts, place: {"first": (1 - amount,), "second": (amount,)}, parent="first")
