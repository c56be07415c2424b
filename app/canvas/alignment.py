"""Aligning and distributing nodes: new positions from old ones."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal

from engine.document.model import NodeId, Position, Rect

Side = Literal["left", "top"]
Axis = Literal["across", "down"]
Boxes = Mapping[NodeId, Rect]
"""What nodes cover: x, y, width, height."""

_FEWEST_TO_DISTRIBUTE = 3
_ROOM: tuple[float, float] = (216.0, 120.0)
"""What a new node is given, whatever it will cover."""
_GAP = 48.0


def find_room(boxes: Boxes, beside: Collection[NodeId], otherwise: Position) -> Position:
    """Return where a new node covers no other: right of some, or from a place on, downwards."""
    chosen = [boxes[node] for node in beside if node in boxes]
    x, y = (max(box[0] + box[2] for box in chosen) + _GAP, min(box[1] for box in chosen)) if chosen else otherwise
    while any(_overlap((x, y, *_ROOM), box) for box in boxes.values()):
        y += _GAP
    return x, y


def align(boxes: Boxes, side: Side) -> Mapping[NodeId, Position]:
    """Return positions that put all nodes on the line of the outermost one."""
    axis = 0 if side == "left" else 1
    line = min((box[axis] for box in boxes.values()), default=0.0)
    return {node: (line, box[1]) if side == "left" else (box[0], line) for node, box in boxes.items()}


def distribute(boxes: Boxes, axis: Axis) -> Mapping[NodeId, Position]:
    """Return positions with equal gaps along an axis; the outermost two stay."""
    if len(boxes) < _FEWEST_TO_DISTRIBUTE:
        return {}
    low, length = (0, 2) if axis == "across" else (1, 3)
    order = sorted(boxes, key=lambda node: (boxes[node][low], node))
    end = max(box[low] + box[length] for box in boxes.values())
    start = boxes[order[0]][low]
    gap = (end - start - sum(box[length] for box in boxes.values())) / (len(boxes) - 1)
    positions: dict[NodeId, Position] = {}
    for node in order:
        x, y, *_ = boxes[node]
        # Hundredths: what stands in place already is not moved by what the additions round off.
        place = round(start, 2)
        positions[node] = (place, y) if axis == "across" else (x, place)
        start += boxes[node][length] + gap
    return positions


def snap(position: Position, grid: float) -> Position:
    """Return the nearest point of the grid."""
    return round(position[0] / grid) * grid, round(position[1] / grid) * grid


def _overlap(one: Rect, other: Rect) -> bool:
    return all(one[side] < other[side] + other[side + 2] and other[side] < one[side] + one[side + 2] for side in (0, 1))
