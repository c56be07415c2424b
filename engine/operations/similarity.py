"""How much task vectors have in common."""

from __future__ import annotations

from engine.operation import Group, Input, Measure, PortKind, operation
from engine.parameters import Flag


@operation(
    id="similarity",
    title="Similarity",
    group=Group.MEASURE,
    sentence="Compares task vectors: cosines, norms, conflicts of sign and the share of exact zeros.",
    formula="cos(τᵢ, τⱼ) = ⟨τᵢ, τⱼ⟩ / (‖τᵢ‖ ‖τⱼ‖)",
    inputs=(Input("vectors", PortKind.VECTOR, "The task vectors to compare.", many=True),),
    outputs=(PortKind.METRICS,),
    parameters=(Flag("per_layer", "Compare layer by layer too."),),
)
def similarity(per_layer: bool) -> Measure:
    """Measure similarities."""
    return Measure("similarity")
