"""A Document to the content of a file: only what the document says, no default written in."""

from __future__ import annotations

from engine.document.json_values import FrozenMapping, JsonValue
from engine.document.model import Document, Frame, Node, Note, Wire
from engine.document.upgrades import name_newest_format

_Content = FrozenMapping[str, JsonValue]


def encode_document(document: Document) -> _Content:
    """Return the document as a JSON object in the newest format."""
    nodes: dict[str, JsonValue] = {key: encode_node(node) for key, node in document.nodes.items()}
    spoken: dict[str, JsonValue] = {
        "title": document.title,
        "wires": tuple(_encode_wire(wire) for wire in document.wires),
        "settings": document.settings.values,
        "frames": tuple(_encode_frame(frame) for frame in document.frames),
        "notes": tuple(_encode_note(note) for note in document.notes),
    }
    return FrozenMapping({**document.unknown, "format": name_newest_format(), "nodes": FrozenMapping(nodes), **_leave_out_empty(spoken)})


def encode_node(node: Node) -> _Content:
    """Return the node as a JSON object."""
    spoken: dict[str, JsonValue] = {"parameters": node.parameters, "muted": node.muted}
    if node.label is not None:
        spoken["label"] = node.label
    if node.position is not None:
        spoken["position"] = node.position
    kept = {key: value for key, value in spoken.items() if value or key in ("label", "position")}
    return FrozenMapping({**node.unknown, "operation": node.operation, **kept})


def _encode_wire(wire: Wire) -> _Content:
    return FrozenMapping({**wire.unknown, "from": str(wire.source), "to": str(wire.target)})


def _encode_frame(frame: Frame) -> _Content:
    spoken: dict[str, JsonValue] = {"title": frame.title, "nodes": tuple(frame.nodes)}
    return FrozenMapping({**frame.unknown, "id": frame.id, "rect": frame.rect, **_leave_out_empty(spoken)})


def _encode_note(note: Note) -> _Content:
    return FrozenMapping({**note.unknown, "id": note.id, "rect": note.rect, **_leave_out_empty({"text": note.text})})


def _leave_out_empty(spoken: dict[str, JsonValue]) -> dict[str, JsonValue]:
    # An empty value that the file did spell out is among the unknown keys and stays.
    return {key: value for key, value in spoken.items() if value}
