"""The part of a graph that some nodes hang on."""

from __future__ import annotations

from collections.abc import Iterable

from engine.document.edits import remove_nodes
from engine.document.model import Document, NodeId


def keep_branch(document: Document, node_id: NodeId) -> Document:
    """Return the document with only the node and all that it depends on: what is unfinished elsewhere keeps nothing up.

    Raises:
        DocumentError: there is no such node.
    """
    return keep_branches(document, [node_id])


def keep_branches(document: Document, node_ids: Iterable[NodeId]) -> Document:
    """Return the document with only some nodes and all that they depend on.

    Raises:
        DocumentError: there is no such node.
    """
    wanted = list(node_ids)
    kept: set[NodeId] = set()
    waiting = list(wanted)
    while waiting:
        name = waiting.pop()
        if name not in kept:
            kept.add(name)
            waiting += [wire.source.node for wire in document.wires_into(name)]
    # A node that is missing, wished for or named by a wire, is no node to keep; `remove_nodes` would not miss it.
    missing = [name for name in wanted if name not in document.nodes]
    return remove_nodes(document, missing or [name for name in document.nodes if name not in kept])
