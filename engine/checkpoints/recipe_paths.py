"""The input paths of a recipe: rebased where it is put into another folder, cut short where it must not say where it was made."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import cast

from engine.checkpoints.sources import HUB_PREFIX
from engine.errors import DocumentError

INPUT_PATHS: Mapping[str, Collection[str]] = MappingProxyType(
    {
        "checkpoint": ("source",),
        "lora_adapter": ("source",),
        "series": ("source",),
        "test_set": ("source",),
        "measured_metrics": ("source",),
        "evaluate": ("prompts", "scorer"),
    }
)
"""By operation, the parameters that name a file or folder which a graph reads (a test holds them against the catalogue)."""

_Members = dict[str, object]


def rebase_recipe(recipe: str, old_folder: Path, new_folder: Path) -> str:
    """Return the document text with its relative input paths, so far relative to `old_folder`, made relative to `new_folder`.

    Absolute paths, paths in the home folder (`~`) and sources on the Hub stay; what has no relative path (another drive) becomes absolute.

    Raises:
        DocumentError: The recipe is no JSON object.
    """
    content = _parse_recipe(recipe)
    old_folder, new_folder = old_folder.resolve(), new_folder.resolve()
    _change_paths(content, lambda source: rebase_source(source, old_folder, new_folder))
    return json.dumps(content, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def leave_out_places(recipe: str, folder: Path) -> str:
    """Return the recipe with each input path cut to its last parts, as many as tell the inputs of the recipe apart.

    So the text that goes into an export's metadata is the same wherever inputs, graph and export lie; what the inputs are is told
    by their fingerprints, and where they are by `recipe.loom`.

    Raises:
        DocumentError: The recipe is no JSON object.
    """
    content = _parse_recipe(recipe)
    found: list[str] = []
    _change_paths(content, lambda source: found.append(source) or source)
    whole = {source: _spell_out(folder.resolve(), source) for source in found if source.strip() and not source.startswith(HUB_PREFIX)}
    paths = set(whole.values())
    most = max((len(path.parts) for path in paths), default=0)
    length = next((count for count in range(1, most) if len({path.parts[-count:] for path in paths}) == len(paths)), most)
    _change_paths(content, lambda source: "/".join(whole[source].parts[-length:]) if source in whole else source)
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def rebase_source(source: str, old_folder: Path, new_folder: Path) -> str:
    """Return a source that means the same seen from the new folder; what is not relative to a folder stays (both are resolved)."""
    return _rebase_path(source, old_folder, new_folder) if _is_relative(source) else source


def _members_of(content: object, name: str) -> _Members:
    members = cast("_Members", content).get(name) if isinstance(content, dict) else None
    return cast("_Members", members) if isinstance(members, dict) else {}


def _parse_recipe(recipe: str) -> object:
    try:
        return json.loads(recipe)
    except (ValueError, RecursionError) as error:
        fact = f"The recipe is no JSON: {error}."
        raise DocumentError(fact, "Report this as a bug.") from error


def _change_paths(content: object, change: Callable[[str], str]) -> None:
    """Put what `change` makes of it in the place of every input path of a recipe."""
    for node in _members_of(content, "nodes").values():
        parameters = _members_of(node, "parameters")
        operation = cast("_Members", node).get("operation") if isinstance(node, dict) else None
        for name in INPUT_PATHS.get(operation, ()) if isinstance(operation, str) else ():
            value = parameters.get(name)
            if isinstance(value, str):
                parameters[name] = change(value)


def _spell_out(folder: Path, source: str) -> Path:
    """Return the absolute path without “..”, for comparing."""
    path = Path(source)
    with contextlib.suppress(RuntimeError):  # there is no such user
        path = path.expanduser()
    return Path(os.path.normpath(folder / path))


def _is_relative(source: str) -> bool:
    return bool(source.strip()) and not source.startswith((HUB_PREFIX, "~")) and not Path(source).is_absolute()


def _rebase_path(source: str, old_folder: Path, new_folder: Path) -> str:
    try:
        return Path(os.path.relpath(old_folder / source, new_folder)).as_posix()
    except ValueError:  # on Windows: another drive
        return (old_folder / source).as_posix()
