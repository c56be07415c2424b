"""Where the names of points go, so that none covers another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

NO_ROOM = -1
"""Stands for the place of a label that found none: it is looked for near its point only, until the map is laid out anew."""
Box = tuple[float, float, float, float]
"""Left, top, right, bottom in pixels."""
_GAPS = (8.0, 20.0, 36.0, 60.0, 90.0, 130.0)
"""How far from its point a label may lie; the nearest that is free is taken."""
_SIDES = ((1, -1), (1, 0), (1, 1), (0, -1), (0, 1), (-1, -1), (-1, 0), (-1, 1))
_FAR = 1
"""From this gap on a line leads from the point to its label."""


@dataclass(frozen=True)
class Anchor:
    """Hold a point that wants a label of some size."""

    key: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Label:
    """Hold where a label goes."""

    key: str
    box: Box
    choice: int
    """Which of the possible places was taken."""
    is_far: bool
    """Whether a line should lead to it."""


def place_labels(anchors: Sequence[Anchor], obstacles: Sequence[Box], area: Box, before: Mapping[str, int]) -> tuple[Label, ...]:
    """Return where labels go, the first anchors first; one that finds no free place has none.

    Args:
        anchors: the points, the most important first.
        obstacles: what no label may cover: the points themselves.
        area: what all labels lie in.
        before: the places taken last time: a label stays on its side while that is free, so that none jumps in a drag.
    """
    taken = list(obstacles)
    placed: list[Label] = []
    for anchor in anchors:
        label = _place_label(anchor, taken, area, before.get(anchor.key))
        if label is not None:
            taken.append(label.box)
            placed.append(label)
    return tuple(placed)


def overlap(one: Box, other: Box) -> bool:
    """Tell whether two boxes share room."""
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _place_label(anchor: Anchor, taken: Sequence[Box], area: Box, before: int | None) -> Label | None:
    choices = list(range(len(_SIDES) if before == NO_ROOM else len(_GAPS) * len(_SIDES)))
    if before is not None and before != NO_ROOM:
        choices.insert(0, before)
    for choice in choices:
        box = _box_of(anchor, choice)
        is_inside = box[0] >= area[0] and box[1] >= area[1] and box[2] <= area[2] and box[3] <= area[3]
        if is_inside and not any(overlap(box, other) for other in taken):
            return Label(anchor.key, box, choice, choice // len(_SIDES) >= _FAR)
    return None


def _box_of(anchor: Anchor, choice: int) -> Box:
    gap, (across, down) = _GAPS[choice // len(_SIDES)], _SIDES[choice % len(_SIDES)]
    left = anchor.x + across * gap - (0 if across > 0 else anchor.width if across < 0 else anchor.width / 2)
    top = anchor.y + down * gap - (0 if down > 0 else anchor.height if down < 0 else anchor.height / 2)
    return left, top, left + anchor.width, top + anchor.height
