"""A recipe keeps meaning the same files when it is put into another folder: its relative paths are rebased."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import cast

from engine.checkpoints.sources import HUB_PREFIX
from engine.errors import DocumentError

INPUT_PATHS: Mapping[str, Collection[str]] = MappingProxyType(
    {"checkpoint": ("source",), "test_set": ("source",), "measured_metrics": ("source",), "evaluate": ("prompts", "scorer")}
)
"""By operation, the parameters that name a file or folder which a graph reads (a test holds them against the catalogue)."""

_Members = dict[str, object]


def rebase_recipe(recipe: str, old_folder: Path, new_folder: Path) -> str:
    """Return the document text with its relative input paths, so far relative to `old_folder`, made relative to `new_folder`.

    Absolute paths, paths in the home folder (`~`) and sources on the Hub stay; what has no relative path (another drive) becomes absolute.

    Raises:
        DocumentError: The recipe is no JSON object.
    """
    try:
        content: object = json.loads(recipe)
    except (ValueError, RecursionError) as error:
        fact = f"The recipe is no JSON: {error}."
        raise DocumentError(fact, "Report this as a bug.") from error
    for node in _members_of(content, "nodes").values():
        _rebase_node(node, old_folder.resolve(), new_folder.resolve())
    return json.dumps(content, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def rebase_source(source: str, old_folder: Path, new_folder: Path) -> str:
    """Return a source that means the same seen from the new folder; what is not relative to a folder stays (both are resolved)."""
    return _rebase_path(source, old_folder, new_folder) if _is_relative(source) else source


def _members_of(content: object, name: str) -> _Members:
    members = cast("_Members", content).get(name) if isinstance(content, dict) else None
    return cast("_Members", members) if isinstance(members, dict) else {}


def _rebase_node(node: object, old_folder: Path, new_folder: Path) -> None:
    parameters = _members_of(node, "parameters")
    operation = cast("_Members", node).get("operation") if isinstance(node, dict) else None
    for name in INPUT_PATHS.get(operation, ()) if isinstance(operation, str) else ():
        value = parameters.get(name)
        if isinstance(value, str):
            parameters[name] = rebase_source(value, old_folder, new_folder)


def _is_relative(source: str) -> bool:
    return bool(source.strip()) and not source.startswith((HUB_PREFIX, "~")) and not Path(source).is_absolute()


def _rebase_path(source: str, old_folder: Path, new_folder: Path) -> str:
    try:
        return Path(os.path.relpath(old_folder / source, new_folder)).as_posix()
    except ValueError:  # on Windows: another drive
        return (old_folder / source).as_posix()
