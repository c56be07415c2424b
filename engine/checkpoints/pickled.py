"""The files of `torch.save`, whose tensors get specs with file offsets and stream like any other; PyTorch is not needed."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from math import prod
from pathlib import Path
from types import MappingProxyType

from engine.checkpoints.header import FileStamp, TensorSpec
from engine.checkpoints.positioned_io import stamp_file
from engine.checkpoints.safetensors import read_safetensors_header
from engine.checkpoints.state_dict import StateDict, choose_state_dict
from engine.checkpoints.stored_tensors import StoredTensors, damaged, open_for_header, read_span, unsupported
from engine.checkpoints.strided import StridedTensor, spool_rows
from engine.checkpoints.tensor_pickle import PickledTensor
from engine.checkpoints.torch_files import Span, TorchFile, read_old_format, read_zip_format
from engine.errors import CheckpointError

FILES_REMEMBERED = 64
SNIFFED_BYTES = 512
TAR_MARK = slice(257, 262)
TOO_LARGE = 2**63


def read_pickled_header(path: Path) -> StoredTensors:
    """Return what a `.pt`, `.pth`, `.bin` or `.ckpt` file holds; an unchanged file is looked at once in a process.

    Tensors that share their bytes are stored once, under the first name; the others are aliases. `metadata["ignored"]` names what
    lay beside the weights.

    Raises:
        NotFoundError: There is no such file.
        UnsafeFileError: Its pickle asks for more than tensors; nothing was run.
        CheckpointError: It is damaged, or of a kind that can't be streamed.
    """
    stored = _read_stamped(stamp_file(path))
    if not all(spool.path.exists() for spool in stored.stamps[1:]):
        _read_stamped.cache_clear()
        return _read_stamped(stamp_file(path))
    return stored


@lru_cache(FILES_REMEMBERED)
def _read_stamped(stamp: FileStamp) -> StoredTensors:
    with open_for_header(stamp) as file:
        first = read_span(file, 0, min(SNIFFED_BYTES, stamp.size_bytes))
    if first[8:9] == b"{":
        return read_safetensors_header(stamp.path)
    try:
        torch_file = _read_by_format(first, stamp)
        return _place_tensors(choose_state_dict(torch_file.content), torch_file.spans, stamp)
    except CheckpointError as error:
        error.located(path=str(stamp.path))
        raise


def _read_by_format(first: bytes, stamp: FileStamp) -> TorchFile:
    if first[:2] == b"PK":
        return read_zip_format(stamp)
    if first[:1] == b"\x80":
        return read_old_format(stamp)
    if first[TAR_MARK] == b"ustar":
        fact = "It is of PyTorch's tar format of before 2017, which can't be read without running code."
        raise unsupported(stamp, fact, "Load it with PyTorch where you trust it and save its state_dict() anew.")
    if first.startswith(b"version https://git-lfs"):
        fact = "The file is a Git LFS pointer, not the weights themselves."
        raise damaged(stamp, fact, "Run `git lfs pull` in its folder, or download the file.")
    fact = f"Its {stamp.size_bytes:,} bytes do not begin as a PyTorch checkpoint does."
    raise damaged(stamp, fact, "Check that it is a checkpoint, and download it again.")


def _place_tensors(chosen: StateDict, spans: Mapping[str, Span], stamp: FileStamp) -> StoredTensors:
    specs: list[TensorSpec] = []
    strided: dict[str, StridedTensor] = {}
    aliases: dict[str, str] = {}
    first_names: dict[PickledTensor, str] = {}
    for name, tensor in chosen.tensors.items():
        offset = _find_offset(name, tensor, spans[tensor.storage.key], stamp)
        stored_name = first_names.setdefault(tensor, name)
        if stored_name != name and 0 not in tensor.shape:
            aliases[name] = stored_name
        elif _is_row_major(tensor):
            specs.append(TensorSpec(name, tensor.shape, tensor.dtype, stamp.path, offset))
        else:
            strided[name] = StridedTensor(tensor.dtype, tensor.shape, tensor.strides, offset)
    specs.sort(key=lambda spec: spec.offset)
    tensors = {spec.name: spec for spec in specs}
    metadata = {"ignored": ", ".join(chosen.ignored)} if chosen.ignored else {}
    stamps = (stamp,)
    if strided:
        spool = spool_rows(stamp, strided)
        tensors |= spool.tensors
        stamps += spool.stamps
    return StoredTensors(stamps, MappingProxyType(tensors), MappingProxyType(metadata), MappingProxyType(aliases))


def _find_offset(name: str, tensor: PickledTensor, span: Span, stamp: FileStamp) -> int:
    """Return the tensor's first byte in the file, once its last is known to lie in its storage."""
    size_bytes = tensor.dtype.size_bytes
    end = tensor.offset
    if 0 not in tensor.shape:
        end += 1 + sum((length - 1) * stride for length, stride in zip(tensor.shape, tensor.strides, strict=True))
    if end * size_bytes > span.size_bytes or prod(length for length in tensor.shape if length) >= TOO_LARGE:
        layout = f"Its shape {list(tensor.shape)} and strides {list(tensor.strides)}"
        fact = f"{layout} reach entry {end:,} of a storage of {span.size_bytes:,} bytes."
        raise damaged(stamp, fact, tensor=name)
    return span.offset + tensor.offset * size_bytes


def _is_row_major(tensor: PickledTensor) -> bool:
    expected = 1
    for length, stride in zip(reversed(tensor.shape), reversed(tensor.strides), strict=True):
        if length != 1 and stride != expected:
            return 0 in tensor.shape
        expected *= length
    return True
