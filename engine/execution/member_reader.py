"""Read stretches of a family's tensors as floats: what the Gram pass and its estimate see of the files."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from engine.checkpoints.header import TensorSpec
from engine.checkpoints.positioned_io import FileSet, InputFile
from engine.errors import ReadError
from engine.execution.buffers import view_bytes
from engine.execution.dtypes import TORCH_DTYPES

_WIDEST_BYTES = 8


class MemberReader:
    """Read one tensor of several checkpoints; one for each thread, its buffer is used again."""

    def __init__(self, files: FileSet) -> None:
        """Turn to no tensor yet."""
        self._files = files
        self._specs: Sequence[TensorSpec] = ()
        self._open: list[InputFile] = []
        self._raw = torch.empty(0, dtype=torch.uint8)

    def turn_to(self, specs: Sequence[TensorSpec]) -> None:
        """Read from these tensors from now on, one for each member.

        Raises:
            ReadError: a file can't be opened, or changed.
        """
        self._specs = specs
        self._open = [self._files.file(spec.path) for spec in specs]

    def load(self, member: int, start: int, out: torch.Tensor) -> None:
        """Fill `out` (1-D, float32 or float64) with a member's entries from `start` on.

        Raises:
            ReadError: they can't be read.
        """
        spec = self._specs[member]
        dtype = TORCH_DTYPES[spec.dtype]
        position = spec.offset + start * dtype.itemsize
        try:
            if dtype == out.dtype:
                self._open[member].read_into(view_bytes(out.view(torch.uint8)), position)
                return
            raw = self._take(out.numel() * dtype.itemsize)
            self._open[member].read_into(view_bytes(raw), position)
        except ReadError as error:
            raise error.located(tensor=spec.name, path=str(spec.path)) from error.__cause__
        out.copy_(raw.view(dtype))

    def _take(self, size_bytes: int) -> torch.Tensor:
        if self._raw.numel() < size_bytes:
            self._raw = torch.empty(size_bytes + -size_bytes % _WIDEST_BYTES, dtype=torch.uint8)
        return self._raw[:size_bytes]


def find_precision(specs: Sequence[TensorSpec]) -> torch.dtype:
    """Return what differences of these tensors are computed in: float64 where one of them is stored so, else float32."""
    return torch.float64 if any(TORCH_DTYPES[spec.dtype] == torch.float64 for spec in specs) else torch.float32
