"""Small checkpoints made of the drawn blocks of large ones: what a graph can be tried on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from engine.checkpoints.header import Header
from engine.checkpoints.positioned_io import FileSet, write_from
from engine.similarity.estimate import DrawnBlocks, draw_blocks
from engine.similarity.family_files import FamilyFiles, identify_checkpoint


def draw_small(files: FamilyFiles, budget_bytes: int) -> dict[str, DrawnBlocks]:
    """Return which blocks of each tensor of a family the small checkpoints are made of.

    Raises:
        InputChangedError: a file is not as it was when its header was read.
    """
    everybody = range(len(files.headers))
    specs = {name: files.specs(name, everybody) for name in files.tensors}
    sizes = {name: (many[0].count, sum(spec.dtype.size_bytes for spec in many)) for name, many in specs.items()}
    seed = " ".join(identify_checkpoint(header) for header in files.headers)
    return draw_blocks(sizes, seed, budget_bytes)


def write_small(files: FamilyFiles, drawn: Mapping[str, DrawnBlocks], folder: Path) -> None:
    """Write one safetensors file for each member, called by `name_small`: 1-D tensors of the drawn blocks and what lies after the last.

    Raises:
        ReadError: a file can't be read, or changed.
        OSError: the folder can't be written to.
    """
    with FileSet(files.stamps) as opened:
        for number, header in enumerate(files.headers):
            _write_member(header, drawn, opened, folder / name_small(number))


def name_small(member: int) -> str:
    """Return the file name of a member's small checkpoint."""
    return f"member-{member}.safetensors"


def count_small(drawn: DrawnBlocks) -> int:
    """Return how many entries a tensor has in a small checkpoint."""
    return len(drawn.blocks) * drawn.block_entries + drawn.entries - drawn.total * drawn.block_entries


def _write_member(header: Header, drawn: Mapping[str, DrawnBlocks], files: FileSet, path: Path) -> None:
    entries: dict[str, object] = {}
    end = 0
    for name, blocks in drawn.items():
        dtype, count = header.tensors[name].dtype, count_small(blocks)
        entries[name] = {"dtype": dtype, "shape": [count], "data_offsets": [end, end + count * dtype.size_bytes]}
        end += count * dtype.size_bytes
    text = json.dumps(entries).encode()
    with path.open("wb") as out:
        out.write(len(text).to_bytes(8, "little") + text)
        out.flush()
        position = 8 + len(text)
        for name, blocks in drawn.items():
            content = _read_blocks(header, name, blocks, files)
            write_from(out.fileno(), memoryview(content), position)
            position += len(content)


def _read_blocks(header: Header, name: str, drawn: DrawnBlocks, files: FileSet) -> bytearray:
    spec = header.tensors[name]
    width, size = spec.dtype.size_bytes, drawn.block_entries
    content = bytearray(count_small(drawn) * width)
    view = memoryview(content)
    for index, block in enumerate(drawn.blocks):
        files.read_into(spec.path, view[index * size * width : (index + 1) * size * width], spec.offset + int(block) * size * width)
    done = len(drawn.blocks) * size * width
    if done < len(content):
        files.read_into(spec.path, view[done:], spec.offset + drawn.total * size * width)
    return content
