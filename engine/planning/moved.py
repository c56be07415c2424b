"""Inputs of an export's recipe that lie elsewhere now: found again by size and SHA-256, so that the user need not search."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from engine.checkpoints.fingerprints import Fingerprinter
from engine.checkpoints.header import FileStamp
from engine.checkpoints.moved_inputs import find_moved_inputs
from engine.checkpoints.positioned_io import stamp_file
from engine.checkpoints.provenance import InputFingerprint, read_inputs
from engine.document.model import NodeId
from engine.errors import EngineError
from engine.problems import Problem, warning

_SUFFIXES = (".safetensors", ".bin", ".pt", ".pth", ".ckpt")
_MOST_FILES = 5000
_LEVELS_UP = 2
"""Where inputs usually go on a move: the folder of the export, its neighbours and theirs."""


def find_moved(folder: Path, missing: Collection[NodeId], present: Collection[Path]) -> list[Problem]:
    """Return a warning that tells where the missing inputs of a recipe lie now; nothing for a document that is no export's.

    Args:
        folder: the document's folder; an export's recipe lies beside the tensors that name its inputs.
        missing: the nodes whose source is not there.
        present: the files of the sources that are there.
    """
    try:
        recorded = tuple(file for file in read_inputs(folder) if file.sha256) if missing else ()
        found = _search(folder.resolve(), recorded)
    except EngineError:
        # A hint that can't be given must not hide the problem it belongs to.
        return []
    elsewhere = sorted({str(path) for path in found.values()} - {str(path.resolve()) for path in present})
    if not elsewhere:
        return []
    message = f"Inputs of this recipe, known by their SHA-256, lie elsewhere now: {', '.join(elsewhere)}."
    return [warning(message, "Point the node there.", node=min(missing), field="source")]


def _search(folder: Path, recorded: Sequence[InputFingerprint]) -> Mapping[InputFingerprint, Path]:
    """Look around the folder, then around its parent: of several copies the nearest counts."""
    found: Mapping[InputFingerprint, Path] = {}
    for root in folder.parents[:_LEVELS_UP]:
        if len(found) == len(recorded) or root == Path(root.anchor):
            break
        sizes = {file.size_bytes for file in recorded}
        candidates = [stamp for stamp in _list_files(root) if stamp.size_bytes in sizes]
        with Fingerprinter() as fingerprinter:
            fingerprinter.start(candidates)
            found = {**find_moved_inputs(recorded, fingerprinter.results()), **found}
    return found


def _list_files(root: Path) -> Iterator[FileStamp]:
    seen = 0
    for place, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if name.endswith(_SUFFIXES):
                yield stamp_file(Path(place) / name)
            seen += 1
            if seen > _MOST_FILES:
                return
