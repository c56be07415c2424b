"""The header of a safetensors file, held against the file before anything in it is trusted.

A file is 8 bytes (the header's length, little-endian), the header (a JSON object) and the tensors' bytes. As in the format's own
library, the tensors must fill the rest of the file exactly: no overlap, no gap, nothing after the last.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from engine.checkpoints.header import FileStamp, TensorSpec
from engine.checkpoints.positioned_io import stamp_file
from engine.checkpoints.safetensors_text import CUT_FILE, WRITE_AGAIN, read_header_text
from engine.checkpoints.stored_tensors import StoredTensors, damaged, open_for_header, read_span
from engine.errors import CheckpointError

PREFIX_BYTES = 8
LARGEST_HEADER_BYTES = 100_000_000
"""The bound of the format's own library."""
HEADERS_REMEMBERED = 256


def read_safetensors_header(path: Path) -> StoredTensors:
    """Return what the file's header says; an unchanged file's header is read once in a process.

    Raises:
        NotFoundError: There is no such file.
        DamagedFileError: The header contradicts itself or the file.
        CheckpointError: The file can't be read, or holds a dtype of less than a byte.
    """
    return _read_stamped(stamp_file(path))


def measure_header(prefix: bytes, stamp: FileStamp) -> int:
    """Return the header's length in bytes, as the file's first 8 bytes say.

    Raises:
        DamagedFileError: It is larger than the file, or than any header may be.
    """
    if len(prefix) < PREFIX_BYTES:
        fact = f"The file has {stamp.size_bytes:,} bytes; a safetensors file has at least 8."
        raise damaged(stamp, fact, CUT_FILE)
    if prefix == b"version ":
        fact = "The file is a Git LFS pointer, not the weights themselves."
        raise damaged(stamp, fact, "Run `git lfs pull` in its folder, or download the file.")
    length = int.from_bytes(prefix[:PREFIX_BYTES], "little")
    if length > LARGEST_HEADER_BYTES:
        fact = f"The header claims {length:,} bytes; at most {LARGEST_HEADER_BYTES:,} are allowed. This is hardly a safetensors file."
        raise damaged(stamp, fact, WRITE_AGAIN)
    if length > stamp.size_bytes - PREFIX_BYTES:
        fact = f"The header claims {length:,} bytes, but the file has {stamp.size_bytes:,} in all."
        raise damaged(stamp, fact, CUT_FILE)
    return length


def parse_safetensors_header(text: bytes, stamp: FileStamp) -> StoredTensors:
    """Return what a header says of the file with this stamp; `text` is the JSON after the 8 bytes of its length.

    Where `safetensors.torch.save_model` left tied weights out, the metadata maps each such name to the stored one: an alias.

    Raises:
        DamagedFileError: The header contradicts itself or the file's size.
        CheckpointError: It holds a dtype of less than a byte.
    """
    try:
        said = read_header_text(text, PREFIX_BYTES + len(text), stamp.size_bytes)
    except CheckpointError as error:
        error.located(path=str(stamp.path))
        raise
    tensors = {name: TensorSpec(name, shape, dtype, stamp.path, begin) for begin, _, name, shape, dtype in said.tensors}
    return StoredTensors((stamp,), MappingProxyType(tensors), said.metadata, said.aliases)


@lru_cache(HEADERS_REMEMBERED)
def _read_stamped(stamp: FileStamp) -> StoredTensors:
    with open_for_header(stamp) as file:
        length = measure_header(read_span(file, 0, min(PREFIX_BYTES, stamp.size_bytes)), stamp)
        text = read_span(file, PREFIX_BYTES, length)
    return parse_safetensors_header(text, stamp)
