"""A document keeps meaning the same files when it moves to another folder: its relative input paths follow."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from engine.checkpoints.recipe_paths import INPUT_PATHS, rebase_source
from engine.document.json_values import FrozenMapping, JsonValue
from engine.document.model import Document, Node


def relocate(document: Document, old_folder: Path, new_folder: Path) -> Document:
    """Return the document with its relative input paths, so far relative to `old_folder`, made relative to `new_folder`.

    Output folders stay as they are written: an export lands beside the document it belongs to.
    """
    old_folder, new_folder = old_folder.resolve(), new_folder.resolve()
    if old_folder == new_folder:
        return document
    nodes = {node_id: _relocate_node(node, old_folder, new_folder) for node_id, node in document.nodes.items()}
    return replace(document, nodes=FrozenMapping(nodes))


def _relocate_node(node: Node, old_folder: Path, new_folder: Path) -> Node:
    names = INPUT_PATHS.get(node.operation, ())
    changed: dict[str, JsonValue] = {}
    for name in names:
        value = node.parameters.get(name)
        if isinstance(value, str):
            changed[name] = rebase_source(value, old_folder, new_folder)
    return replace(node, parameters=FrozenMapping({**node.parameters, **changed})) if changed else node
