"""A checkpoint cut into shards, put together from their headers as its index says."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Set
from pathlib import Path, PureWindowsPath
from types import MappingProxyType

from engine.checkpoints.config import read_json_object
from engine.checkpoints.header import TensorSpec
from engine.checkpoints.pickled import read_pickled_header
from engine.checkpoints.safetensors import read_safetensors_header
from engine.checkpoints.stored_tensors import StoredTensors, list_names, shorten_name
from engine.errors import CheckpointError, DamagedFileError, Location, NotFoundError

INDEX_SUFFIX = ".index.json"
FETCH_ALL = "Download the whole folder again."


def read_sharded_header(index: Path) -> StoredTensors:
    """Return the tensors of all shards that an index names, shard by shard in the order of their names.

    Raises:
        NotFoundError: Shards are missing; the error names them.
        DamagedFileError: The index is malformed, or it and the shards disagree.
        CheckpointError: A shard can't be read.
    """
    names_by_shard = read_weight_map(index)
    missing = [shard for shard in names_by_shard if not (index.parent / shard).is_file()]
    if missing:
        fact = f"{len(missing):,} of {len(names_by_shard):,} shards are missing: {list_names(missing)}."
        raise NotFoundError(fact, "Download them into the folder.", Location(path=str(index)))
    return join_shards(index, names_by_shard, read_shard_header)


def is_inside(shard: str) -> bool:
    """Tell whether a name stays in its folder, on any system (a Windows path knows both slashes and drives)."""
    path = PureWindowsPath(shard)
    return bool(path.parts) and not path.anchor and ".." not in path.parts and shard.isprintable()


def join_shards(index: Path, names_by_shard: Mapping[str, frozenset[str]], read: Callable[[Path], StoredTensors]) -> StoredTensors:
    """Return the tensors of all shards; `read` gets the header of the shard that lies, or will lie, at a path.

    Raises:
        DamagedFileError: The index and the shards disagree.
        CheckpointError: A shard can't be read.
    """
    parts: list[StoredTensors] = []
    for shard, names in names_by_shard.items():
        stored = read(index.parent / shard)
        _check_names(names, stored, index, shard)
        parts.append(stored)
    return _join_parts(parts, index)


def read_shard_header(path: Path) -> StoredTensors:
    """Return what one shard's header says.

    Raises:
        CheckpointError: It can't be read.
    """
    return read_safetensors_header(path) if path.name.endswith(".safetensors") else read_pickled_header(path)


def read_weight_map(index: Path) -> Mapping[str, frozenset[str]]:
    """Return the tensors' names by shard, the shards in the order of their names.

    Raises:
        DamagedFileError: The index has no sound map, or one that leads out of its folder.
    """
    weight_map = read_json_object(index).get("weight_map")
    location = Location(path=str(index))
    if not isinstance(weight_map, dict) or not weight_map:
        fact = "The index has no “weight_map”."
        raise DamagedFileError(fact, FETCH_ALL, location)
    names_by_shard: dict[str, set[str]] = defaultdict(set)
    for name, shard in weight_map.items():
        if not isinstance(shard, str) or not is_inside(shard):
            fact = f"The index puts “{shorten_name(name)}” into “{shorten_name(str(shard))}”, which is no file of its folder."
            raise DamagedFileError(fact, FETCH_ALL, location)
        names_by_shard[shard].add(name)
    return {shard: frozenset(names_by_shard[shard]) for shard in sorted(names_by_shard)}


def _check_names(names: frozenset[str], stored: StoredTensors, index: Path, shard: str) -> None:
    held = stored.tensors.keys() | stored.aliases.keys()
    location = Location(path=str(index))
    if names - held:
        fact = f"{shard} lacks {_count(names - held)} that the index puts there: {list_names(sorted(names - held))}."
        raise DamagedFileError(fact, FETCH_ALL, location)
    surplus = stored.tensors.keys() - names
    if surplus:
        fact = f"{shard} holds {_count(surplus)} that the index does not put there: {list_names(sorted(surplus))}."
        raise DamagedFileError(fact, f"It is of another model or version. {FETCH_ALL}", location)


def _count(names: Set[str]) -> str:
    return f"{len(names):,} tensor{'' if len(names) == 1 else 's'}"


def _join_parts(parts: list[StoredTensors], index: Path) -> StoredTensors:
    tensors: dict[str, TensorSpec] = {}
    aliases: dict[str, str] = {}
    ignored = ", ".join(part.metadata["ignored"] for part in parts if "ignored" in part.metadata)
    for part in parts:
        tensors |= part.tensors
        aliases |= part.aliases
    if len(tensors) + len(aliases) != sum(len(part.tensors) + len(part.aliases) for part in parts):
        fact = "A tensor lies in two shards."
        raise CheckpointError(fact, FETCH_ALL, Location(path=str(index)))
    metadata = dict(parts[0].metadata) | ({"ignored": ignored} if ignored else {})
    stamps = tuple(stamp for part in parts for stamp in part.stamps)
    return StoredTensors(stamps, MappingProxyType(tensors), MappingProxyType(metadata), MappingProxyType(aliases))
