"""Adapters that lie on the disk: what is one, and which checkpoints of a graph it could have been trained on."""

from __future__ import annotations

from pathlib import Path

from engine.checkpoints.adapter_config import CONFIG_NAME
from engine.checkpoints.adapters import WEIGHTS_NAMES, open_adapter
from engine.checkpoints.safetensors import read_safetensors_header
from engine.checkpoints.sources import HUB_PREFIX, open_checkpoint
from engine.document.model import Document, NodeId
from engine.errors import CheckpointError, ReadError

_SIGNS = (".lora_A", ".lora_B", ".lora_embedding_", ".lora_down.", ".lora_up.", ".hada_w", ".lokr_w", ".ia3_l")
"""In the names of adapters' tensors, also of kinds that a node then refuses with the reason."""


def is_adapter(path: Path) -> bool:
    """Tell whether a folder or file holds an adapter and no model.

    Raises:
        CheckpointError: the file is damaged or can't be read.
        OSError: the folder can't be looked at.
    """
    if path.is_dir():
        return (path / CONFIG_NAME).is_file()
    if path.name in WEIGHTS_NAMES and (path.parent / CONFIG_NAME).is_file():
        return True
    return path.suffix.lower() == ".safetensors" and any(sign in name for name in read_safetensors_header(path).tensors for sign in _SIGNS)


def find_adapter_bases(document: Document, adapter: Path, folder: Path) -> tuple[NodeId, ...]:
    """Return the checkpoint nodes that have a place for all of an adapter's tensors, by headers alone; the Hub is not asked.

    Args:
        document: the graph.
        adapter: a folder that PEFT wrote, or its file of weights.
        folder: what relative paths of the graph count from.
    """
    models = (node_id for node_id, node in document.nodes.items() if node.operation == "checkpoint")
    return tuple(node_id for node_id in models if _fits(document.nodes[node_id].parameters.get("source"), adapter, folder))


def _fits(source: object, adapter: Path, folder: Path) -> bool:
    if not isinstance(source, str) or source.startswith(HUB_PREFIX):
        return False
    try:
        header = open_checkpoint(source, folder)
        open_adapter(str(adapter), folder, {spec.name: spec.shape for spec in header.tensors.values() if spec.dtype.is_float})
    except (CheckpointError, ReadError):
        return False
    return True
