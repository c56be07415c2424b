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
    return FrozenMapping(
        {
            **document.unknown,
            "format": name_newest_format(),
            "nodes": FrozenMapping(nodes),
            **_leave_out_empty(spoken, document.spelled_out),
        }
    )


def encode_node(node: Node) -> _Content:
    """Return the node as a JSON object."""
    spoken: dict[str, JsonValue] = _leave_out_empty({"parameters": node.parameters, "muted": node.muted}, node.spelled_out)
    if node.label is not None:
        spoken["label"] = node.label
    if node.position is not None:
        spoken["position"] = node.position
    return FrozenMapping({**node.unknown, "operation": node.operation, **spoken})


def _encode_wire(wire: Wire) -> _Content:
    return FrozenMapping({**wire.unknown, "from": str(wire.source), "to": str(wire.target)})


def _encode_frame(frame: Frame) -> _Content:
    spoken: dict[str, JsonValue] = {"title": frame.title, "nodes": tuple(frame.nodes)}
    return FrozenMapping({**frame.unknown, "id": frame.id, "rect": frame.rect, **_leave_out_empty(spoken, frame.spelled_out)})


def _encode_note(note: Note) -> _Content:
    return FrozenMapping({**note.unknown, "id": note.id, "rect": note.rect, **_leave_out_empty({"text": note.text}, note.spelled_out)})


def _leave_out_empty(spoken: dict[str, JsonValue], spelled_out: frozenset[str]) -> dict[str, JsonValue]:
    return {key: value for key, value in spoken.items() if value or key in spelled_out}
