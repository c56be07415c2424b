"""Names, shapes, dtypes and file offsets of a checkpoint's tensors, known before a byte of them is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from math import prod
from pathlib import Path


class DType(StrEnum):
    """Name an element type as safetensors does."""

    F64 = "F64"
    F32 = "F32"
    F16 = "F16"
    BF16 = "BF16"
    F8_E5M2 = "F8_E5M2"
    F8_E4M3 = "F8_E4M3"
    F8_E5M2FNUZ = "F8_E5M2FNUZ"
    F8_E4M3FNUZ = "F8_E4M3FNUZ"
    F8_E8M0 = "F8_E8M0"
    I64 = "I64"
    I32 = "I32"
    I16 = "I16"
    I8 = "I8"
    U64 = "U64"
    U32 = "U32"
    U16 = "U16"
    U8 = "U8"
    BOOL = "BOOL"
    C64 = "C64"

    # Enum hashes its members in Python, which sets and tables of dtypes would ask for once a tensor.
    __hash__ = str.__hash__

    @property
    def size_bytes(self) -> int:
        """Return the bytes of one element."""
        return SIZE_BYTES[self]

    @property
    def is_float(self) -> bool:
        """Tell whether arithmetic applies (real floating point)."""
        return self in FLOATS


SIZE_BYTES: Mapping[DType, int] = {
    DType.F64: 8, DType.I64: 8, DType.U64: 8, DType.C64: 8,
    DType.F32: 4, DType.I32: 4, DType.U32: 4,
    DType.F16: 2, DType.BF16: 2, DType.I16: 2, DType.U16: 2,
    DType.F8_E5M2: 1, DType.F8_E4M3: 1, DType.F8_E5M2FNUZ: 1, DType.F8_E4M3FNUZ: 1, DType.F8_E8M0: 1,
    DType.I8: 1, DType.U8: 1, DType.BOOL: 1,
}  # fmt: skip
FLOATS = frozenset(
    {DType.F64, DType.F32, DType.F16, DType.BF16, DType.F8_E5M2, DType.F8_E4M3, DType.F8_E5M2FNUZ, DType.F8_E4M3FNUZ, DType.F8_E8M0}
)


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """Hold where one tensor lies: row-major, contiguous, little-endian."""

    name: str
    shape: tuple[int, ...]
    dtype: DType
    path: Path
    """The file that holds the bytes."""
    offset: int
    """The position of the first byte in that file; NOWHERE for a product."""
    product: Product | None = None
    """What it is made of, where no file holds it as a whole; `dtype` is then what it is computed in at least."""

    @property
    def count(self) -> int:
        """Return the number of entries (1 for a scalar, 0 when a dimension is 0)."""
        return prod(self.shape)

    @property
    def size_bytes(self) -> int:
        """Return the number of bytes."""
        return self.count * self.dtype.size_bytes

    @property
    def stored(self) -> tuple[TensorSpec, ...]:
        """Return what files hold of it: itself, or the factors of a product."""
        return (self.product.left, self.product.right) if self.product else (self,)


NOWHERE = -1
"""An offset that no read accepts: who takes a product for bytes of a file fails at once."""


@dataclass(frozen=True, slots=True)
class Product:
    """Hold a matrix as its factors: factor · left · right, (rows, columns) from (rows, rank) and (rank, columns), read row by row."""

    left: TensorSpec
    right: TensorSpec
    rows: int
    rank: int
    columns: int
    factor: Fraction
    is_turned: bool = False
    """Whether the file holds both factors transposed: left as (rank, rows), right as (columns, rank)."""


@dataclass(frozen=True, slots=True)
class FileStamp:
    """Identify a file's contents cheaply: a changed size or time means changed bytes."""

    path: Path
    size_bytes: int
    modified_ns: int


@dataclass(frozen=True)
class Header:
    """Hold all that is known of a checkpoint without reading its tensors."""

    source: str
    """The source as the user wrote it."""
    folder: Path | None
    """The model folder (config, tokenizer); None for a lone file."""
    tensors: Mapping[str, TensorSpec]
    """By name, in file order (file by file, by offset)."""
    files: tuple[FileStamp, ...]
    """Every file that holds tensors, in order."""
    metadata: Mapping[str, str] = field(default_factory=dict)
    """The safetensors `__metadata__` of the first file."""
    aliases: Mapping[str, str] = field(default_factory=dict)
    """Names that share another name's storage (tied weights in pickled files): alias → stored name."""
    resident_bytes: int = 0
    """Memory that opening this checkpoint holds while it is used (legacy pickles only)."""

    @property
    def parameters(self) -> int:
        """Return the number of entries that the files hold."""
        return sum(part.count for spec in self.tensors.values() for part in spec.stored)
