"""A task vector that grows or fades with depth."""

from __future__ import annotations

from fractions import Fraction

from engine.operation import Coefficients, Counts, Group, Input, Linear, PortKind, operation
from engine.parameters import OneOf, Real
from engine.tensor_names import Place


@operation(
    id="layer_curve",
    title="Layer curve",
    group=Group.ARITHMETIC,
    sentence="Multiplies each layer of a task vector by a factor that changes with depth.",
    formula="f(l) τ_l, f from first to last",
    inputs=(Input("vector", PortKind.VECTOR, "The task vector to bend."),),
    outputs=(PortKind.VECTOR,),
    parameters=(
        Real("first", "The factor of the first layer.", 1),
        Real("last", "The factor of the last layer.", 1),
        OneOf("shape", "A straight line, or a curve that starts and ends gently.", ("line", "ease"), "line"),
    ),
)
def layer_curve(first: Fraction, last: Fraction, shape: str) -> Linear:
    """Scale layer by layer, after LiNeS (Wang et al. 2024, arXiv 2410.17146, equation 2).

    Tensors outside the layers keep factor 1. The only layer of a stack of one counts as its first.
    """

    def weigh(counts: Counts, place: Place) -> Coefficients:
        if place.depth is None:
            return {"vector": (Fraction(1),)}
        way = Fraction(place.depth, place.layers - 1) if place.layers > 1 else Fraction(0)
        share = way if shape == "line" else way * way * (3 - 2 * way)
        return {"vector": (first + (last - first) * share,)}

    return Linear(weigh, by_place=True)
