"""A task vector that knows nothing: random directions as long as a real one's."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from engine.kernels.block_sums import as_doubles
from engine.kernels.random_draws import draw_gaussians, make_key
from engine.kernels.total_sums import sum_over_tensor
from engine.operation import BLOCK_ENTRIES, Group, Input, Kernel, Operands, PortKind, Spot, operation
from engine.parameters import Integer

if TYPE_CHECKING:
    import torch


def find_factor(sums: Sequence[float]) -> float:
    """Return what gives the Gaussians the norm of the tensor, from the squared norms of both; 0 for a zero tensor."""
    like, drawn = sums or (0.0, 0.0)
    return math.sqrt(like / drawn) if drawn else 0.0


@operation(
    id="random_vector",
    title="Random vector",
    group=Group.SOURCES,
    sentence="Makes a random vector whose tensors are as long as those of another: the control that knows no task.",
    formula="‖τ‖ g / ‖g‖, g Gaussian, tensor by tensor",
    inputs=(Input("like", PortKind.VECTOR, "The task vector that gives the names and the norms."),),
    outputs=(PortKind.VECTOR,),
    parameters=(Integer("seed", "Another seed gives another vector.", 0, minimum=0),),
)
def random_vector(seed: int) -> Kernel:
    """Draw a Gaussian direction for each tensor (the control of Ilharco et al. 2022, arXiv 2212.04089, appendix A)."""

    def draw(count: int, spot: Spot) -> torch.Tensor:
        return draw_gaussians(count, make_key(seed, 0, spot), spot.offset // BLOCK_ENTRIES)

    def square(operands: Operands, spot: Spot) -> Sequence[torch.Tensor]:
        like = as_doubles(operands["like"][0])
        drawn = draw(like.numel(), spot).double()
        return like.square_(), drawn.square_()

    def map_piece(operands: Operands, reduced: tuple[object, ...], spot: Spot) -> torch.Tensor:
        (like,) = operands["like"]
        return draw(like.numel(), spot).to(like.dtype).mul_(cast("float", reduced[0])).to(like.device)

    return Kernel(map_piece, (sum_over_tensor(square, find_factor),), scratch_arrays=5, is_random_control=True)
