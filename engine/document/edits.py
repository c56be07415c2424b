"""Edits of nodes, wires and settings: pure functions from a Document to a Document.

Most have an inverse, so that an edit and its inverse give the document back (the window's undo needs none: it keeps the old document):

    add_node        remove_nodes              set_label, set_muted, set_title, move_nodes   themselves, with the old values
    connect         disconnect                set_parameter                                 itself, or reset_parameter
    disconnect      connect, at the old place
    connect (where a wire was replaced), mend_around                                        replace_wires, with the old wires
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from engine.document.json_values import FrozenMapping, JsonValue, check_text, freeze_json, mistake
from engine.document.model import Document, Frame, Node, NodeId, Position, Settings, Wire, parse_node_id

_OUTSIDE_NODE_ID = re.compile(r"[^a-z0-9_-]+")


def fresh_node_id(document: Document, operation: str, taken: Collection[str] = ()) -> NodeId:
    """Return an id for a new node, made from its operation (`scale`, `scale_2`, …), that neither the document nor `taken` mentions."""
    stem = _OUTSIDE_NODE_ID.sub("_", operation.lower()).strip("_") or "node"
    used = {*document.nodes, *_list_mentioned_ids(document), *taken}
    number = 1
    while (candidate := stem if number == 1 else f"{stem}_{number}") in used:
        number += 1
    return parse_node_id(candidate)


def add_node(document: Document, node_id: NodeId, node: Node) -> Document:
    """Add a node under an id that is still free."""
    if node_id in document.nodes:
        place = f"nodes.{node_id}"
        raise mistake(place, "this id is taken.", "Choose another id.")
    return replace(document, nodes=FrozenMapping({**document.nodes, node_id: node}))


def remove_nodes(document: Document, ids: Collection[NodeId]) -> Document:
    """Remove nodes with their wires and their places in frames."""
    doomed = frozenset(ids)
    for node_id in doomed:
        _get_node(document, node_id)
    return replace(
        document,
        nodes=FrozenMapping({node_id: node for node_id, node in document.nodes.items() if node_id not in doomed}),
        wires=tuple(wire for wire in document.wires if not _touches(wire, doomed)),
        frames=tuple(_leave_frame(frame, doomed) for frame in document.frames),
    )


def move_nodes(document: Document, positions: Mapping[NodeId, Position | None]) -> Document:
    """Give nodes other positions; None takes the position away."""
    return _change_nodes(document, {key: replace(_get_node(document, key), position=place) for key, place in positions.items()})


def set_parameter(document: Document, node_id: NodeId, name: str, value: JsonValue) -> Document:
    """Set one parameter of a node."""
    node = _get_node(document, node_id)
    place = f"nodes.{node_id}.parameters.{name}"
    changed = FrozenMapping({**node.parameters, check_text(name, place): freeze_json(value, place)})
    return _change_nodes(document, {node_id: replace(node, parameters=changed)})


def reset_parameter(document: Document, node_id: NodeId, name: str) -> Document:
    """Take one parameter of a node out of the document, so that its default holds."""
    node = _get_node(document, node_id)
    kept = FrozenMapping({key: value for key, value in node.parameters.items() if key != name})
    return _change_nodes(document, {node_id: replace(node, parameters=kept)})


def set_label(document: Document, node_id: NodeId, label: str | None) -> Document:
    """Set the label of a node; None takes it away."""
    return _change_nodes(document, {node_id: replace(_get_node(document, node_id), label=label)})


def set_muted(document: Document, ids: Collection[NodeId], muted: bool) -> Document:
    """Mute nodes, or unmute them."""
    return _change_nodes(document, {node_id: replace(_get_node(document, node_id), muted=muted) for node_id in ids})


def connect(document: Document, wire: Wire, *, replace_others: bool = False, at: int | None = None) -> Document:
    """Add a wire between two nodes of the document.

    Args:
        document: the document before.
        wire: the new wire.
        replace_others: whether it takes the place of the wires that its input has (an input of one wire), instead of joining them.
        at: its place in the list of wires; None for the end, or the place of the first wire it replaces.
    """
    for end in (wire.source, wire.target):
        _get_node(document, end.node)
    others = [index for index, other in enumerate(document.wires) if replace_others and other.target == wire.target]
    wires = [other for index, other in enumerate(document.wires) if index not in others]
    index = at if at is not None else min(others, default=len(wires))
    if not 0 <= index <= len(wires):
        raise mistake(str(wire.target), f"there is no place {index} among {len(wires)} wires.", f"Choose one from 0 to {len(wires)}.")
    wires.insert(index, wire)
    return replace(document, wires=tuple(wires))


def disconnect(document: Document, wire: Wire) -> Document:
    """Remove a wire; of several that are equal, the last."""
    for index in reversed(range(len(document.wires))):
        if document.wires[index] == wire:
            return replace(document, wires=document.wires[:index] + document.wires[index + 1 :])
    raise mistake(str(wire.target), f"there is no wire from {wire.source}.", "Choose a wire of the document.")


def mend_around(document: Document, node_id: NodeId, through: Mapping[str, str]) -> Document:
    """Lead the wires that leave a node past it, to be called before the node is removed.

    Args:
        document: the document before.
        node_id: the node that will go.
        through: which input stands in for an output of it: output port to input port. Its first wire's source feeds what the output
            fed, in the same place of the list; wires of other outputs, and of an input without a wire, stay for `remove_nodes`.
    """
    _get_node(document, node_id)
    return replace(document, wires=tuple(_lead_past(document, wire, node_id, through) for wire in document.wires))


def replace_wires(document: Document, wires: tuple[Wire, ...]) -> Document:
    """Set the whole list of wires: the inverse of every edit of wires."""
    return replace(document, wires=wires)


def set_title(document: Document, title: str) -> Document:
    """Set the title of the document."""
    return replace(document, title=title)


def reset_setting(document: Document, name: str) -> Document:
    """Take one setting out of the document, so that its default holds."""
    kept = FrozenMapping({key: value for key, value in document.settings.values.items() if key != name})
    return replace(document, settings=Settings(kept))


def _list_mentioned_ids(document: Document) -> Iterator[NodeId]:
    """Yield the nodes that wires and frames name: one that is not there must not come to life as another."""
    for wire in document.wires:
        yield wire.source.node
        yield wire.target.node
    for frame in document.frames:
        yield from frame.nodes


def _get_node(document: Document, node_id: NodeId) -> Node:
    if node_id not in document.nodes:
        place = f"nodes.{node_id}"
        raise mistake(place, "there is no such node.", "Choose a node of the document.")
    return document.nodes[node_id]


def _change_nodes(document: Document, changed: Mapping[NodeId, Node]) -> Document:
    return replace(document, nodes=FrozenMapping({**document.nodes, **changed}))


def _touches(wire: Wire, ids: frozenset[NodeId]) -> bool:
    return wire.source.node in ids or wire.target.node in ids


def _leave_frame(frame: Frame, ids: frozenset[NodeId]) -> Frame:
    if ids.isdisjoint(frame.nodes):
        return frame
    return replace(frame, nodes=tuple(node_id for node_id in frame.nodes if node_id not in ids))


def _lead_past(document: Document, wire: Wire, node_id: NodeId, through: Mapping[str, str]) -> Wire:
    if wire.source.node != node_id or wire.source.port not in through:
        return wire
    feeding = document.wires_into(node_id, through[wire.source.port])
    return replace(wire, source=feeding[0].source) if feeding else wire
