"""Strengths that the inner products alone suggest: good places to start a slider from."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from engine.similarity.geometry import Geometry
from engine.similarity.gram_table import Floats

_ROUNDING = 1e-9
_LEAST_OVER_ROUNDING = 1e-5
"""Of 1 + (N − 1)·c, for each of the N − 1: cosines are held to 1e-6, and what is divided by has to stand well above that."""


@dataclass(frozen=True)
class StrengthPresets:
    """Hold what is suggested for a sum of T task vectors."""

    summands: tuple[int, ...]
    """The columns of the summands."""
    norm_match: float
    """mean‖τᵢ‖ / ‖Σwᵢτᵢ‖ (science.md, section 3, where all wᵢ are 1), over the tensors in which τᵢ has weight: the edit is as long as one
    fine-tuning is there, however the sum weighs them; 1/√T for orthogonal vectors of one length."""
    is_partial: bool
    """Whether some τᵢ is left out of some tensors."""
    weight: float | None
    """What every summand is multiplied by at strength 1; None for a sum that weighs them unequally or takes one away, and so is no mean."""
    stock_ratio: float | None
    """Model Stock's t over the whole model; None as above, and where the vectors point apart, so that t is not above 0."""

    @property
    def mean(self) -> float | None:
        """Return the strength that makes the mean of the vectors, 1/T of their plain sum; None where none does."""
        return 1 / (len(self.summands) * self.weight) if self.weight is not None else None

    @property
    def model_stock(self) -> float | None:
        """Return the strength that makes t times the mean; None where none does."""
        return self.stock_ratio * self.mean if self.stock_ratio is not None and self.mean is not None else None


@dataclass(frozen=True)
class WeightPresets:
    """Hold what is suggested as weights of T vectors that are added up."""

    mean: float
    """1/T, for each."""
    norm_match: float
    """mean‖τᵢ‖ / ‖Στᵢ‖, for each: the sum is as long as one of them."""
    meta_gpt: tuple[float, ...]
    """λᵢ = ‖τᵢ‖² / Σₖ ‖τₖ‖², one for each (MetaGPT: Zhou et al. 2024, arXiv 2406.11385, its closed form for orthogonal vectors)."""


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
    weights = direction[:, summands]
    whole = np.diagonal(weighted_products(geometry, (direction != 0).astype(np.float64)))
    match = float(np.sqrt(whole[summands]).mean() / np.sqrt(total))
    found = StrengthPresets(tuple(map(int, summands)), match, not weights.all(), None, None)
    if not adds_only(weights) or np.ptp(weights) > _ROUNDING * weights.max():
        return found
    ratio = model_stock_ratio(products[np.ix_(summands, summands)])
    return replace(found, weight=float(weights.flat[0]), stock_ratio=ratio if ratio > 0 else None)


def suggest_weights(inner: Floats) -> WeightPresets | None:
    """Return the presets for the weights of a sum; None of fewer than two vectors, where one is zero or not known, or where all cancel.

    Args:
        inner: (T, T) inner products of the vectors, each at weight 1.
    """
    squares, total = np.diagonal(inner), float(inner.sum())
    if len(inner) < 2 or not (squares > 0).all() or not total > 0:  # noqa: PLR2004  (of one vector every preset is 1)
        return None
    match = float(np.sqrt(squares).mean() / np.sqrt(total))
    return WeightPresets(1 / len(inner), match, tuple(map(float, squares / squares.sum())))


def adds_only(weights: Floats) -> bool:
    """Tell whether a sum takes no vector away: only then is it, at some strength, a mean of models (1/T, Model Stock)."""
    return bool((weights >= 0).all())


def weighted_products(geometry: Geometry, direction: Floats) -> Floats:
    """Return (columns, columns): ⟨wᵢδᵢ, wⱼδⱼ⟩ over the whole model for (groups, columns) weights."""
    each = np.stack([np.diag(weights) for weights in direction])
    return geometry.whole_stack.multiply(each).sum(axis=1)


def model_stock_ratio(inner: Floats) -> float:
    """Return the ratio t of Model Stock (Jang et al. 2024, arXiv 2403.19522, equation 2 for N models).

    θ₀ + t·mean(τᵢ) with t = N·c / (1 + (N − 1)·c), c the mean pairwise cosine of the τᵢ; 1 for one vector. NaN where a vector is zero, and
    where the τᵢ, each at length 1, cancel or nearly do: what is divided by is then nothing but rounding.

    Args:
        inner: (N, N) inner products of the N vectors.
    """
    count = len(inner)
    norms = np.sqrt(np.maximum(np.diagonal(inner), 0))
    if count <= 1 or not (norms > 0).all():
        return 1.0 if count == 1 else float("nan")
    cosines = inner / norms[:, None] / norms[None, :]
    mean = float(cosines.sum() - np.trace(cosines)) / (count * (count - 1))
    divisor = 1 + (count - 1) * mean
    return count * mean / divisor if divisor > _LEAST_OVER_ROUNDING * (count - 1) else float("nan")
