"""Input files that lie elsewhere now, known again by their SHA-256."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from engine.checkpoints.provenance import InputFingerprint


def find_moved_inputs(recorded: Iterable[InputFingerprint], hashes: Mapping[Path, str]) -> Mapping[InputFingerprint, Path]:
    """Return where the recorded inputs lie among hashed files, of several copies the one of the same name.

    Inputs that are not among them, or were recorded without a hash, are left out.
    """
    found: dict[InputFingerprint, Path] = {}
    for file in recorded:
        alike = [path for path, sha256 in hashes.items() if sha256 == file.sha256]
        if alike:
            found[file] = min(alike, key=lambda path: path.name != file.name)
    return found
