"""Which checkpoints of a graph a training on the disk could have begun from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from engine.checkpoints.header import Header
from engine.checkpoints.series_folder import list_series
from engine.checkpoints.sources import HUB_PREFIX, open_checkpoint
from engine.document.model import Document, Node, NodeId
from engine.errors import CheckpointError, ReadError
from engine.training_folder import CHECKPOINT_PATTERN


def find_series_bases(document: Document, series: Path, folder: Path) -> tuple[NodeId, ...]:
    """Return the checkpoint nodes that have the tensors of a training's first checkpoint, by headers alone; the Hub is not asked.

    Args:
        document: the graph.
        series: the folder that the training wrote its checkpoints to.
        folder: what relative paths of the graph count from.
    """
    shapes = _find_shapes(series)
    if not shapes:
        return ()
    models = (node_id for node_id, node in document.nodes.items() if node.operation == "checkpoint")
    return tuple(node_id for node_id in models if _read_shapes(document.nodes[node_id], folder) == shapes)


def _find_shapes(series: Path) -> Mapping[str, tuple[int, ...]]:
    """Return the shapes in the first checkpoint that can be read; a later one may be half written yet."""
    try:
        entries = list_series(series, CHECKPOINT_PATTERN).entries
    except (CheckpointError, ReadError):
        return {}
    return next((shapes for entry in entries if (shapes := _open_shapes(entry.name, series))), {})


def _read_shapes(node: Node, folder: Path) -> Mapping[str, tuple[int, ...]]:
    source = node.parameters.get("source")
    return _open_shapes(source, folder) if isinstance(source, str) and not source.startswith(HUB_PREFIX) else {}


def _open_shapes(source: str, folder: Path) -> Mapping[str, tuple[int, ...]]:
    try:
        return _list_shapes(open_checkpoint(source, folder))
    except (CheckpointError, ReadError):
        return {}


def _list_shapes(header: Header) -> Mapping[str, tuple[int, ...]]:
    return {spec.name: spec.shape for spec in header.tensors.values() if spec.dtype.is_float}
