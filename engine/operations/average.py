"""The mean of several models."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from engine.misfit_choice import MISFIT
from engine.operation import Coefficients, Counts, Group, Input, Linear, Parameters, PortKind, operation
from engine.parameters import RealList
from engine.tensor_names import Place
from engine.weight_lists import find_wrong_count, weights_or_ones


def check_weights(parameters: Parameters, counts: Counts) -> Sequence[str]:
    """Return sentences if there is not one weight for each wire, or nothing to divide by."""
    weights = parameters["weights"]
    wrong_count = find_wrong_count(weights, counts.get("checkpoints", 0))
    if isinstance(weights, tuple) and weights and not any(weights):
        return (*wrong_count, "All weights are 0, so there is nothing to average; give at least one that is larger.")
    return wrong_count


@operation(
    id="average",
    title="Average",
    group=Group.ARITHMETIC,
    sentence="Takes the weighted mean of models.",
    formula="Σ wᵢθᵢ / Σ wᵢ",
    inputs=(Input("checkpoints", PortKind.CHECKPOINT, "The models to average; the first gives the configuration.", many=True),),
    outputs=(PortKind.CHECKPOINT,),
    parameters=(RealList("weights", "One number for each wire, in their order; none weighs all alike.", minimum=0), MISFIT),
    check=check_weights,
)
def average(weights: tuple[Fraction, ...], misfit: str) -> Linear:
    """Divide the weighted sum by the sum of the weights."""

    def weigh(counts: Counts, place: Place) -> Coefficients:
        shares = weights_or_ones(weights, counts["checkpoints"])
        total = sum(shares, Fraction(0))
        return {"checkpoints": tuple(share / total for share in shares)}

    return Linear(weigh, parent="checkpoints")
