"""Copy the shipped sample pack to a folder of the user's, whole or not at all."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Mapping
from pathlib import Path

from engine.checkpoints.positioned_io import FULL_DISK
from engine.errors import DiskFullError, WriteError
from engine.resources import resource_path

_FOLDERS = ("models", "data")
_TEXTS = ("README.md", "LICENCES.md")
_SHIPPED = "sample"
_TEMPLATES = "templates"


def explain_taken(folder: Path) -> str:
    """Return why the sample can't be copied there without touching what is the user's; empty when it can."""
    try:
        if folder.is_dir():
            return f"{folder} is not empty; choose a folder that does not exist yet" if any(folder.iterdir()) else ""
        return f"{folder} is a file; choose a folder that does not exist yet" if folder.exists() or folder.is_symlink() else ""
    except OSError as error:
        return f"{folder} can't be looked at ({error.strerror or error}); choose another folder"


def copy_sample(folder: Path) -> tuple[str, ...]:
    """Copy models, data, texts and graphs into a folder that does not exist or is empty; return the names of the graphs.

    Everything is staged beside the folder and moved when it is complete.

    Raises:
        EngineError: the pack is not shipped here.
        DiskFullError: the disk is full.
        WriteError: the folder can't be written to.
    """
    shipped = {name: resource_path(f"{_SHIPPED}/{name}") for name in (*_FOLDERS, *_TEXTS)}
    graphs = {path.name: path for path in sorted(resource_path(_TEMPLATES).glob("*.loom"))}
    target = folder.absolute()
    staged = target.with_name(f".{target.name}.partial-{uuid.uuid4().hex[:8]}")
    try:
        _stage({**shipped, **graphs}, staged)
        _move(staged, target)
    except OSError as error:
        if error.errno in FULL_DISK:
            fact = f"The disk is full: the sample pack could not be copied to {folder}."
            raise DiskFullError(fact, "Free about 40 MB there, or choose another disk.") from error
        fact = f"The sample pack could not be copied to {folder}: {error.strerror or error}."
        raise WriteError(fact, "Choose a folder that you may write to.") from error
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    return tuple(graphs)


def _stage(shipped: Mapping[str, Path], staged: Path) -> None:
    staged.mkdir(parents=True)
    for name, source in shipped.items():
        if source.is_dir():
            _copy_contents(source, staged / name)
        else:
            shutil.copyfile(source, staged / name)


def _copy_contents(source: Path, copy: Path) -> None:
    """Copy a folder's files without their modes: a system-wide install may be read-only, and the user's copy must not be."""
    copy.mkdir()
    for path in sorted(source.rglob("*")):
        place = copy / path.relative_to(source)
        if path.is_dir():
            place.mkdir()
        else:
            shutil.copyfile(path, place)


def _move(staged: Path, target: Path) -> None:
    """Move the staged folder to its place; an empty folder that is there already is filled, since it may be where the user stands."""
    if not target.is_dir():
        staged.rename(target)
        return
    for entry in sorted(os.listdir(staged)):  # noqa: PTH208  (names, to be joined to both folders)
        (staged / entry).rename(target / entry)
