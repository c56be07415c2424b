"""What no run can do without: reading the inputs once and writing as many bytes as the output, and nothing else."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_BUFFER_BYTES = 8 << 20


@dataclass(frozen=True)
class Floor:
    """Hold what reading, then writing took."""

    reading_seconds: float
    writing_seconds: float

    @property
    def seconds(self) -> float:
        """Return both together."""
        return self.reading_seconds + self.writing_seconds


def measure_floor(inputs: Sequence[Path], written_bytes: int, target: Path) -> Floor:
    """Read the files to their ends, then write a file of that size, through one buffer that is used again; the file is removed after."""
    buffer = memoryview(bytearray(_BUFFER_BYTES))
    started = time.perf_counter()
    for path in inputs:
        _read_file(path, buffer)
    between = time.perf_counter()
    _write_file(target, written_bytes, buffer)
    ended = time.perf_counter()
    target.unlink()
    return Floor(between - started, ended - between)


def list_inputs(family: Path) -> tuple[Path, ...]:
    """Return the weights' files of all checkpoints under a folder."""
    return tuple(sorted(family.glob("*/*.safetensors")))


def _read_file(path: Path, buffer: memoryview) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    offset = 0
    while count := os.preadv(descriptor, [buffer], offset):
        offset += count
    os.close(descriptor)


def _write_file(path: Path, size_bytes: int, buffer: memoryview) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    offset = 0
    while offset < size_bytes:
        offset += os.pwrite(descriptor, buffer[: size_bytes - offset], offset)
    os.close(descriptor)
