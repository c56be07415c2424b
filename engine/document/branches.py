"""The part of a graph that one node hangs on."""

from __future__ import annotations

from engine.document.edits import remove_nodes
from engine.document.model import Document, NodeId


def keep_branch(document: Document, node_id: NodeId) -> Document:
    """Return the document with only the node and all that it depends on: what is unfinished elsewhere keeps nothing up.

    Raises:
        DocumentError: there is no such node.
    """
    kept: set[NodeId] = set()
    waiting = [node_id]
    while waiting:
        name = waiting.pop()
        if name not in kept:
            kept.add(name)
            waiting += [wire.source.node for wire in document.wires_into(name)]
    # A node that is missing, wished for or named by a wire, is no node to keep; `remove_nodes` would not miss it.
    doomed = [name for name in document.nodes if name not in kept]
    return remove_nodes(document, doomed) if node_id in document.nodes else remove_nodes(document, [node_id])
