"""A family of small models as a Gram table, and as float64 vectors to hold every figure against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pytest
import torch

from engine.similarity.geometry import Geometry
from engine.similarity.gram import VectorMeter, add_piece, empty_sums
from engine.similarity.gram_table import MAGNITUDE_BINS, GramTable, magnitude_edges

SHAPES = {
    "model.embed_tokens.weight": (50, 20),
    "model.layers.0.self_attn.q_proj.weight": (30, 30),
    "model.layers.0.mlp.up_proj.weight": (300, 250),  # more than a block
    "model.layers.0.input_layernorm.weight": (20,),
    "model.layers.1.self_attn.q_proj.weight": (30, 30),
    "model.layers.1.mlp.up_proj.weight": (40, 25),
    "lm_head.weight": (50, 20),
}
Models = dict[str, dict[str, torch.Tensor]]


@dataclass(frozen=True)
class TinyFamily:
    """Hold models, their table, and what their figures must be."""

    models: Models
    table: GramTable

    def geometry(self, groups: Mapping[str, int] | None = None, columns: Sequence[str] | None = None) -> Geometry:
        """Return the geometry of the table; all tensors are of group 0 unless told otherwise."""
        numbers = [(groups or {}).get(tensor, 0) for tensor in self.table.tensors]
        return Geometry(self.table, columns or self.table.vectors, self.table.tensors, numbers)

    def edits(self, weights: np.ndarray, groups: Mapping[str, int] | None = None, tensors: Sequence[str] | None = None) -> torch.Tensor:
        """Return (nodes, entries): the edits of (groups, nodes, columns) weights in float64, over some tensors."""
        base = self.models[self.table.base]
        parts = []
        for tensor in tensors or self.table.tensors:
            differences = torch.stack(
                [(self.models[name][tensor].double() - base[tensor].double()).flatten() for name in self.table.vectors]
            )
            parts.append(torch.from_numpy(weights[(groups or {}).get(tensor, 0)]) @ differences)
        return torch.cat(parts, dim=1)

    def base(self) -> torch.Tensor:
        """Return θ₀ in float64."""
        return torch.cat([self.models[self.table.base][tensor].double().flatten() for tensor in self.table.tensors])


def make_table(models: Models) -> GramTable:
    """Return the table of models, the first of them the base, by the sums of the engine's own pass over blocks."""
    base, *tuned = models
    rows, counts = [], []
    for tensor, value in models[base].items():
        start = value.float().flatten()
        moved = [models[name][tensor].float().flatten() - start for name in tuned]
        rows.append(add_piece(empty_sums(len(tuned)), VectorMeter(len(tuned)).measure(start, moved)))
        sizes = [np.abs(difference.double().numpy()) for difference in moved]
        counts.append([np.histogram(size[size > 0], magnitude_edges())[0] for size in sizes])
    return GramTable(
        base=base,
        vectors=tuple(tuned),
        tensors=tuple(models[base]),
        left_out=(),
        entries=np.array([value.numel() for value in models[base].values()]),
        products=np.stack([inner.products for inner in rows]),
        both=np.stack([inner.both[1:, 1:] for inner in rows]),
        signs=np.stack([inner.signs[1:, 1:] for inner in rows]),
        magnitudes=np.array(counts, dtype=np.int64).reshape(len(rows), len(tuned), MAGNITUDE_BINS),
    )


def make_models(size: float, count: int = 4, seed: int = 0) -> Models:
    """Return a base (float32) and fine-tunes whose differences are `size` times as long as it and partly alike."""
    draw = torch.Generator().manual_seed(seed)
    base = {name: torch.randn(shape, generator=draw) for name, shape in SHAPES.items()}
    shared = {name: torch.randn(shape, generator=draw) for name, shape in SHAPES.items()}
    models = {"base": base}
    for number in range(count):
        own = {name: torch.randn(shape, generator=draw) for name, shape in SHAPES.items()}
        models[f"m{number}"] = {name: base[name] + size * (own[name] + 0.5 * number * shared[name]) for name in SHAPES}
    return models


@pytest.fixture(params=[0.3, 1e-4], ids=["large", "small"])
def tiny(request) -> TinyFamily:
    """Return a family whose differences are large or very small beside the base."""
    torch.set_num_threads(1)
    models = make_models(request.param)
    return TinyFamily(models, make_table(models))
