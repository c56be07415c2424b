"""The canonical recipe: one text for all documents that mean the same, kept in the files they make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from engine.document.encoding import encode_document
from engine.document.json_text import format_json
from engine.document.json_values import FrozenMapping, JsonValue
from engine.document.model import SETTING_CHOICES, Document, Frame, Node, NodeId, Note, Settings

_EXPORT = "export_"
_FOLDER = "folder"
_NO_DEFAULTS: Mapping[str, JsonValue] = FrozenMapping()


def canonical_recipe(document: Document, defaults: Mapping[str, Mapping[str, JsonValue]]) -> str:
    """Return the document as sorted, compact JSON with all defaults written out and output folders left out.

    It is a document itself: `parse_document` brings the graph back, with its labels, positions, frames and notes.

    Args:
        document: the document with the effective values of the run.
        defaults: for each operation's id, the default of each of its parameters; operations that are missing get none.
    """
    nodes = {node_id: _complete_node(node, defaults) for node_id, node in document.nodes.items()}
    settings = {name: choices[0] for name, choices in SETTING_CHOICES.items()} | dict(document.settings.values)
    complete = replace(
        document,
        nodes=FrozenMapping[NodeId, Node](nodes),
        settings=Settings(FrozenMapping[str, JsonValue](settings)),
        frames=tuple(_complete_frame(frame) for frame in document.frames),
        notes=tuple(_complete_note(note) for note in document.notes),
        spelled_out=frozenset(),
    )
    return format_json(encode_document(complete))


def _complete_node(node: Node, defaults: Mapping[str, Mapping[str, JsonValue]]) -> Node:
    parameters = {**defaults.get(node.operation, _NO_DEFAULTS), **node.parameters}
    if node.operation.startswith(_EXPORT):
        parameters.pop(_FOLDER, None)
    return replace(node, parameters=FrozenMapping(parameters), spelled_out=frozenset())


def _complete_frame(frame: Frame) -> Frame:
    return replace(frame, spelled_out=frozenset())


def _complete_note(note: Note) -> Note:
    return replace(note, spelled_out=frozenset())
