"""Which tensor of an export lies in which shard at which position, decided before a byte is written.

A function of its arguments alone, so that the same export has the same bytes everywhere.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias

from engine.checkpoints.header import DType, TensorSpec
from engine.checkpoints.safetensors import LARGEST_HEADER_BYTES, PREFIX_BYTES
from engine.errors import WriteError

INDEX_NAME = "model.safetensors.index.json"
HEADER_ALIGNMENT = 8
"""safetensors pads its header with spaces, so that the first tensor begins at a multiple of 8."""
FRAMEWORK = {"format": "pt"}
"""What transformers asks of `__metadata__`."""
PLACEHOLDER_LENGTH = 64
"""The length of a SHA-256 in hexadecimal digits."""

TensorEntry: TypeAlias = tuple[str, tuple[int, ...], DType]
"""Name, shape and dtype of a tensor to be written."""


@dataclass(frozen=True, slots=True)
class ShardLayout:
    """Hold one file of an export as it will be."""

    name: str
    size_bytes: int
    header: bytes
    """Everything before the tensors: 8 bytes of length, then the padded JSON."""
    tensors: Mapping[str, TensorSpec]
    """By name, by position; each offset counts from the beginning of the file, each path is the file's name."""


@dataclass(frozen=True, slots=True)
class Patch:
    """Hold bytes that replace as many others in a file of an export."""

    name: str
    offset: int
    content: bytes


def lay_out(tensors: Sequence[TensorEntry], shard_bytes: int, metadata: Mapping[str, str]) -> tuple[ShardLayout, ...]:
    """Return the shards that hold the tensors, each with the whole metadata.

    A shard takes tensors in the order given until the next would make it larger than `shard_bytes`; a larger one has a shard of its own.

    Raises:
        WriteError: A shard's header would be larger than the format allows.
    """
    groups = _split(tensors, shard_bytes)
    names = ["model.safetensors"] if len(groups) == 1 else [_name_shard(number, len(groups)) for number in range(1, len(groups) + 1)]
    texts = {**metadata, **FRAMEWORK}
    return tuple(_lay_out_shard(name, _align(group), texts) for name, group in zip(names, groups, strict=True))


def make_index(shards: Sequence[ShardLayout]) -> bytes | None:
    """Return the file that says which shard holds which tensor, or None for a single shard, which needs none."""
    if len(shards) == 1:
        return None
    total_bytes = sum(spec.size_bytes for shard in shards for spec in shard.tensors.values())
    places = {name: shard.name for shard in shards for name in shard.tensors}
    index = {"metadata": {"total_size": total_bytes}, "weight_map": places}
    return (json.dumps(index, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()


def make_placeholder(number: int) -> str:
    """Return a text that stands for the fingerprint of input `number` until that is known."""
    return f"fingerprint~{number:~>{PLACEHOLDER_LENGTH - 12}}"


def patch_metadata(shards: Iterable[ShardLayout], values: Mapping[str, str]) -> tuple[Patch, ...]:
    """Return the writes that put the final values in place of their placeholders, in every shard.

    Raises:
        WriteError: A value is not as long as its placeholder, would need escaping, or has no place in a header.
    """
    for placeholder, value in values.items():
        _check_value(placeholder, value)
    return tuple(
        Patch(shard.name, offset, value.encode())
        for shard in shards
        for placeholder, value in values.items()
        for offset in _find_all(shard, placeholder.encode())
    )


def _split(tensors: Sequence[TensorEntry], shard_bytes: int) -> list[list[TensorEntry]]:
    groups: list[list[TensorEntry]] = [[]]
    filled_bytes = 0
    for tensor in tensors:
        size_bytes = _measure(tensor)
        if groups[-1] and filled_bytes + size_bytes > shard_bytes:
            groups.append([])
            filled_bytes = 0
        groups[-1].append(tensor)
        filled_bytes += size_bytes
    return groups


def _measure(tensor: TensorEntry) -> int:
    _, shape, dtype = tensor
    return prod(shape) * dtype.size_bytes


def _name_shard(number: int, count: int) -> str:
    return f"model-{number:05}-of-{count:05}.safetensors"


def _align(group: Sequence[TensorEntry]) -> Sequence[TensorEntry]:
    """Return the tensors in an order in which each begins at a multiple of its element's size: the order given, wherever it does.

    Readers that map the file need it; the format admits no filling between tensors.
    """
    position = 0
    for tensor in group:
        if position % tensor[2].size_bytes:
            return sorted(group, key=lambda entry: -entry[2].size_bytes)
        position += _measure(tensor)
    return group


def _lay_out_shard(name: str, group: Sequence[TensorEntry], metadata: Mapping[str, str]) -> ShardLayout:
    entries: dict[str, object] = {"__metadata__": dict(sorted(metadata.items()))}
    position = 0
    for tensor in group:
        end = position + _measure(tensor)
        entries[tensor[0]] = {"dtype": str(tensor[2]), "shape": tensor[1], "data_offsets": (position, end)}
        position = end
    header = _encode_header(name, entries)
    tensors: dict[str, TensorSpec] = {}
    place = len(header)
    for tensor_name, shape, dtype in group:
        tensors[tensor_name] = TensorSpec(tensor_name, tuple(shape), dtype, Path(name), place)
        place += tensors[tensor_name].size_bytes
    return ShardLayout(name, len(header) + position, header, MappingProxyType(tensors))


def _encode_header(name: str, entries: Mapping[str, object]) -> bytes:
    text = json.dumps(entries, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % HEADER_ALIGNMENT)
    if len(text) > LARGEST_HEADER_BYTES:
        fact = f"The header of {name} would have {len(text):,} bytes; safetensors allows {LARGEST_HEADER_BYTES:,}."
        raise WriteError(fact, "Choose a smaller shard_size, so that each shard holds fewer tensors.")
    return len(text).to_bytes(PREFIX_BYTES, "little") + text


def _check_value(placeholder: str, value: str) -> None:
    if len(value.encode()) != len(placeholder.encode()) or not value.isalnum():
        fact = f"“{value}” can't take the place of a fingerprint of {len(placeholder)} digits and letters."
        raise WriteError(fact, "Run again with --fingerprints off, and report this as a bug.")


def _find_all(shard: ShardLayout, placeholder: bytes) -> list[int]:
    offsets: list[int] = []
    offset = shard.header.find(placeholder)
    while offset >= 0:
        offsets.append(offset)
        offset = shard.header.find(placeholder, offset + len(placeholder))
    if not offsets:
        fact = f"The header of {shard.name} has no place for a fingerprint ({placeholder.decode()})."
        raise WriteError(fact, "Run again with --fingerprints off, and report this as a bug.")
    return offsets
