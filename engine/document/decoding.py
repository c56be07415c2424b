"""The content of a file to a Document, every type checked, every key kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import cast

from engine.document.json_values import FrozenMapping, JsonValue, join_place, mistake
from engine.document.model import Document, Frame, Node, NodeId, Note, PortRef, Position, Rect, Settings, Wire, parse_node_id

_Fields = Mapping[str, JsonValue]
_MISSING: _Fields = FrozenMapping()

_DOCUMENT_OPTIONAL = ("title", "wires", "settings", "frames", "notes")
_DOCUMENT_KEYS = ("format", "nodes", *_DOCUMENT_OPTIONAL)
_NODE_OPTIONAL = ("parameters", "muted")
_NODE_KEYS = ("operation", "label", "position", *_NODE_OPTIONAL)
_FRAME_OPTIONAL = ("title", "nodes")
_FRAME_KEYS = ("id", "rect", *_FRAME_OPTIONAL)
_NOTE_OPTIONAL = ("text",)
_NOTE_KEYS = ("id", "rect", *_NOTE_OPTIONAL)
_OTHER_OUTPUTS = {("series", "checkpoints"): "checkpoint"}
"""Outputs that files may call otherwise, by (operation, name), see docs/decisions/014."""


def decode_document(content: _Fields) -> Document:
    """Return the document of a file's content, which is in the newest format.

    Raises:
        DocumentError: something is missing or of the wrong type; the message names its place.
    """
    if "nodes" not in content:
        place = "nodes"
        raise mistake(place, "is missing.", 'Write at least "nodes": {}.')
    nodes = {parse_node_id(key, "nodes"): _decode_node(value, f"nodes.{key}") for key, value in _read_object(content, "nodes").items()}
    wires = [_decode_wire(value, f"wires[{index}]") for index, value in enumerate(_read_list(content, "wires"))]
    return Document(
        title=_read_text(content, "title", "", ""),
        nodes=FrozenMapping(nodes),
        wires=tuple(_name_output(wire, nodes) for wire in wires),
        settings=Settings(_read_object(content, "settings")),
        frames=tuple(_decode_frame(value, f"frames[{index}]") for index, value in enumerate(_read_list(content, "frames"))),
        notes=tuple(_decode_note(value, f"notes[{index}]") for index, value in enumerate(_read_list(content, "notes"))),
        unknown=_leave_unknown(content, _DOCUMENT_KEYS),
        spelled_out=_find_spelled_out(content, _DOCUMENT_OPTIONAL),
    )


def expect_object(value: JsonValue, place: str) -> _Fields:
    """Return the value if it is an object.

    Raises:
        DocumentError: it is something else.
    """
    if isinstance(value, Mapping):
        return value
    raise mistake(place, f"expected an object, found {_describe(value)}.", "Write it as {…}.")


def _decode_node(value: JsonValue, place: str) -> Node:
    fields = expect_object(value, place)
    return Node(
        operation=_read_text(fields, "operation", place),
        parameters=_read_object(fields, "parameters", place),
        label=_read_text(fields, "label", place) if "label" in fields else None,
        position=cast("Position", _read_numbers(fields, "position", place, 2)) if "position" in fields else None,
        muted=_read_flag(fields, "muted", place),
        unknown=_leave_unknown(fields, _NODE_KEYS),
        spelled_out=_find_spelled_out(fields, _NODE_OPTIONAL),
    )


def _name_output(wire: Wire, nodes: Mapping[NodeId, Node]) -> Wire:
    """Return a wire that names its output as the operation does."""
    node, port = nodes.get(wire.source.node), wire.source.port
    name = _OTHER_OUTPUTS.get((node.operation, port)) if node is not None else None
    return wire if name is None else replace(wire, source=PortRef(wire.source.node, name))


def _decode_wire(value: JsonValue, place: str) -> Wire:
    fields = expect_object(value, place)
    ends = (PortRef.parse(_read_text(fields, key, place), join_place(place, key)) for key in ("from", "to"))
    return Wire(*ends, unknown=_leave_unknown(fields, ("from", "to")))


def _decode_frame(value: JsonValue, place: str) -> Frame:
    fields = expect_object(value, place)
    return Frame(
        id=_read_text(fields, "id", place),
        title=_read_text(fields, "title", place, ""),
        rect=cast("Rect", _read_numbers(fields, "rect", place, 4)),
        nodes=tuple(_decode_member(value, f"{place}.nodes[{index}]") for index, value in enumerate(_read_list(fields, "nodes", place))),
        unknown=_leave_unknown(fields, _FRAME_KEYS),
        spelled_out=_find_spelled_out(fields, _FRAME_OPTIONAL),
    )


def _decode_member(value: JsonValue, place: str) -> NodeId:
    if isinstance(value, str):
        return parse_node_id(value, place)
    raise mistake(place, f"expected a node id, found {_describe(value)}.", 'Write it as "…".')


def _decode_note(value: JsonValue, place: str) -> Note:
    fields = expect_object(value, place)
    return Note(
        id=_read_text(fields, "id", place),
        text=_read_text(fields, "text", place, ""),
        rect=cast("Rect", _read_numbers(fields, "rect", place, 4)),
        unknown=_leave_unknown(fields, _NOTE_KEYS),
        spelled_out=_find_spelled_out(fields, _NOTE_OPTIONAL),
    )


def _read_text(fields: _Fields, key: str, place: str, default: str | None = None) -> str:
    value = fields.get(key, default)
    if isinstance(value, str):
        return value
    fact = f"expected text, found {_describe(value)}." if key in fields else "is missing."
    raise mistake(join_place(place, key), fact, 'Write it as "…".')


def _read_flag(fields: _Fields, key: str, place: str) -> bool:
    value = fields.get(key, False)
    if isinstance(value, bool):
        return value
    raise mistake(join_place(place, key), f"expected true or false, found {_describe(value)}.", "Write true or false.")


def _read_object(fields: _Fields, key: str, place: str = "") -> _Fields:
    return expect_object(fields.get(key, _MISSING), join_place(place, key))


def _read_list(fields: _Fields, key: str, place: str = "") -> tuple[JsonValue, ...]:
    value = fields.get(key, ())
    if isinstance(value, tuple):
        return value
    raise mistake(join_place(place, key), f"expected a list, found {_describe(value)}.", "Write it as […].")


def _read_numbers(fields: _Fields, key: str, place: str, count: int) -> tuple[int | float, ...]:
    value = fields.get(key)
    numbers = value if isinstance(value, tuple) else ()
    found = tuple(number for number in numbers if isinstance(number, int | float) and not isinstance(number, bool))
    if len(found) != count or len(numbers) != count:
        fact = f"expected {count} numbers, found {_describe(value)}." if key in fields else "is missing."
        raise mistake(join_place(place, key), fact, f"Write it as a list of {count} numbers.")
    return found


def _leave_unknown(fields: _Fields, known: tuple[str, ...]) -> _Fields:
    return FrozenMapping({key: value for key, value in fields.items() if key not in known})


def _find_spelled_out(fields: _Fields, optional: tuple[str, ...]) -> frozenset[str]:
    return frozenset(key for key in optional if key in fields and not fields[key])


def _describe(value: JsonValue) -> str:
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, tuple):
        return f"a list of {len(value)}"
    if isinstance(value, str):
        return f"the text {value[:40]!r}"
    return "null" if value is None else str(value).lower()
