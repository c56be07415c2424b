"""What a screen reader says of the canvas: the selected node, what it is, how far it is and what it is joined to, in words."""

from __future__ import annotations

from collections.abc import Collection

from PySide6.QtCore import QCoreApplication

from app.canvas.connection import find_operation, list_ports, name_node
from app.canvas.node_state import NodeState, StateKind
from engine.document.model import Document, NodeId

_MOST_NAMES = 8


def name_selection(document: Document, ids: Collection[NodeId]) -> str:
    """Return what is selected, short: a node's name with its operation, or how many nodes."""
    if not ids:
        return _translate("Canvas")
    if len(ids) == 1:
        node_id = next(iter(ids))
        return _translate("Canvas: {0}, {1}").format(name_node(document, node_id), _name_operation(document, node_id))
    return _translate("Canvas: {0} nodes are selected").format(len(ids))


def describe_selection(document: Document, ids: Collection[NodeId], state: NodeState) -> str:
    """Return what there is to say of the selection; `state` is that of the one selected node."""
    if len(ids) == 1:
        return _describe_node(document, next(iter(ids)), state)
    if ids:
        names = [name_node(document, node_id) for node_id in ids]
        more = _translate(" and {0} more").format(len(names) - _MOST_NAMES) if len(names) > _MOST_NAMES else ""
        return ", ".join(names[:_MOST_NAMES]) + more
    counts = _translate("{0} nodes and {1} wires.").format(len(document.nodes), len(document.wires))
    return " ".join([counts, _translate("The outline holds the same as a list.")])


def _describe_node(document: Document, node_id: NodeId, state: NodeState) -> str:
    parts = [] if state.kind is StateKind.READY else [state.words]
    parts += [_translate("muted")] if document.nodes[node_id].muted else []
    for end in list_ports(document, node_id, is_output=False):
        wires = document.wires_into(node_id, end.ref.port)
        parts.append(_describe_port(end.ref.port, _translate("from"), [_name(document, wire.source.node) for wire in wires]))
    for end in list_ports(document, node_id, is_output=True):
        wires = document.wires_from(node_id, end.ref.port)
        parts.append(_describe_port(end.ref.port, _translate("to"), [_name(document, wire.target.node) for wire in wires]))
    return "; ".join(parts)


def _describe_port(port: str, towards: str, others: list[str]) -> str:
    name = port.replace("_", " ")
    return f"{name} {towards} {', '.join(others)}" if others else _translate("{0} not connected").format(name)


def _name(document: Document, node_id: NodeId) -> str:
    return name_node(document, node_id) if node_id in document.nodes else node_id


def _name_operation(document: Document, node_id: NodeId) -> str:
    operation = find_operation(document, node_id)
    return operation.title if operation is not None else document.nodes[node_id].operation


def _translate(text: str) -> str:
    return QCoreApplication.translate("accessible", text)
