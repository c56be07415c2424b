"""Walking over the graph by arrow keys: along the wires, and up and down a column."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from engine.document.model import Document, NodeId, Rect

Direction = Literal["left", "right", "up", "down"]
Boxes = Mapping[NodeId, Rect]

# A step to the side counts as a step twice as far up or down: the eye keeps to its column.
_SIDEWAYS = 2.0


def walk(document: Document, boxes: Boxes, start: NodeId | None, direction: Direction) -> NodeId | None:
    """Return the node that an arrow key leads to; None where there is none that way.

    Right and left follow the wires (the nearest of several in height), and where no wire leads on, the eye. Up and down go by the eye.
    """
    if start is None or start not in boxes:
        return min(boxes, key=lambda node: (boxes[node][0], boxes[node][1], node), default=None)
    joined = _list_joined(document, start, direction)
    candidates = [node for node in joined if node in boxes] or _list_beyond(boxes, start, direction)
    return min(candidates, key=lambda node: (_measure_step(boxes, start, node, direction), node), default=None)


def _list_joined(document: Document, start: NodeId, direction: Direction) -> list[NodeId]:
    if direction == "right":
        return [wire.target.node for wire in document.wires_from(start)]
    if direction == "left":
        return [wire.source.node for wire in document.wires_into(start)]
    return []


def _list_beyond(boxes: Boxes, start: NodeId, direction: Direction) -> list[NodeId]:
    axis, sign = (0 if direction in ("left", "right") else 1), (1 if direction in ("right", "down") else -1)
    here = _middle(boxes[start])[axis]
    return [node for node in boxes if node != start and (_middle(boxes[node])[axis] - here) * sign > 1]


def _measure_step(boxes: Boxes, start: NodeId, node: NodeId, direction: Direction) -> float:
    one, other = _middle(boxes[start]), _middle(boxes[node])
    dx, dy = abs(one[0] - other[0]), abs(one[1] - other[1])
    return dx + _SIDEWAYS * dy if direction in ("left", "right") else dy + _SIDEWAYS * dx


def _middle(box: Rect) -> tuple[float, float]:
    return box[0] + box[2] / 2, box[1] + box[3] / 2
