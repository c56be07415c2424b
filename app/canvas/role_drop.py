"""What is let go over a role of an Analogy plays that role: a checkpoint by the task vector that is made of it."""

from __future__ import annotations

from collections.abc import Mapping

from app.canvas.connection import PortEnd, list_ports, port_kind
from app.canvas.node_item import NodeItem
from app.canvas.node_shape import ROW
from engine.document.model import Document, NodeId, PortRef, Position
from engine.operation import PortKind

_KINDS = (PortKind.CHECKPOINT, PortKind.VECTOR)


def find_role(nodes: Mapping[NodeId, NodeItem], point: Position, without: NodeId | None = None) -> PortEnd | None:
    """Return the role whose row is under a point.

    Args:
        nodes: what is on the canvas.
        point: where something is let go, in the scene.
        without: the node that is let go, which lies under the point itself.
    """
    for node_id, item in nodes.items():
        if node_id == without or item.card.operation != "analogy" or not item.sceneBoundingRect().contains(*point):
            continue
        for place in item.shape_.ports:
            if not place.port.is_output and abs(item.y() + place.y - point[1]) <= ROW / 2:
                return PortEnd(PortRef(node_id, place.port.name), is_output=False)
    return None


def find_player(document: Document, node_id: NodeId) -> PortRef | None:
    """Return the output by which a node could play a role."""
    ends = (end for end in list_ports(document, node_id, is_output=True) if port_kind(document, end) in _KINDS)
    return next((end.ref for end in ends), None)
