"""What the merges should give, in float64 and by other means than the engine's."""

from __future__ import annotations

from collections.abc import Sequence

import torch

Tensors = Sequence[torch.Tensor]


def add_vectors(base: torch.Tensor, tuned: Tensors, strength: float) -> torch.Tensor:
    """Return base + strength · Σ (tuned − base) in float64."""
    exact = base.double()
    return exact + strength * torch.stack([item.double() - exact for item in tuned]).sum(0)


def merge_ties(base: torch.Tensor, tuned: Tensors, density: float) -> torch.Tensor:
    """Return base + TIES of the task vectors in float64: exactly ⌊density·n⌋ entries of each, by a stable sort."""
    exact = base.double()
    kept = torch.stack([_keep_largest(item.double() - exact, density) for item in tuned])
    sign = torch.where(kept.sum(0) >= 0, 1.0, -1.0).double()
    agrees = kept.sign() == sign
    return exact + (kept * agrees).sum(0) / agrees.sum(0).clamp(min=1)


def find_thresholds(base: torch.Tensor, tuned: Tensors, density: float) -> torch.Tensor:
    """Tell which entries equal the threshold of their vector, for any of the vectors: which of these are kept is nobody's law."""
    ties = torch.zeros(base.shape, dtype=torch.bool)
    for item in tuned:
        sizes = (item.float() - base.float()).abs()
        kept = int(density * sizes.numel())
        ties |= sizes == sizes.flatten().kthvalue(sizes.numel() - kept + 1).values if kept else ties
    return ties


def count_wrongly_rounded(rounded: torch.Tensor, exact: torch.Tensor) -> int:
    """Return how many entries have a neighbour in their dtype that is nearer to the exact result."""
    error = (rounded.double() - exact).abs()
    endless = torch.full_like(rounded, torch.inf)
    above, below = torch.nextafter(rounded, endless), torch.nextafter(rounded, -endless)
    nearest = torch.minimum((above.double() - exact).abs(), (below.double() - exact).abs())
    return int((error > nearest).sum())


def _keep_largest(vector: torch.Tensor, density: float) -> torch.Tensor:
    flat = vector.flatten()
    order = flat.abs().sort(descending=True, stable=True).indices
    kept = torch.zeros_like(flat)
    chosen = order[: int(density * flat.numel())]
    kept[chosen] = flat[chosen]
    return kept.view_as(vector)
