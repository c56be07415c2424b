"""A staging folder as it lies on the disk: found unfinished, made anew, removed without ever looking whole."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, TypeAlias

from engine.errors import StagingError, WriteError

StagingMode: TypeAlias = Literal["fresh", "resume", "restart"]
SHOWN_HASH_LENGTH = 16
"""Digits of the plan hash in names; the journal holds all of it."""
FILES_NAME = "files"
REMOVED_NAME = "removed"


def name_staging(target: Path, plan_hash: str) -> Path:
    """Return where a plan's export to the target grows."""
    return target.with_name(f".{target.name}.partial-{plan_hash[:SHOWN_HASH_LENGTH]}")


def find_neighbours(folder: Path, target: Path) -> tuple[Path, ...]:
    """Return the staging folders of other plans with the same target."""
    prefix = f".{target.name}.partial-"
    return tuple(sorted(path for path in target.parent.iterdir() if path.name.startswith(prefix) and path != folder))


def prepare_staging(folder: Path, mode: StagingMode) -> bool:
    """Make the folder ready for the mode and return whether an unfinished run is to be resumed.

    Raises:
        StagingError: There is an unfinished run, and the mode does not say what to do about it.
        WriteError: The folder can't be made.
    """
    is_unfinished = (folder / FILES_NAME).is_dir() and any((folder / FILES_NAME).iterdir())
    if is_unfinished and mode == "fresh":
        fact = f"An unfinished run of the same plan lies in {folder}."
        raise StagingError(fact, "Use --resume to go on with it or --restart to begin anew.")
    if is_unfinished and mode == "resume":
        return True
    try:
        remove_staging(folder)
        (folder / FILES_NAME).mkdir(parents=True)
    except OSError as error:
        fact = f"{folder} can't be made: {error.strerror or error}."
        raise WriteError(fact, "Check that you may write there.") from error
    return False


def remove_staging(folder: Path) -> None:
    """Remove the folder; interrupted halfway, it no longer looks like a run that could be resumed."""
    if (folder / FILES_NAME).is_dir():
        shutil.rmtree(folder / REMOVED_NAME, ignore_errors=True)
        (folder / FILES_NAME).rename(folder / REMOVED_NAME)
    if folder.exists():
        shutil.rmtree(folder)


def make_parents(target: Path) -> tuple[Path, ...]:
    """Make the folders above the target and return those that were missing, the innermost first.

    Raises:
        WriteError: One can't be made.
    """
    missing = tuple(parent for parent in target.parents if not parent.exists())
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        fact = f"{target.parent} can't be made: {error.strerror or error}."
        raise WriteError(fact, "Check the path, and that you may write there.") from error
    return missing


def remove_empty(folders: Iterable[Path]) -> None:
    """Remove the folders that hold nothing."""
    for folder in folders:
        with contextlib.suppress(OSError):
            folder.rmdir()
