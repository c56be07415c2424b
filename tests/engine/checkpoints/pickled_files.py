"""Files of `torch.save` to read, and what they must be read as."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from engine.checkpoints.header import TensorSpec
from engine.checkpoints.stored_tensors import StoredTensors

FORMATS = pytest.mark.parametrize("is_zip", [True, False], ids=["zip", "old"])


def save(path: Path, content: object, *, is_zip: bool = True) -> Path:
    torch.save(content, path, _use_new_zipfile_serialization=is_zip)
    return path


def read_bytes(spec: TensorSpec) -> bytes:
    with spec.path.open("rb") as file:
        file.seek(spec.offset)
        return file.read(spec.size_bytes)


def tensor_bytes(tensor: torch.Tensor) -> bytes:
    return tensor.detach().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes() if tensor.numel() else b""


def check_all(stored: StoredTensors, tensors: dict[str, torch.Tensor]) -> None:
    assert set(stored.tensors) == set(tensors)
    for name, tensor in tensors.items():
        assert stored.tensors[name].shape == tuple(tensor.shape)
        assert read_bytes(stored.tensors[name]) == tensor_bytes(tensor)


def replace_in_zip(path: Path, edit: Callable[[bytes], bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    """Return the archive with its pickle edited."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(buffer, "w", compression) as target:
        for name in source.namelist():
            target.writestr(name, edit(source.read(name)) if name.endswith("data.pkl") else source.read(name))
    return buffer.getvalue()
