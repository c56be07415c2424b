"""Tensors that a pickle holds transposed or in steps, written row by row into a spool beside our caches.

A spec promises contiguous rows, which such tensors have not. They are rare and are copied once for each state of the file, a
piece at a time; the spool is a safetensors file and streams like any other.
"""

from __future__ import annotations

import json
import os
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile

import numpy as np
import numpy.typing as npt

from engine.cache_folder import cache_folder
from engine.checkpoints.header import DType, FileStamp
from engine.checkpoints.positioned_io import explain_write_failure, write_from
from engine.checkpoints.safetensors import read_safetensors_header
from engine.checkpoints.stored_tensors import StoredTensors, unsupported
from engine.errors import CheckpointError

PIECE_BYTES = 1 << 24
ALWAYS_ALLOWED_BYTES = 1 << 26
"""Expanded tensors may grow beyond their file up to here; a hostile one of a few bytes could claim terabytes."""


@dataclass(frozen=True, slots=True)
class StridedTensor:
    """Hold a tensor whose rows are not contiguous; its farthest entry has been held against its storage."""

    dtype: DType
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    """In elements."""
    offset: int
    """Of its first entry, in bytes of the file."""

    @property
    def size_bytes(self) -> int:
        """Return the bytes it takes as rows."""
        size = self.dtype.size_bytes
        for length in self.shape:
            size *= length
        return size


def spool_rows(stamp: FileStamp, tensors: Mapping[str, StridedTensor]) -> StoredTensors:
    """Return where the tensors of the file lie as rows, after copying them unless that was done before.

    Raises:
        CheckpointError: As rows they would be far larger than their file.
        WriteError: The spool can't be written.
    """
    total_bytes = sum(tensor.size_bytes for tensor in tensors.values())
    if total_bytes > max(stamp.size_bytes, ALWAYS_ALLOWED_BYTES):
        fact = f"{len(tensors):,} expanded tensors take {total_bytes:,} bytes as rows, their file only {stamp.size_bytes:,}."
        raise unsupported(stamp, fact, "Call .contiguous() on them before saving.", next(iter(tensors)))
    path = _name_spool(stamp)
    try:
        stored = read_safetensors_header(path)
    except CheckpointError:
        stored = None
    if stored is None or stored.tensors.keys() != tensors.keys():
        _write_spool(path, stamp, tensors)
        stored = read_safetensors_header(path)
    return stored


def _name_spool(stamp: FileStamp) -> Path:
    """Return a name that tells the source, then its state, so that spools of earlier states can be found."""
    where = sha256(os.fsencode(stamp.path.absolute())).hexdigest()[:24]
    state = sha256(f"{stamp.size_bytes} {stamp.modified_ns}".encode()).hexdigest()[:24]
    return cache_folder() / "strided" / f"{where}-{state}.safetensors"


def _write_spool(path: Path, stamp: FileStamp, tensors: Mapping[str, StridedTensor]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for old in path.parent.glob(f"{path.name.partition('-')[0]}-*"):
            old.unlink()
        with NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as file:
            part = Path(file.name)
            try:
                _write_rows(file.fileno(), stamp, tensors)
            except BaseException:
                file.close()
                part.unlink()
                raise
        part.replace(path)
    except OSError as error:
        raise explain_write_failure(error, 0, 0).located(path=str(path)) from error


def _write_rows(descriptor: int, stamp: FileStamp, tensors: Mapping[str, StridedTensor]) -> None:
    entries: dict[str, object] = {}
    end = 0
    for name, tensor in tensors.items():
        entries[name] = {"dtype": tensor.dtype, "shape": tensor.shape, "data_offsets": [end, end + tensor.size_bytes]}
        end += tensor.size_bytes
    text = json.dumps(entries).encode()
    write_from(descriptor, memoryview(len(text).to_bytes(8, "little") + text), 0)
    position = 8 + len(text)
    for tensor in tensors.values():
        for piece in _cut(_view(stamp.path, tensor)):
            rows = np.ascontiguousarray(piece)
            write_from(descriptor, rows.data, position)
            position += rows.nbytes


def _view(path: Path, tensor: StridedTensor) -> npt.NDArray[np.unsignedinteger]:
    element = np.dtype(f"<u{tensor.dtype.size_bytes}")
    entries = 1 + sum((length - 1) * stride for length, stride in zip(tensor.shape, tensor.strides, strict=True))
    mapped = np.memmap(path, element, "r", tensor.offset, (entries,))
    strides = [stride * element.itemsize for stride in tensor.strides]
    return np.lib.stride_tricks.as_strided(mapped, tensor.shape, strides, writeable=False)


def _cut(view: npt.NDArray[np.unsignedinteger]) -> Generator[npt.NDArray[np.unsignedinteger]]:
    """Yield parts of at most a piece, in row-major order."""
    if view.nbytes <= PIECE_BYTES:
        yield view
        return
    row_bytes = view.nbytes // view.shape[0]
    if row_bytes > PIECE_BYTES:
        for row in view:
            yield from _cut(row)
        return
    step = PIECE_BYTES // row_bytes
    for first in range(0, view.shape[0], step):
        yield view[first : first + step]
