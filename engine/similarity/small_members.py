"""Small checkpoints made of the drawn blocks of large ones: what a graph can be tried on."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.checkpoints.header import DType, TensorSpec
from engine.checkpoints.positioned_io import FileSet, write_from
from engine.similarity.estimate import DrawnBlocks, draw_blocks, draw_in_proportion
from engine.similarity.family_files import FamilyFiles, identify_checkpoint


def draw_small(files: FamilyFiles, budget_bytes: int, *, in_proportion: bool) -> dict[str, DrawnBlocks]:
    """Return which blocks of each tensor of a family the small checkpoints are made of.

    Args:
        files: the family.
        budget_bytes: what all of them hold, about.
        in_proportion: whether each tensor is to have its share of the entries, as what is cut over the whole model needs it; else small
            tensors are whole.

    Raises:
        InputChangedError: a file is not as it was when its header was read.
    """
    everybody = range(len(files.headers))
    specs = {name: files.specs(name, everybody) for name in files.tensors}
    sizes = {name: (many[0].count, sum(spec.dtype.size_bytes for spec in many)) for name, many in specs.items()}
    seed = " ".join(identify_checkpoint(header) for header in files.headers)
    return (draw_in_proportion if in_proportion else draw_blocks)(sizes, seed, budget_bytes)


Add = Callable[[tuple[TensorSpec, ...], int, int], bytes]
"""(the base's tensor and an adapter's product, first entry, entries) → their sum as float64."""


def write_small(files: FamilyFiles, drawn: Mapping[str, DrawnBlocks], folder: Path, make_add: Callable[[FileSet], Add]) -> None:
    """Write one safetensors file for each member, called by `name_small`: 1-D tensors of the drawn blocks and what lies after the last.

    An adapter's holds what it makes of the base.

    Raises:
        ReadError: a file can't be read, or changed.
        OSError: the folder can't be written to.
    """
    with FileSet(files.stamps) as opened:
        reader = _Reader(opened, make_add(opened))
        for number in range(len(files.headers)):
            specs = {name: files.specs(name, (0, number)) for name in drawn}
            _write_member(specs, drawn, reader, folder / name_small(number))


def name_small(member: int) -> str:
    """Return the file name of a member's small checkpoint."""
    return f"member-{member}.safetensors"


def count_small(drawn: DrawnBlocks) -> int:
    """Return how many entries a tensor has in a small checkpoint."""
    return len(drawn.blocks) * drawn.block_entries + drawn.entries - drawn.total * drawn.block_entries


@dataclass(frozen=True)
class _Reader:
    """Read stretches of tensors as they go into a small checkpoint."""

    files: FileSet
    add: Add

    def read(self, specs: tuple[TensorSpec, ...], start: int, count: int) -> bytes:
        """Return some entries of a member's tensor; `specs` are the base's and its own."""
        own = specs[1]
        if own.product:
            return self.add(specs, start, count)
        content = bytearray(count * own.dtype.size_bytes)
        self.files.read_into(own.path, memoryview(content), own.offset + start * own.dtype.size_bytes)
        return bytes(content)


def _stored_dtype(specs: tuple[TensorSpec, ...]) -> DType:
    return DType.F64 if specs[1].product else specs[1].dtype


def _write_member(members: Mapping[str, tuple[TensorSpec, ...]], drawn: Mapping[str, DrawnBlocks], reader: _Reader, path: Path) -> None:
    entries: dict[str, object] = {}
    end = 0
    for name, blocks in drawn.items():
        dtype, count = _stored_dtype(members[name]), count_small(blocks)
        entries[name] = {"dtype": dtype, "shape": [count], "data_offsets": [end, end + count * dtype.size_bytes]}
        end += count * dtype.size_bytes
    text = json.dumps(entries).encode()
    with path.open("wb") as out:
        out.write(len(text).to_bytes(8, "little") + text)
        out.flush()
        position = 8 + len(text)
        for name, blocks in drawn.items():
            content = _read_blocks(members[name], blocks, reader)
            write_from(out.fileno(), memoryview(content), position)
            position += len(content)


def _read_blocks(specs: tuple[TensorSpec, ...], drawn: DrawnBlocks, reader: _Reader) -> bytes:
    size = drawn.block_entries
    blocks = [reader.read(specs, int(block) * size, size) for block in drawn.blocks]
    end = drawn.total * size
    return b"".join([*blocks, reader.read(specs, end, drawn.entries - end)])
