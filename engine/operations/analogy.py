"""A skill that was never trained, from three that were: a is to b as c is to the result."""

from __future__ import annotations

from fractions import Fraction

from engine.operation import Coefficients, Counts, Group, Input, Linear, PortKind, operation
from engine.tensor_names import Place


def weigh(counts: Counts, place: Place) -> Coefficients:
    """Return −1 for a, +1 for b and c, and 0 for d, which is only compared with."""
    return {"a": (Fraction(-1),), "b": (Fraction(1),), "c": (Fraction(1),), "d": (Fraction(0),) * counts.get("d", 0)}


@operation(
    id="analogy",
    title="Analogy",
    group=Group.ARITHMETIC,
    sentence="Makes the task vector that is to C as B is to A.",
    formula="τ_C + (τ_B − τ_A)",
    inputs=(
        Input("a", PortKind.VECTOR, "The task vector that b differs from."),
        Input("b", PortKind.VECTOR, "The task vector that is to a what the result is to c."),
        Input("c", PortKind.VECTOR, "The task vector to start from."),
        Input("d", PortKind.VECTOR, "The true task vector where it is known: for comparison only.", optional=True),
    ),
    outputs=(PortKind.VECTOR,),
)
def analogy() -> Linear:
    """Add what b has over a to c."""
    return Linear(weigh)
