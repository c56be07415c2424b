"""Bring an export's graph back from the recipe that it carries."""

from __future__ import annotations

from pathlib import Path

from engine.checkpoints.provenance import read_recipe
from engine.document.model import Document
from engine.document.storage import parse_document


def open_export(path: Path) -> Document | None:
    """Return the graph that made an export, given its folder or one of its files; None for what is no export.

    Its relative paths count from the export's folder.

    Raises:
        CheckpointError: the file is damaged or can't be read.
        DocumentError: the recipe is of a version that this one does not read.
    """
    text = read_recipe(path)
    return None if text is None else parse_document(text)
