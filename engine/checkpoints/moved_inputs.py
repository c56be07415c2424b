"""Input files that lie elsewhere now, known again by their size and then their SHA-256."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from engine.checkpoints.header import FileStamp
from engine.checkpoints.provenance import InputFingerprint


def find_moved_inputs(
    recorded: Sequence[InputFingerprint], candidates: Iterable[FileStamp], hash_file: Callable[[FileStamp], str]
) -> Mapping[InputFingerprint, Path]:
    """Return where the recorded inputs lie among the candidates; those not found, or recorded without a hash, are left out.

    Only candidates of the right size are hashed, each once, those of the same name first.
    """
    by_size: dict[int, list[FileStamp]] = {}
    for stamp in candidates:
        by_size.setdefault(stamp.size_bytes, []).append(stamp)
    hashes: dict[FileStamp, str] = {}
    found: dict[InputFingerprint, Path] = {}
    for file in recorded:
        alike = sorted(by_size.get(file.size_bytes, ()), key=lambda stamp: stamp.path.name != file.name) if file.sha256 else ()
        for stamp in alike:
            if stamp not in hashes:
                hashes[stamp] = hash_file(stamp)
            if hashes[stamp] == file.sha256:
                found[file] = stamp.path
                break
    return found
