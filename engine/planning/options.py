"""What the caller of a run decides outside the graph."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from engine.operation import BLOCK_ENTRIES


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
    fingerprints: bool = True
    flush: bool = True
    """Whether to wait until the disk has the bytes; off only where a power cut may cost the export."""
    piece_entries: int | None = None
    """Entries per piece, a multiple of the block; None: as many as the memory admits. Results do not depend on it."""
    workers: int | None = None
    """Threads; None: as many as there are cores, 8 at most. Results do not depend on it."""

    def __post_init__(self) -> None:
        """Refuse what no run could be cut by.

        Raises:
            ValueError: pieces that are no multiple of the block, or no workers.
        """
        if self.piece_entries is not None and (self.piece_entries <= 0 or self.piece_entries % BLOCK_ENTRIES):
            message = f"piece_entries is {self.piece_entries}; it must be a positive multiple of {BLOCK_ENTRIES}"
            raise ValueError(message)
        if self.workers is not None and self.workers < 1:
            message = f"workers is {self.workers}; at least one thread must work"
            raise ValueError(message)
