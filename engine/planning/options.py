"""What the caller of a run decides outside the graph."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True)
class RunOptions:
    """Hold the flags of `weightloom run` with their defaults."""

    output: Path | None = None
    """Stands in for the folder of the one output node; may lie anywhere."""
    device: str = "auto"
    """auto, cpu, cuda, cuda:N or mps."""
    memory_bytes: int | None = None
    """Bounds the whole process; None: half of the free memory."""
    staging: Literal["fresh", "resume", "restart"] = "fresh"
    overwrite: bool = False
    keep_partial: bool = False
    allow_outside: bool = False
    needs_folders: bool = True
    """Whether an export without a folder is refused; False to look at a plan only, as for the recipe that an export keeps."""
    measure_again: bool = False
    """Whether to measure also what an earlier run has measured of the very same weights and data."""
    fingerprints: bool = True
    flush: bool = True
    """Whether to wait until the disk has the bytes; off only where a power cut may cost the export."""
    piece_entries: int | None = None
    """Entries per piece, a multiple of the block; None: as many as the memory admits. Results do not depend on it."""
    workers: int | None = None
    """Threads; None: as many as there are cores, 8 at most. Results do not depend on it."""
