"""Where the tips of some vectors lie that begin at one point, and what their plane shows of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.similarity.geometry import Flags, Stack
from engine.similarity.geometry_map import PLANE, ROUNDING, MapPlaces, find_axes, find_distinct, place_points, share_shown
from engine.similarity.gram_table import Floats


def place_tips(products: Floats, read: Sequence[bool] = ()) -> MapPlaces:
    """Return where the common beginning of n vectors lies, at (0, 0), and their n tips after it.

    Args:
        products: (n, n): ⟨τᵢ, τⱼ⟩.
        read: of each vector, whether it is the change of a model that was read. The plane is laid through the beginning and their tips,
            each place once, as the weight map is through a graph's checkpoints (geometry_map); without any through all tips.

    Returns:
        (n + 1, 2) places in the unit of the norms, NaN where a product is not finite. Each axis points to its farthest point.
        Of vectors that are all 0 there is nothing to show a share of: it is NaN.
    """
    count = len(products)
    if not np.isfinite(products).all():
        return MapPlaces(np.full((count + 1, PLANE), np.nan), np.nan, 0)
    if not products.any():
        return MapPlaces(np.zeros((count + 1, PLANE)), np.nan, 1)
    stack, points = _stack(products), np.eye(count + 1, count, -1)[None]
    near = _find_near(stack, points)
    is_fixed = np.array([True, *(read if any(read) else [True] * count)])
    inputs, others = (np.flatnonzero(chosen) for chosen in (is_fixed, ~is_fixed))
    axes = find_axes(stack, *(points[:, rows[find_distinct(near[np.ix_(rows, rows)])]] for rows in (inputs, others)))
    found = place_points(stack, axes, points, near)
    places = found.places - found.places[0]
    farthest = places[np.abs(places).argmax(axis=0), range(PLANE)]
    return MapPlaces(places * np.where(farthest < 0, -1.0, 1.0), found.shown_share, found.models)


def place_sums(products: Floats, places: Floats, multiples: Floats) -> MapPlaces:
    """Return where sums of vectors lie beside their tips, and what the plane shows of all of them.

    Args:
        products: (n, n): ⟨τᵢ, τⱼ⟩.
        places: (n + 1, 2): those of the common beginning, at (0, 0), and the tips.
        multiples: (m, n): of each vector in each sum.

    Returns:
        (m, 2) places; the share is that of the distinct ones among the beginning, the tips and the sums.
    """
    count, stack = len(products), _stack(products)
    added = multiples @ places[1:]
    points = np.concatenate([np.eye(count + 1, count, -1), multiples])[None]
    distinct = find_distinct(_find_near(stack, points))
    shown = share_shown(stack, points[:, distinct], np.concatenate([places, added])[distinct])
    return MapPlaces(added, shown, int(distinct.sum()))


def _stack(products: Floats) -> Stack:
    return Stack(products[None], np.zeros(1, dtype=np.intp))


def _find_near(stack: Stack, points: Floats) -> Flags:
    """Return (N, N): which of (1, N, n) sums of vectors are at one place, as far as products tell that are rounded themselves."""
    inner = stack.multiply(points).sum(axis=1)
    own = np.diagonal(inner)
    both = own[:, None] + own[None, :]
    return both - inner - inner.T <= ROUNDING * both
