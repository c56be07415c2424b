"""What lies under a point of the canvas."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from app.canvas.box_items import TITLE_HEIGHT, BoxItem
from app.canvas.connection import PortEnd
from app.canvas.node_item import NodeItem
from app.canvas.wire_item import DrawnWire
from engine.document.model import NodeId, PortRef, Position, Wire

WIRE_REACH = 7.0
"""How near, in pixels of the screen, a press must be to take a wire."""


class HitKind(Enum):
    """Name what can be hit."""

    EMPTY = auto()
    PORT = auto()
    SLIDER = auto()
    NODE = auto()
    WIRE = auto()
    FRAME = auto()
    NOTE = auto()
    CORNER = auto()
    """The corner that resizes a frame or a note."""


@dataclass(frozen=True)
class Hit:
    """Say what lies under a point."""

    kind: HitKind
    node: NodeId | None = None
    end: PortEnd | None = None
    wire: Wire | None = None
    box: BoxItem | None = None


NOTHING = Hit(HitKind.EMPTY)


def hit_node(nodes: Mapping[NodeId, NodeItem], point: Position) -> Hit | None:
    """Return the port, slider or node under a point: ports first, for they reach over the edge."""
    near = [item for item in nodes.values() if item.sceneBoundingRect().contains(*point)]
    near.sort(key=lambda item: item.zValue(), reverse=True)
    return next((hit for item in near if (hit := _hit_port(item, point)) is not None), None) or next(
        (hit for item in near if (hit := _hit_body(item, point)) is not None), None
    )


def hit_wire(wires: Iterable[DrawnWire], point: Position, reach: float) -> Wire | None:
    """Return the nearest wire within reach of a point."""
    x, y = point
    near = [
        each
        for each in wires
        if each.bounds[0] - reach <= x <= each.bounds[2] + reach and each.bounds[1] - reach <= y <= each.bounds[3] + reach
    ]
    distance, index = min(((each.path.distance_to(point), index) for index, each in enumerate(near)), default=(reach + 1, -1))
    return near[index].wire if distance <= reach else None


def hit_box(frames: Sequence[BoxItem], notes: Sequence[BoxItem], point: Position) -> Hit | None:
    """Return the note, the title of a frame or the corner of either under a point; a frame's inside is empty canvas."""
    for item in reversed(notes):
        if item.is_corner_at(*point):
            return Hit(HitKind.CORNER, box=item)
        if _covers(item, point, item.box[3]):
            return Hit(HitKind.NOTE, box=item)
    for item in reversed(frames):
        if item.is_corner_at(*point):
            return Hit(HitKind.CORNER, box=item)
        if _covers(item, point, TITLE_HEIGHT):
            return Hit(HitKind.FRAME, box=item)
    return None


def _hit_port(item: NodeItem, point: Position) -> Hit | None:
    x, y = point[0] - item.x(), point[1] - item.y()
    place = item.shape_.port_at(x, y)
    if place is None:
        return None
    end = PortEnd(PortRef(item.node_id, place.port.name), place.port.is_output)
    return Hit(HitKind.PORT, item.node_id, end)


def _hit_body(item: NodeItem, point: Position) -> Hit | None:
    x, y = point[0] - item.x(), point[1] - item.y()
    if item.shape_.is_slider_at(x, y):
        return Hit(HitKind.SLIDER, item.node_id)
    return Hit(HitKind.NODE, item.node_id) if item.shape_.contains(x, y) else None


def _covers(item: BoxItem, point: Position, height: float) -> bool:
    left, top, width, _ = item.box
    return left <= point[0] <= left + width and top <= point[1] <= top + height
