"""The story an export tells in its safetensors metadata: its recipe, its inputs' fingerprints, the engine's format number.

Nothing of time, device or place is in it, so that the same recipe on the same inputs gives the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.checkpoints.layout import make_placeholder
from engine.checkpoints.safetensors import read_safetensors_header
from engine.errors import CheckpointError

RECIPE_KEY = "weightloom.recipe"
INPUTS_KEY = "weightloom.inputs"
FORMAT_KEY = "weightloom.format"
RECIPE_NAME = "recipe.loom"


@dataclass(frozen=True, slots=True)
class InputFingerprint:
    """Hold by what an input file is known again, wherever it lies."""

    name: str
    """The file's name, without its folder."""
    size_bytes: int
    sha256: str | None
    """In hexadecimal digits; a placeholder until it is known, None with fingerprints off."""
    is_read: bool = True
    """False when its coefficient is 0, so that no byte of it had a part in the export."""


def reserve_fingerprint(number: int, path: Path, size_bytes: int) -> InputFingerprint:
    """Return the entry of input `number` with room for a fingerprint that is not known yet (see `layout.patch_metadata`)."""
    return InputFingerprint(path.name, size_bytes, make_placeholder(number))


def make_metadata(recipe: str, inputs: Iterable[InputFingerprint], format_number: int) -> dict[str, str]:
    """Return what goes into the metadata of every shard of an export; `recipe` is the canonical one."""
    entries = [{"name": file.name, "size": file.size_bytes, "sha256": file.sha256, "read": file.is_read} for file in inputs]
    return {
        RECIPE_KEY: recipe,
        INPUTS_KEY: json.dumps(entries, ensure_ascii=False, separators=(",", ":"), sort_keys=True),
        FORMAT_KEY: str(format_number),
    }


def read_recipe(path: Path) -> str | None:
    """Return the recipe of an export, given its folder or one of its files; None if it tells none.

    In a folder `recipe.loom` counts first, as its paths are rebased to the folder.

    Raises:
        CheckpointError: The file is damaged or can't be read.
    """
    document = path if path.suffix == ".loom" else path / RECIPE_NAME
    if document.is_file():
        return _read_text(document)
    return _read_metadata(path).get(RECIPE_KEY)


def read_inputs(path: Path) -> tuple[InputFingerprint, ...]:
    """Return the fingerprints that an export recorded of its inputs, given its folder or one of its shards.

    Raises:
        CheckpointError: The file is damaged or can't be read.
    """
    try:
        entries: object = json.loads(_read_metadata(path).get(INPUTS_KEY, "[]"))
    except (ValueError, RecursionError):
        return ()
    match entries:
        case [*items]:
            return tuple(file for item in items if (file := _parse_input(item)))
        case _:
            return ()


def _read_metadata(path: Path) -> Mapping[str, str]:
    shards = sorted(path.glob("model*.safetensors")) if path.is_dir() else [path]
    if not shards or shards[0].suffix != ".safetensors":
        return {}
    return read_safetensors_header(shards[0]).metadata


def _read_text(document: Path) -> str:
    try:
        return document.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        fact = f"{document} can't be read: {error}."
        raise CheckpointError(fact, "Drop the export's model.safetensors instead; it holds the recipe too.") from error


def _parse_input(entry: object) -> InputFingerprint | None:
    match entry:
        case {"name": str(name), "size": int(size_bytes), "sha256": str() | None as sha256, "read": bool(is_read)}:
            return InputFingerprint(name, size_bytes, sha256, is_read)
        case _:
            return None
