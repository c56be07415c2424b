"""Where the names of points go on a map, so that none covers another and no line to a name crosses one."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

NO_ROOM = -1
"""Stands for the place of a label that found none: it is looked for near its point only, until the map is laid out anew."""
Spot = tuple[float, float]
"""Right and down in pixels."""
Box = tuple[float, float, float, float]
"""Left, top, right, bottom in pixels."""
Line = tuple[float, float, float, float]
"""From x, y to x, y in pixels."""
_GAPS = (8.0, 22.0, 36.0, 60.0, 90.0, 130.0)
"""How far from its point a label may lie; the nearest that is free is taken."""
_SIDES = (
    (1, -1), (1, 0), (1, 1), (0, -1), (0, 1), (-1, -1), (-1, 0), (-1, 1),
    (0.5, -1), (0.5, 1), (-0.5, -1), (-0.5, 1), (1, -0.5), (1, 0.5), (-1, -0.5), (-1, 0.5),
    (0.25, -1), (0.25, 1), (-0.25, -1), (-0.25, 1), (0.75, -1), (0.75, 1), (-0.75, -1), (-0.75, 1),
)  # fmt: skip
"""Where the label is, right and down of its point; parts of the way are tried when the eight others are taken."""
_PLACES = np.array([(across, down, gap) for gap in _GAPS for across, down in _SIDES])
_FAR = 1
"""From this gap on a line leads from the point to its label."""
_POINT_REACH = 5.0
_TINY = 1e-9
_MOST_COVERED = 2
"""Covering more lines is no worse than being so many gaps farther away."""
_ASTRAY_COST = 2
"""Being nearer to another point than to its own is as bad as being so many gaps farther away."""
_INWARDS, _OVER_LINE = 12.0, 50.0
"""Lying on the side of the start, or over a line, is as bad as lying so many pixels above or below its point."""
_CUT_COST, _CROSS_COST, _MISSING_COST = 3, 5, 12
"""Against one for each gap farther away: how bad it is to cut a name, to cross something, and to leave a name out."""
_CUTS = (1.0, 0.67, 0.33, 0.0)
"""How much of what may be cut of a name is kept, one after the other."""
_TURNS = 3
"""How often all is laid out anew, those first that had it worst."""
_MANY = 16
"""Of more points some have no label anyway: then once must do."""


@dataclass(frozen=True)
class MapGround:
    """Hold what a map shows before its labels come."""

    area: Box
    """What all labels lie in."""
    points: Sequence[Spot] = ()
    """The middles of all points, those without a label among them: a label had better be nearest to its own."""
    obstacles: Sequence[Box] = ()
    """What no label may cover: the points themselves."""
    lines: Sequence[Line] = ()
    """What a label had better not cover."""
    start: Spot | None = None
    """Where all begins: of places as good otherwise that is taken which is clear of lines and leads away from it, at its point's height."""


@dataclass(frozen=True)
class Anchor:
    """Hold a point that wants a label of some size."""

    key: str
    x: float
    y: float
    width: float
    height: float
    shortest: float = math.inf
    """The width it may be cut to where the whole has no place; without an end where it must not be cut."""
    is_hidden: bool = False
    """Whether another point lies over it: then only a line tells whose label it is."""


@dataclass(frozen=True)
class Label:
    """Hold where a label goes."""

    key: str
    box: Box
    choice: int
    """Which of the possible places was taken."""
    leader: Line | None
    """The line that leads to it from its point; None where it lies beside it."""
    cost: int = 0
    """How far from the best place it is."""


def place_labels(anchors: Sequence[Anchor], ground: MapGround, before: Mapping[str, int] | None = None) -> tuple[Label, ...]:
    """Return where labels go; one that finds no free place has none.

    Args:
        anchors: the points, the most important first.
        ground: what is on the map already.
        before: the places taken last time: a label stays on its side while that is free, so that none jumps in a drag.
    """
    order, best, least = list(anchors), dict[str, Label](), math.inf
    for _ in range(1 if before or len(anchors) > _MANY else _TURNS):
        found = _place_in_turn(order, ground, before or {})
        costs = {anchor.key: found[anchor.key].cost if anchor.key in found else _MISSING_COST for anchor in anchors}
        # A missing name is the worse the more important its point is.
        whole = sum(cost * (len(anchors) - rank if key not in found else 1) for rank, (key, cost) in enumerate(costs.items()))
        if whole < least:
            best, least = found, whole
        if whole == 0:
            break
        order.sort(key=lambda anchor: -costs[anchor.key])
    return tuple(best[anchor.key] for anchor in anchors if anchor.key in best)


def find_hidden(points: Sequence[Spot], reach: float) -> frozenset[int]:
    """Return the numbers of the points that have another one nearer than a reach."""
    return frozenset(
        number
        for number, point in enumerate(points)
        if any(math.dist(point, other) < reach for index, other in enumerate(points) if index != number)
    )


def overlap(one: Box, other: Box) -> bool:
    """Tell whether two boxes share room."""
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def cross(one: Line, other: Line) -> bool:
    """Tell whether two lines cross."""
    return _side(one, other[:2]) != _side(one, other[2:]) and _side(other, one[:2]) != _side(other, one[2:])


def touches(line: Line, box: Box) -> bool:
    """Tell whether a line goes through a box."""
    left, top, right, bottom = box
    if any(left < x < right and top < y < bottom for x, y in (line[:2], line[2:])):
        return True
    return cross(line, (left, top, right, bottom)) or cross(line, (left, bottom, right, top))


def _place_in_turn(anchors: Sequence[Anchor], ground: MapGround, before: Mapping[str, int]) -> dict[str, Label]:
    taken, placed = np.array(ground.obstacles, dtype=float).reshape(-1, 4), dict[str, Label]()
    lines, points = np.array(ground.lines, dtype=float).reshape(-1, 4), np.array(ground.points, dtype=float).reshape(-1, 2)
    for anchor in anchors:
        around = _Surroundings(ground, taken, lines, points, tuple(placed.values()))
        label = _place_label(anchor, around, before.get(anchor.key))
        if label is not None:
            placed[anchor.key] = label
            taken = np.vstack((taken, label.box))
    return placed


@dataclass(frozen=True)
class _Surroundings:
    """Hold what a label has to go round."""

    ground: MapGround
    taken: NDArray[np.float64]
    """(N, 4): boxes."""
    lines: NDArray[np.float64]
    """(N, 4): what it had better not cover."""
    points: NDArray[np.float64]
    """(N, 2): what it had better not be near to."""
    labels: Sequence[Label]

    def find_free(self, boxes: NDArray[np.float64]) -> NDArray[np.intp]:
        """Return the numbers of the boxes that lie in the area and cover nothing."""
        left, top, right, bottom = (boxes[:, [side]] for side in range(4))
        others, area = self.taken.T, self.ground.area
        covers = (left < others[2]) & (others[0] < right) & (top < others[3]) & (others[1] < bottom)
        inside = (boxes[:, :2] >= area[:2]).all(axis=1) & (boxes[:, 2:] <= area[2:]).all(axis=1)
        return np.flatnonzero(inside & ~covers.any(axis=1))

    def count_covered(self, boxes: NDArray[np.float64]) -> NDArray[np.intp]:
        """Return how many lines go through each box: those that are inside it in both directions at one time on their way."""
        start, way = self.lines[:, :2], self.lines[:, 2:] - self.lines[:, :2]
        way = np.where(np.abs(way) < _TINY, _TINY, way)
        low, high = ((corner[:, None] - start) / way for corner in (boxes[:, :2], boxes[:, 2:]))
        enters, leaves = np.minimum(low, high).max(axis=2), np.maximum(low, high).min(axis=2)
        return (np.maximum(enters, 0) <= np.minimum(leaves, 1)).sum(axis=1)

    def find_astray(self, boxes: NDArray[np.float64], own: Spot) -> NDArray[np.bool_]:
        """Tell of each box whether it is nearer to another point than to its own."""
        nearest = _measure_gaps(boxes, self.points).min(axis=1, initial=math.inf)
        return nearest < _measure_gaps(boxes, np.array([own]))[:, 0] - _TINY

    def rate_sides(self, boxes: NDArray[np.float64], own: Spot, covered: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return how little each box is clear of lines and leads away from the start at the height of its point."""
        start = self.ground.start
        if start is None:
            return np.zeros(len(boxes))
        middles = (boxes[:, :2] + boxes[:, 2:]) / 2
        is_inwards = np.hypot(*(middles - start).T) < math.dist(own, start)
        return np.abs(middles[:, 1] - own[1]) + _INWARDS * is_inwards + _OVER_LINE * covered

    def count_crossings(self, anchor: Anchor, box: Box, leader: Line | None) -> int:
        """Return how often a label and the line to it get in the way of what is there."""
        count = sum(label.leader is not None and touches(label.leader, box) for label in self.labels)
        if leader is None:
            return count
        count += sum(label.leader is not None and cross(leader, label.leader) for label in self.labels)
        count += sum(touches(leader, label.box) for label in self.labels)
        return count + sum(touches(leader, _mark_box(point)) for point in self.ground.points if _is_apart(point, anchor))


def _place_label(anchor: Anchor, around: _Surroundings, before: int | None) -> Label | None:
    """Return the place of last time, else the nearest without a crossing, be the name cut short for it; else the one with the fewest."""
    least = min(anchor.shortest, anchor.width)
    widths = tuple(dict.fromkeys(least + (anchor.width - least) * kept for kept in _CUTS))
    if before is not None and before != NO_ROOM:
        kept = next((label for width in widths if (label := _keep_place(anchor, width, around, before)) is not None), None)
        if kept is not None:
            return kept
    first = _FAR * len(_SIDES) if anchor.is_hidden else 0
    choices = range(first, first + len(_SIDES) if before == NO_ROOM else len(_PLACES))
    if not around.find_free(_find_boxes(anchor, least, choices)).size:
        return None
    crossed: list[Label] = []
    for width in widths:
        for label in _list_places(anchor, width, around, choices):
            if label.cost < _CROSS_COST + _CUT_COST * (width < anchor.width):
                return label
            crossed.append(label)
    return min(crossed, key=lambda label: label.cost, default=None)


def _keep_place(anchor: Anchor, width: float, around: _Surroundings, choice: int) -> Label | None:
    """Return the label at the place of last time if that is still free, whatever it crosses meanwhile."""
    boxes = _find_boxes(anchor, width, range(choice, choice + 1))
    if not around.find_free(boxes).size:
        return None
    left, top, right, bottom = boxes[0].tolist()
    return Label(anchor.key, (left, top, right, bottom), choice, _lead(anchor, (left, top, right, bottom), choice))


def _list_places(anchor: Anchor, width: float, around: _Surroundings, choices: range) -> Iterable[Label]:
    """Go through those of the places that are free, from near to far, which comes to the same as over few lines to over many."""
    places = _find_boxes(anchor, width, choices)
    free = around.find_free(places)
    boxes, own = places[free], (anchor.x, anchor.y)
    gaps = np.array(choices)[free] // len(_SIDES)
    covered = around.count_covered(boxes)
    ways = gaps + np.minimum(covered, _MOST_COVERED) + _ASTRAY_COST * around.find_astray(boxes, own)
    for number in np.lexsort((around.rate_sides(boxes, own, covered), ways)).tolist():
        left, top, right, bottom = boxes[number].tolist()
        choice = choices[int(free[number])]
        leader = _lead(anchor, (left, top, right, bottom), choice)
        crossings = around.count_crossings(anchor, (left, top, right, bottom), leader)
        # Crossings count for more than any way.
        cost = min(int(ways[number]), _CROSS_COST - 1) + _CUT_COST * (width < anchor.width) + _CROSS_COST * crossings
        yield Label(anchor.key, (left, top, right, bottom), choice, leader, cost)


def _find_boxes(anchor: Anchor, width: float, choices: range) -> NDArray[np.float64]:
    """Return (choices, 4): the boxes that a label may have."""
    across, down, gap = _PLACES[choices.start : choices.stop].T
    left = anchor.x + across * gap - width * (1 - across) / 2
    top = anchor.y + down * gap - anchor.height * (1 - down) / 2
    return np.stack((left, top, left + width, top + anchor.height), axis=1)


def _measure_gaps(boxes: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (boxes, points): the distance of each point from each box."""
    away = np.maximum(boxes[:, None, :2] - points, points - boxes[:, None, 2:])
    return np.hypot(*np.maximum(away, 0.0).transpose(2, 0, 1))


def _lead(anchor: Anchor, box: Box, choice: int) -> Line | None:
    """Return the line that leads from a point to a label that lies farther away."""
    if choice // len(_SIDES) < _FAR:
        return None
    return anchor.x, anchor.y, min(max(anchor.x, box[0]), box[2]), min(max(anchor.y, box[1]), box[3])


def _is_apart(point: Spot, anchor: Anchor) -> bool:
    return math.dist(point, (anchor.x, anchor.y)) > 2 * _POINT_REACH


def _mark_box(point: Spot) -> Box:
    return point[0] - _POINT_REACH, point[1] - _POINT_REACH, point[0] + _POINT_REACH, point[1] + _POINT_REACH


def _side(line: Line, place: Spot) -> bool:
    return (line[2] - line[0]) * (place[1] - line[1]) > (line[3] - line[1]) * (place[0] - line[0])
