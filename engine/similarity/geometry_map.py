"""The weight map: checkpoints and edits as points of a plane that does not move while a slider does.

The axes are those of a principal component analysis of the distinct fine-tuned checkpoints and their base alone, each once, found from
inner products by the eigenvectors of the double-centred Gram matrix (classical scaling, Torgerson 1952). Edits are projected onto them,
so a point's way is a straight line where its weights are, and no picture flips from frame to frame.

What the plane shows is a share of the variance of all distinct models that the map shows: θ₀, and θ₀ plus each edit. Models at one
place count once, so that no node that shows a model again changes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from engine.similarity.geometry import Flags, Stack
from engine.similarity.gram_table import Floats

PLANE = 2
_FLAT = 1e-12
"""A direction whose variance is below this share of the first one's is rounding."""
ROUNDING = 1e-7
"""Inner products are sums of float32 products: what is below this share of the squares is rounding."""
SAME = 1e-9
"""Edits that are multiples of the same differences are at one place when nearer than this share of the longest of them."""


@dataclass(frozen=True)
class MapAxes:
    """Hold the plane of a map, written like edits: as weights over the differences."""

    centre: Floats
    """(groups, columns): the mean of the points that the plane was laid through."""
    directions: Floats
    """(2, groups, columns): orthogonal, of length 1, or 0 where the points span less than a plane."""
    turn: Floats
    """(2, 2): an orthogonal matrix that places are multiplied by, to agree with an earlier map."""


@dataclass(frozen=True)
class MapPlaces:
    """Hold where points lie on a map."""

    places: Floats
    """(N, 2), in units of ‖θ‖."""
    shown_share: float
    """The share of the distinct models' variance (of their squared distances from their mean) that the plane shows; 1 is all of it."""
    models: int
    """How many distinct models these are."""


def find_axes(stack: Stack, inputs: Floats, others: Floats | None = None) -> MapAxes:
    """Return the plane of the two largest principal components of some points.

    Args:
        stack: of the family, a matrix for each group (Geometry.whole_stack).
        inputs: (groups, P, columns): the points that fix the plane: θ₀ (zeros) and the fine-tuned checkpoints, each place once.
        others: (groups, Q, columns): further points, each place once, for a second axis where the inputs lie on a line. They should
            not change with the live numbers: the nodes' weights at all numbers 1, say.
    """
    centre = inputs.mean(axis=1)
    first = _principal(stack, inputs - centre[:, None, :])
    if len(first) < PLANE and others is not None:
        left = _take_out(stack, others - centre[:, None, :], first)
        first = np.concatenate([first, _principal(stack, left)])
    missing = np.zeros((max(PLANE - len(first), 0), *centre.shape))
    return MapAxes(centre, np.concatenate([first[:PLANE], missing]), np.eye(PLANE))


def place_points(stack: Stack, axes: MapAxes, weights: Floats, near: Flags | None = None) -> MapPlaces:
    """Return where edits lie on a map.

    Args:
        stack: of the family, a matrix for each group.
        axes: the plane.
        weights: (groups, N, columns) without NaN.
        near: (N, N): which of them are at one place; without it none are.
    """
    places = _project(stack, weights - axes.centre[:, None, :], axes.directions) @ axes.turn
    distinct = np.ones(len(places), dtype=np.bool_) if near is None else find_distinct(near)
    return MapPlaces(places, share_shown(stack, weights[:, distinct], places[distinct]), int(distinct.sum()))


def share_shown(stack: Stack, weights: Floats, places: Floats) -> float:
    """Return the share of the variance of (groups, N, columns) distinct edits that (N, 2) places show; 1 where the rest is rounding."""
    whole = float(stack.square(weights - weights.mean(axis=1, keepdims=True)).sum())
    shown = float(((places - places.mean(axis=0)) ** 2).sum())
    return shown / whole if shown < whole * (1 - ROUNDING) else 1.0


def find_distinct(near: Flags) -> Flags:
    """Return (N,): whether each of some points is the first at its place, by (N, N): which are at one place."""
    return np.tril(near, -1).sum(axis=1) == 0


def find_near(distances: Floats) -> Flags:
    """Return (N, N): which points are at one place, by their distances; the last of them is θ₀."""
    return distances <= SAME * distances[-1].max()


def place_slopes(stack: Stack, axes: MapAxes, slopes: Floats) -> Floats:
    """Return (N, 2): how far points move on a map per unit of a live number, from the (groups, N, columns) slopes of their weights."""
    return _project(stack, slopes, axes.directions) @ axes.turn


def strength_at(strength: float, place: Floats, slope: Floats, target: Floats) -> float:
    """Return the live number at which a point that is dragged along its arrow comes nearest to where the pointer is.

    Args:
        strength: the number as it is.
        place: (2,): where the point is.
        slope: (2,): how far it moves per unit of the number.
        target: (2,): where the pointer is.
    """
    square = float(slope @ slope)
    return strength + float((target - place) @ slope) / square if square > 0 else strength


def turn_like(axes: MapAxes, places: Mapping[str, Floats], before: Mapping[str, Floats]) -> MapAxes:
    """Return axes turned (or mirrored) so that the points of an earlier map lie as near as can be to where they were.

    The orthogonal Procrustes problem (Schönemann 1966): for when a checkpoint is added, or an estimate becomes exact.
    """
    known = [name for name in places if name in before]
    if len(known) < PLANE:
        return axes
    now, then = (np.array([points[name] for name in known]) for points in (places, before))
    left, _, right = np.linalg.svd((now - now.mean(axis=0)).T @ (then - then.mean(axis=0)))
    return replace(axes, turn=axes.turn @ left @ right)


def _principal(stack: Stack, centred: Floats) -> Floats:
    """Return (≤ 2, groups, columns): unit directions of the largest variance among (groups, P, columns) points, their signs fixed."""
    products = stack.multiply(centred).sum(axis=1)
    values, vectors = np.linalg.eigh((products + products.T) / 2)
    largest = values[-1] if len(values) else 0.0
    kept = [index for index in range(len(values) - 1, max(len(values) - 1 - PLANE, -1), -1) if values[index] > _FLAT * largest]
    directions = [np.einsum("gpc,p->gc", centred, _fix_sign(vectors[:, index])) / np.sqrt(values[index]) for index in kept]
    return np.array(directions).reshape(-1, centred.shape[0], centred.shape[2])


def _fix_sign(vector: Floats) -> Floats:
    """Return an eigenvector so that the last of its largest entries is positive: what was fine-tuned last lies to the right, or up."""
    size = np.abs(vector)
    last = np.flatnonzero(size >= size.max() * (1 - 1e-9))[-1]
    return vector if vector[last] > 0 else -vector


def _project(stack: Stack, edits: Floats, directions: Floats) -> Floats:
    """Return (N, directions): ⟨edit, direction⟩."""
    both = np.concatenate([edits, np.moveaxis(directions, 0, 1)], axis=1)
    count = edits.shape[1]
    return stack.multiply(both).sum(axis=1)[:count, count:]


def _take_out(stack: Stack, edits: Floats, directions: Floats) -> Floats:
    """Return the edits without their parts along unit directions."""
    if not len(directions):
        return edits
    return edits - np.einsum("nd,dgc->gnc", _project(stack, edits, directions), directions)
