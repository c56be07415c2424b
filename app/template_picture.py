"""The picture of a document, in the colours of the theme."""

from __future__ import annotations

from PySide6.QtGui import QColor

from app.canvas.connection import PortEnd, find_operation, port_kind
from app.icons import kind_of
from app.theme import Tokens
from app.widgets.graph_picture import Picture, PictureNode
from engine.document.model import Document, NodeId


def picture_document(document: Document, colours: Tokens) -> Picture:
    """Return the picture of a graph: its nodes where they stand, its wires in the colours of their kinds."""
    nodes = {
        str(node_id): PictureNode(*(node.position or (0.0, 0.0)), _stripe(document, node_id, colours))
        for node_id, node in document.nodes.items()
    }
    wires = [
        (str(wire.source.node), str(wire.target.node), colours.kind(kind))
        for wire in document.wires
        if wire.source.node in nodes and wire.target.node in nodes
        for kind in [port_kind(document, PortEnd(wire.source, is_output=True))]
        if kind is not None
    ]
    return Picture(nodes, wires)


def picture_colours(colours: Tokens) -> tuple[QColor, QColor, QColor]:
    """Return the colours of a picture's background, nodes and edges."""
    return colours.background, colours.raised, colours.line


def _stripe(document: Document, node_id: NodeId, colours: Tokens) -> QColor:
    operation = find_operation(document, node_id)
    return colours.kind(kind_of(operation)) if operation is not None else colours.dim
