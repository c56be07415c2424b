"""The sums of two members of a family over the tensors of one part, and their bytes as the cache keeps them."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.similarity.gram_table import MAGNITUDE_BINS, Counts, Floats

if TYPE_CHECKING:
    from engine.similarity.row_sums import RowSums

_CHECK_BYTES = 4
_DTYPES = ("?", "<f8", "<i8", "<i8", "<i8")


@dataclass(frozen=True)
class PairSums:
    """Hold sums over P tensors of a part; filled in tensor by tensor."""

    known: NDArray[np.bool_]
    """(P,): which tensors they are known of."""
    products: Floats
    both: Counts
    signs: Counts
    magnitudes: Counts
    """(P, MAGNITUDE_BINS) for a member with itself; (0, MAGNITUDE_BINS) for two."""

    @staticmethod
    def empty(tensors: int, *, is_single: bool) -> PairSums:
        """Return sums of which nothing is known yet."""
        counts = np.zeros((2, tensors), np.int64)
        magnitudes = np.zeros((tensors if is_single else 0, MAGNITUDE_BINS), np.int64)
        return PairSums(np.zeros(tensors, np.bool_), np.zeros(tensors), counts[0], counts[1], magnitudes)

    def put(self, place: int, sums: RowSums, row: int, column: int) -> None:
        """Fill in one tensor from a row and a column of its sums."""
        self.known[place] = True
        self.products[place] = sums.products[row, column]
        self.both[place] = sums.both[row, column]
        self.signs[place] = sums.signs[row, column]
        if self.magnitudes.size:
            self.magnitudes[place] = sums.magnitudes[row]

    def covers(self, places: NDArray[np.intp]) -> bool:
        """Tell whether they are known of the tensors at these places of the part."""
        return bool(self.known[places].all())


def write_pair(sums: PairSums, seal: bytes) -> bytes:
    """Return the sums as bytes, before them a check sum that covers what they belong to (the seal) as well."""
    arrays = (sums.known, sums.products, sums.both, sums.signs, sums.magnitudes)
    content = b"".join(array.astype(dtype).tobytes() for array, dtype in zip(arrays, _DTYPES, strict=True))
    return zlib.crc32(content, zlib.crc32(seal)).to_bytes(_CHECK_BYTES, "little") + content


def read_pair(content: bytes, tensors: int, seal: bytes, *, is_single: bool) -> PairSums | None:
    """Return the sums that bytes hold; None when they are damaged, or another version's."""
    known, products, both, signs, magnitudes = _DTYPES
    layout = np.dtype([
        ("check", "<u4"), ("known", known, (tensors,)), ("products", products, (tensors,)), ("both", both, (tensors,)),
        ("signs", signs, (tensors,)), ("magnitudes", magnitudes, (tensors if is_single else 0, MAGNITUDE_BINS)),
    ])  # fmt: skip
    if len(content) != layout.itemsize:
        return None
    found = np.frombuffer(content, layout)[0]
    if zlib.crc32(content[_CHECK_BYTES:], zlib.crc32(seal)) != found["check"]:
        return None
    return PairSums(found["known"], found["products"], found["both"], found["signs"], found["magnitudes"])
