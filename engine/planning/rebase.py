"""A recipe that lies in the folder it made: its paths point from there to the same inputs."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from pathlib import Path

from engine.document.json_values import JsonValue
from engine.document.model import Node, NodeId
from engine.document.storage import format_document
from engine.planning.plan import Plan

_PATHS: Mapping[str, tuple[str, ...]] = {
    "checkpoint": ("source",),
    "test_set": ("source",),
    "measured_metrics": ("source",),
    "evaluate": ("prompts", "scorer"),
    "export_checkpoint": ("folder",),
    "export_vector": ("folder",),
}
"""Per operation the parameters that hold paths."""
HUB_PREFIX = "hub:"


def rebase_document(plan: Plan, sink: NodeId) -> str:
    """Return the text of the run's graph as it belongs into the folder of one of its outputs."""
    target = plan.targets[sink]
    nodes = {name: _rebase_node(node, plan.folder, target) for name, node in plan.document.nodes.items()}
    return format_document(dataclasses.replace(plan.document, nodes=nodes))


def _rebase_node(node: Node, folder: Path, target: Path) -> Node:
    changed = {name: _rebase(node.parameters[name], folder, target) for name in _PATHS.get(node.operation, ()) if name in node.parameters}
    return dataclasses.replace(node, parameters={**node.parameters, **changed}) if changed else node


def _rebase(value: JsonValue, folder: Path, target: Path) -> JsonValue:
    if not isinstance(value, str) or not value or value.startswith(HUB_PREFIX):
        return value
    path = Path(value).expanduser()
    if path.is_absolute():
        return value
    return Path(os.path.relpath(folder / path, target)).as_posix()
