"""Strengths that the inner products alone suggest: good places to start a slider from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.similarity.geometry import Geometry
from engine.similarity.gram_table import Floats


@dataclass(frozen=True)
class StrengthPresets:
    """Hold what is suggested for a sum of T task vectors."""

    summands: tuple[int, ...]
    """The columns of the summands."""
    mean: float
    """1/T: the mean of the fine-tuned models."""
    norm_match: float
    """mean‖τᵢ‖ / ‖Στᵢ‖ (science.md, section 3): the edit is as long as one fine-tuning; 1/√T for orthogonal vectors of one length."""


def suggest_strengths(geometry: Geometry, direction: Floats) -> StrengthPresets | None:
    """Return the presets for a sum of task vectors; None where it is zero or not known.

    Args:
        geometry: of the family.
        direction: (groups, columns): the weights of the sum at strength 1; a column with a weight other than 0 is a summand wᵢδᵢ.
    """
    if np.isnan(direction).any() or direction[:, geometry.is_missing].any():
        return None
    products = weighted_products(geometry, direction)
    squares = np.diagonal(products)
    summands = np.flatnonzero(squares > 0)
    total = float(products.sum())
    if not len(summands) or total <= 0:
        return None
    norms = np.sqrt(squares[summands])
    return StrengthPresets(tuple(int(column) for column in summands), 1 / len(summands), float(norms.mean() / np.sqrt(total)))


def weighted_products(geometry: Geometry, direction: Floats) -> Floats:
    """Return (columns, columns): ⟨wᵢδᵢ, wⱼδⱼ⟩ over the whole model for (groups, columns) weights."""
    each = np.stack([np.diag(weights) for weights in direction])
    return geometry.whole_stack.multiply(each).sum(axis=1)


def model_stock_ratio(inner: Floats) -> float:
    """Return the ratio t of Model Stock (Jang et al. 2024, arXiv 2403.19522, equation 2 for N models); NaN where a vector is zero.

    θ₀ + t·mean(τᵢ) with t = N·c / (1 + (N − 1)·c), c the mean pairwise cosine of the τᵢ; 1 for one vector.

    Args:
        inner: (N, N) inner products of the N vectors.
    """
    count = len(inner)
    norms = np.sqrt(np.maximum(np.diagonal(inner), 0))
    if count <= 1 or not (norms > 0).all():
        return 1.0 if count == 1 else float("nan")
    cosines = inner / norms[:, None] / norms[None, :]
    mean = float(cosines.sum() - np.trace(cosines)) / (count * (count - 1))
    return count * mean / (1 + (count - 1) * mean)
