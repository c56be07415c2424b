"""What a file or folder dropped on the window stands for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from engine.adapter_bases import is_adapter
from engine.document.model import Document
from engine.errors import EngineError
from engine.export_recipe import open_export
from engine.training_folder import holds_series

_WEIGHTS = frozenset({".safetensors", ".pt", ".pth", ".bin", ".ckpt"})
_DATA = frozenset({".npz", ".csv", ".tsv", ".json", ".jsonl", ".txt", ".parquet"})
_PICTURES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp"})
_METRIC_COLUMNS = frozenset({"metric", "value"})
_HEAD_BYTES = 4096
_NODES = MappingProxyType(
    {
        "checkpoint": "checkpoint",
        "export": "checkpoint",
        "series": "series",
        "adapter": "lora_adapter",
        "test_set": "test_set",
        "metrics": "measured_metrics",
    }
)


@dataclass(frozen=True)
class Dropped:
    """Say what one path is."""

    kind: Literal["graph", "export", "checkpoint", "series", "adapter", "test_set", "metrics", "unknown"]
    path: Path
    graph: Document | None = None
    """The graph that an export carries."""
    reason: str = ""
    """Why it is nothing that the canvas takes."""

    @property
    def name(self) -> str:
        """Return what a node made of it is called; all adapters' files are called the same, so theirs is the folder's."""
        if self.kind == "adapter" and self.path.suffix and self.path.stem == "adapter_model":
            return self.path.parent.name
        return self.path.name if self.path.is_dir() else self.path.stem or self.path.name


def recognise(path: Path) -> Dropped:
    """Return what a path stands for, from its name and its first bytes."""
    try:
        return _recognise_folder(path) if path.is_dir() else _recognise_file(path)
    except (EngineError, OSError) as failure:
        return Dropped("unknown", path, reason=f"‘{path.name}’ can’t be read: {failure}")


def node_of(dropped: Dropped) -> str | None:
    """Return the operation whose `source` the path becomes."""
    return _NODES.get(dropped.kind)


def _recognise_file(path: Path) -> Dropped:
    ending = path.suffix.lower()
    if ending == ".loom":
        return Dropped("graph", path)
    if ending in _WEIGHTS and is_adapter(path):
        return Dropped("adapter", path)
    if ending in _WEIGHTS:
        graph = open_export(path) if ending == ".safetensors" else None
        return Dropped("checkpoint", path) if graph is None else Dropped("export", path.parent, graph)
    if ending == ".csv" and _holds_metrics(path):
        return Dropped("metrics", path)
    if ending in _DATA:
        return Dropped("test_set", path)
    return Dropped("unknown", path, reason=f"‘{path.name}’ is neither a checkpoint, nor data, nor a graph.")


def _recognise_folder(path: Path) -> Dropped:
    names = [entry for entry in sorted(path.iterdir()) if not entry.name.startswith(".")]
    if is_adapter(path):
        return Dropped("adapter", path)
    if holds_series(path):
        return Dropped("series", path)
    if any(entry.suffix.lower() in _WEIGHTS for entry in names):
        graph = open_export(path)
        return Dropped("checkpoint", path) if graph is None else Dropped("export", path, graph)
    if any(entry.suffix.lower() in _DATA for entry in names) or any(_holds_pictures(entry) for entry in names):
        return Dropped("test_set", path)
    return Dropped("unknown", path, reason=f"The folder ‘{path.name}’ holds neither weights nor data.")


def _holds_pictures(path: Path) -> bool:
    if path.is_dir():
        return any(entry.suffix.lower() in _PICTURES for entry in path.iterdir())
    return path.suffix.lower() in _PICTURES


def _holds_metrics(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES).decode("utf-8", errors="replace")
    columns = {column.strip().strip('"').lower() for column in head.partition("\n")[0].split(",")}
    return columns >= _METRIC_COLUMNS
