"""What lies at the folder an export is to become: nothing, an older export of ours, or the user's own files."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import cast

REPORT_NAME = "report.json"
REPORT_SCHEMA = "weightloom-report/1"


def target_problem(target: Path, overwrite: bool) -> str | None:
    """Return why nothing can be exported to the folder, as a sentence with its remedy; None when it can."""
    if not target.name:
        return f"{target} is no folder that an export could become; name a new folder inside it."
    try:
        return _explain_existing(target, overwrite) or _explain_parent(target)
    except OSError as error:
        return f"{target} can't be looked at ({error.strerror or error}); choose another output folder."


def find_owned_files(target: Path) -> frozenset[str]:
    """Return the names in the folder that its own report.json lists as written by an export; nothing when there is no such report."""
    try:
        report: object = json.loads((target / REPORT_NAME).read_bytes())
    except (OSError, ValueError, RecursionError):
        return frozenset()
    if not isinstance(report, dict) or _schema_of(cast("dict[str, object]", report)) != REPORT_SCHEMA:
        return frozenset()
    return frozenset({REPORT_NAME, *_list_files(cast("dict[str, object]", report), target.name)})


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


def _schema_of(report: dict[str, object]) -> object:
    return report.get("schema", report.get("format"))


def _list_files(report: dict[str, object], folder_name: str) -> Iterator[str]:
    """Yield the plain names of the output this folder is; with several outputs the folder's name decides, as one run writes many."""
    outputs = [output for output in _dicts(report.get("outputs")) if isinstance(output.get("folder", ""), str)]
    if len(outputs) > 1:
        outputs = [output for output in outputs if Path(str(output.get("folder", ""))).name == folder_name]
    for output in outputs:
        names = (file.get("name") for file in _dicts(output.get("files")))
        yield from (name for name in names if isinstance(name, str) and is_plain_name(name))


def _dicts(value: object) -> list[dict[str, object]]:
    items = cast("list[object]", value) if isinstance(value, list) else []
    return [cast("dict[str, object]", item) for item in items if isinstance(item, dict)]
