"""Read stretches of a family's tensors as floats: what the Gram pass and its estimate see of the files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray

from engine.checkpoints.header import TensorSpec
from engine.checkpoints.positioned_io import FileSet, InputFile
from engine.errors import ReadError
from engine.execution.buffers import view_bytes
from engine.execution.dtypes import TORCH_DTYPES
from engine.execution.factors import FactorReader
from engine.execution.low_rank_rows import Factors, fill_rows

_MOST_CUTS = 64


@dataclass(frozen=True, slots=True)
class _Place:
    """Hold where one member's tensor is read from."""

    file: InputFile
    spec: TensorSpec
    dtype: torch.dtype
    factors: Factors | None = None
    """Of an adapter's product; None also where it leaves the tensor alone."""


class MemberReader:
    """Read one tensor of several checkpoints; one for each thread, its buffer is used again."""

    def __init__(self, files: FileSet) -> None:
        """Turn to no tensor yet."""
        self._files = files
        self._factors = FactorReader(files)
        self._places: list[_Place] = []
        self._raw = torch.empty(0, dtype=torch.uint8)
        self._cuts: dict[tuple[torch.dtype, int], tuple[memoryview, torch.Tensor]] = {}

    def turn_to(self, specs: Sequence[TensorSpec]) -> None:
        """Read from these tensors from now on, one for each member.

        Raises:
            ReadError: a file can't be opened, or changed.
        """
        before = {place.spec: place.factors for place in self._places if place.factors}
        self._places = [
            _Place(self._files.file(spec.path), spec, TORCH_DTYPES[spec.dtype], self._find_factors(spec, before)) for spec in specs
        ]

    def load(self, member: int, start: int, out: torch.Tensor) -> None:
        """Fill `out` (1-D, float32 or float64) with a member's entries from `start` on.

        Raises:
            ReadError: they can't be read.
        """
        place = self._places[member]
        if place.spec.product:
            if place.factors:
                fill_rows(out, place.factors, start)
            else:
                out.zero_()
        elif place.dtype == out.dtype:
            self._read(place, view_bytes(out.view(torch.uint8)), start)
        else:
            raw, stored = self._cut(place.dtype, out.numel())
            self._read(place, raw, start)
            out.copy_(stored)

    def load_halves(self, member: int, start: int, out: NDArray[np.uint16]) -> bool:
        """Fill `out` with a member's entries from `start` on as bfloat16 bits, and return whether they are stored so.

        Raises:
            ReadError: they can't be read.
        """
        place = self._places[member]
        is_half = place.dtype == torch.bfloat16 and not place.spec.product
        if is_half:
            self._read(place, memoryview(cast("bytearray", out)).cast("B"), start)
        return is_half

    def is_difference(self, member: int) -> bool:
        """Tell whether a member's entries are a difference from the base already: those of an adapter's products are."""
        return self._places[member].spec.product is not None

    def _read(self, place: _Place, into: memoryview, start: int) -> None:
        try:
            place.file.read_into(into, place.spec.offset + start * place.dtype.itemsize)
        except ReadError as error:
            raise error.located(tensor=place.spec.name, path=str(place.spec.path)) from error.__cause__

    def _find_factors(self, spec: TensorSpec, before: Mapping[TensorSpec, Factors]) -> Factors | None:
        if spec.product is None or not spec.product.rank:
            return None
        return before.get(spec) or self._factors.read(spec.product)

    def _cut(self, dtype: torch.dtype, count: int) -> tuple[memoryview, torch.Tensor]:
        """Return the buffer cut to so many entries, as bytes and as numbers."""
        size_bytes = count * dtype.itemsize
        if self._raw.numel() < size_bytes:
            self._raw = torch.empty(size_bytes, dtype=torch.uint8)
            self._cuts.clear()
        found = self._cuts.get((dtype, count))
        if found is None:
            if len(self._cuts) > _MOST_CUTS:
                self._cuts.clear()
            raw = self._raw[:size_bytes]
            found = self._cuts[dtype, count] = (view_bytes(raw), raw.view(dtype))
        return found


def find_precision(specs: Sequence[TensorSpec]) -> torch.dtype:
    """Return what differences of these tensors are computed in: float64 where one of them is stored so, else float32."""
    return torch.float64 if any(TORCH_DTYPES[spec.dtype] == torch.float64 for spec in specs) else torch.float32
