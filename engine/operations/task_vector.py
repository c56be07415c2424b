"""What training changed: the tuned weights minus the base's."""

from __future__ import annotations

from fractions import Fraction

from engine.misfit_choice import MISFIT
from engine.operation import Coefficients, Counts, Group, Input, Linear, PortKind, operation
from engine.tensor_names import Place


def weigh(counts: Counts, place: Place) -> Coefficients:
    """Return +1 for the tuned checkpoint and −1 for the base."""
    return {"tuned": (Fraction(1),), "base": (Fraction(-1),)}


@operation(
    id="task_vector",
    title="Task vector",
    group=Group.ARITHMETIC,
    sentence="Takes the base's weights from the tuned model's: what training changed.",
    formula="τ = θ_tuned − θ_base",
    inputs=(
        Input("tuned", PortKind.CHECKPOINT, "The model after training."),
        Input("base", PortKind.CHECKPOINT, "The model that training started from."),
    ),
    outputs=(PortKind.VECTOR,),
    parameters=(MISFIT,),
)
def task_vector(misfit: str) -> Linear:
    """Subtract the base from the tuned checkpoint."""
    return Linear(weigh)
