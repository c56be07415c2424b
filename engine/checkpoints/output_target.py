"""What lies at the folder an export is to become: nothing, an older export of ours, or the user's own files."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

REPORT_NAME = "report.json"


def target_problem(target: Path, overwrite: bool) -> str | None:
    """Return why nothing can be exported to the folder, as a sentence with its remedy; None when it can."""
    if not target.name:
        return f"{target} is no folder that an export could become; name a new folder inside it."
    try:
        return _explain_existing(target, overwrite) or _explain_parent(target)
    except OSError as error:
        return f"{target} can't be looked at ({error.strerror or error}); choose another output folder."


def find_owned_files(target: Path) -> frozenset[str]:
    """Return the names in the folder that its own report.json lists as written by an export; nothing when there is no such report.

    A run with several outputs puts the same report into each folder and names there whose it is.
    """
    try:
        report: object = json.loads((target / REPORT_NAME).read_bytes())
    except (OSError, ValueError, RecursionError):
        return frozenset()
    match report:
        case {"schema": "weightloom-report/1", "output": str(node), "outputs": [*outputs]}:
            return frozenset({REPORT_NAME, *_list_files(outputs, node)})
        case _:
            return frozenset()


def is_plain_name(name: str) -> bool:
    """Tell whether a name stays in the folder it is used in."""
    return name not in {"", ".", ".."} and not any(sign in name for sign in "/\\:\0")


def _explain_existing(target: Path, overwrite: bool) -> str | None:
    if (target.exists() or target.is_symlink()) and not target.is_dir():
        return f"{target} is not a folder; choose another output folder."
    if target.is_dir() and not overwrite:
        return f"{target} already exists; choose another output folder, or use --overwrite to replace the export in it."
    if target.is_dir() and not os.access(target, os.W_OK | os.X_OK):
        return f"You may not write in {target}; choose another output folder."
    return None


def _explain_parent(target: Path) -> str | None:
    """The staging grows beside the target, so what counts is the nearest folder above it that exists."""
    folder = next(parent for parent in target.absolute().parents if parent.exists())
    if not folder.is_dir():
        return f"{folder} is not a folder; choose another output folder."
    if not os.access(folder, os.W_OK | os.X_OK):
        return f"You may not write in {folder}; choose another output folder."
    return None


def _list_files(outputs: list[object], node: str) -> Iterator[str]:
    for output in outputs:
        match output:
            case {"node": str(name), "files": [*files]} if name == node:
                yield from filter(is_plain_name, map(_name_file, files))
            case _:
                continue


def _name_file(entry: object) -> str:
    match entry:
        case {"name": str(name)}:
            return name
        case _:
            return ""
