"""What one streamed pass over a family of checkpoints leaves behind: every inner product of its task vectors, tensor by tensor.

NumPy only: the window reads it too, and never imports torch.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

MAGNITUDE_BINS = 64
"""Bin k counts 2ᵏ⁻⁵⁵ ≤ |δ| < 2ᵏ⁻⁵⁴, the first all that is smaller (zeros apart) and the last all that is larger, see `magnitude_edges`."""
FIRST_BIN_POWER = -55


@dataclass(frozen=True)
class GramTable:
    """Hold the sums over T tensors of a base θ₀ and V differences δᵢ = θᵢ − θ₀.

    Row and column 0 of `products` belong to θ₀, 1…V to the differences in the order of `vectors`. All sums are over the
    tensors that every checkpoint of the family has in the same shape.
    """

    base: str
    """The identity of θ₀: the first node of the graph that points to its files."""
    vectors: tuple[str, ...]
    """The identities of the fine-tuned checkpoints, θ₀ not among them."""
    tensors: tuple[str, ...]
    left_out: tuple[str, ...]
    """Tensors that not all of them have in one shape: in no sum."""
    entries: Counts
    """(T,): entries per tensor."""
    products: Floats
    """(T, V + 1, V + 1): ⟨θ₀,θ₀⟩, ⟨θ₀,δᵢ⟩, ⟨δᵢ,δⱼ⟩; float64 sums of float32 products."""
    both: Counts
    """(T, V, V): entries in which neither δᵢ nor δⱼ is zero; the diagonal counts the entries that are not exactly 0."""
    signs: Counts
    """(T, V, V): Σ sign(δᵢ)sign(δⱼ): agreeing minus conflicting entries."""
    magnitudes: Counts
    """(T, V, MAGNITUDE_BINS): entries of |δᵢ| by power of two, see `magnitude_edges`."""
    errors: Floats | None = None
    """(T, V + 1, V + 1): the standard errors of `products` when they are an estimate from sampled blocks; None: exact."""

    non_finite: tuple[tuple[str, str], ...] = ()
    """(tensor, checkpoint): tensors in which a checkpoint holds NaN or infinity. They stay in `tensors`, with sums of 0."""
    notes: tuple[str, ...] = ()
    """Sentences that the user should read beside the figures: what an estimate can't know, a cache that is done without."""

    @property
    def is_estimate(self) -> bool:
        """Tell whether the sums were estimated from a sample of blocks."""
        return self.errors is not None


def make_zeros(base: str, vectors: tuple[str, ...], tensors: tuple[str, ...], left_out: tuple[str, ...], entries: Counts) -> GramTable:
    """Return a table whose sums are 0, to be filled in."""
    count, width = len(tensors), len(vectors)
    products = np.zeros((count, width + 1, width + 1))
    both, signs = np.zeros((2, count, width, width), np.int64)
    magnitudes = np.zeros((count, width, MAGNITUDE_BINS), np.int64)
    return GramTable(base, vectors, tensors, left_out, entries, products, both, signs, magnitudes)


def magnitude_edges() -> Floats:
    """Return the MAGNITUDE_BINS + 1 edges of the histogram: 0, 2⁻⁵⁴, …, 2⁸, ∞; bin k counts edge k ≤ |δ| < edge k + 1, zeros apart."""
    return np.array([0.0, *(2.0 ** (FIRST_BIN_POWER + number) for number in range(1, MAGNITUDE_BINS)), np.inf])
