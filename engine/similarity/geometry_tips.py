"""Where the tips of some vectors lie that begin at one point, on the plane that shows most of their distances."""

from __future__ import annotations

import numpy as np

from engine.similarity.geometry_map import PLANE, MapPlaces, scale_classically
from engine.similarity.gram_table import Floats


def place_tips(products: Floats) -> MapPlaces:
    """Return where the common beginning of n vectors lies, at (0, 0), and their n tips after it.

    Args:
        products: (n, n): ⟨τᵢ, τⱼ⟩.

    Returns:
        (n + 1, 2) places in the unit of the norms, NaN where a product is not finite. Each axis points to its farthest point.
        Of vectors that are all 0 there is nothing to show a share of: it is NaN.
    """
    count = len(products) + 1
    if not np.isfinite(products).all():
        return MapPlaces(np.full((count, PLANE), np.nan), np.nan)
    padded = np.zeros((count, count))
    padded[1:, 1:] = products
    squares = np.diagonal(padded)
    distances = np.sqrt(np.maximum(squares[:, None] + squares[None, :] - padded - padded.T, 0))
    found, shares = scale_classically(distances, PLANE)
    places = np.zeros((count, PLANE))
    places[:, : found.shape[1]] = found - found[0]
    farthest = places[np.abs(places).argmax(axis=0), range(PLANE)]
    return MapPlaces(places * np.where(farthest < 0, -1.0, 1.0), float(min(shares.sum(), 1.0)) if squares.any() else np.nan)
