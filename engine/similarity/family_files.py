"""The files behind a family of checkpoints: where their tensors lie, in which parts they are read, and what identifies them."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from engine.checkpoints.cache_file import YOUNGEST_NS
from engine.checkpoints.header import NOWHERE, DType, FileStamp, Header, Product, TensorSpec
from engine.errors import InputChangedError, NotFoundError

MOST_PARTS = 64
FEWEST_PART_ENTRIES = 1 << 24


@dataclass(frozen=True)
class FamilyFiles:
    """Hold a base and the checkpoints and adapters that are compared by their differences from it."""

    base: str
    vectors: tuple[str, ...]
    tensors: tuple[str, ...]
    """Those that all of them have in one shape, in the base's file order."""
    left_out: tuple[str, ...]
    headers: tuple[Header, ...]
    """The base's first, then those of `vectors`."""

    @property
    def stamps(self) -> tuple[FileStamp, ...]:
        """Return the files of all of them, each once."""
        return tuple({stamp.path: stamp for header in self.headers for stamp in header.files}.values())

    def specs(self, tensor: str, members: Sequence[int]) -> tuple[TensorSpec, ...]:
        """Return where a tensor of some members lies; a product, maybe of rank 0, is a difference from the base already."""
        base = self.headers[0].tensors[tensor]
        return tuple(self.headers[member].tensors.get(tensor) or _leave_alone(base, self.headers[member]) for member in members)

    @property
    def is_here(self) -> bool:
        """Tell whether all files lie on this machine: models of the Hub may not have been downloaded yet."""
        return all(stamp.path.exists() for stamp in self.stamps)


def _leave_alone(base: TensorSpec, adapter: Header) -> TensorSpec:
    """Return the difference of an adapter in a tensor that it does not adapt: zero."""
    columns = base.shape[-1] if base.shape else 1
    rows = base.count // max(columns, 1)
    path = adapter.files[0].path
    left, right = (TensorSpec(base.name, shape, DType.F32, path, 0) for shape in ((rows, 0), (0, columns)))
    return TensorSpec(base.name, base.shape, DType.F32, path, NOWHERE, Product(left, right, rows, 0, columns, Fraction(0)))


def cut_parts(base: Header) -> tuple[tuple[str, ...], ...]:
    """Return the floating-point tensors of a base in parts: what is stored, and read again after a kill, at a time.

    They hang on the base's header alone, so that figures of different families can be put together.
    """
    specs = [spec for spec in base.tensors.values() if spec.dtype.is_float]
    least = max(FEWEST_PART_ENTRIES, sum(spec.count for spec in specs) // MOST_PARTS)
    parts: list[tuple[str, ...]] = []
    names: list[str] = []
    entries = 0
    for spec in specs:
        names.append(spec.name)
        entries += spec.count
        if entries >= least:
            parts.append(tuple(names))
            names, entries = [], 0
    return (*parts, tuple(names)) if names else tuple(parts)


def identify_checkpoint(header: Header) -> str:
    """Return what stands for a checkpoint's contents in the cache.

    A digest over each file's real path, size, times of its contents and of its entry, and place on the disk. Hashing the contents
    would cost more than the figures themselves. Whoever changes a file and puts its size and time back is still found out by
    the time of its entry; one that was moved is measured anew.

    Raises:
        InputChangedError: a file is not as it was when its header was read.
        NotFoundError: a file is gone, or lies on the Hub still.
    """
    return hashlib.sha256(json.dumps([_identify_file(stamp) for stamp in header.files]).encode()).hexdigest()


def is_settled(header: Header) -> bool:
    """Tell whether the files have been left alone for so long that any change would show in their times."""
    newest_ns = time.time_ns() - YOUNGEST_NS
    return all(stamp.modified_ns < newest_ns for stamp in header.files)


def _identify_file(stamp: FileStamp) -> list[str | int]:
    try:
        state = stamp.path.stat()
    except OSError as error:
        fact = f"{stamp.path} is not there."
        raise NotFoundError(fact, "Put it back, or download it first.") from error
    if (state.st_size, state.st_mtime_ns) != (stamp.size_bytes, stamp.modified_ns):
        fact = f"{stamp.path} changed since its header was read."
        raise InputChangedError(fact, "Let whatever writes it finish, then try again.")
    return [str(stamp.path.resolve()), state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_ino]
