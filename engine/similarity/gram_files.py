"""Gram tables as folders of `.npy` files in the cache, which the window maps into memory: how a table gets from one process to another.

NumPy only: no torch. A folder is whole or absent, and never changes; the ones not used for the longest are removed.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import stat
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.cache_folder import cache_folder
from engine.similarity.gram_table import Counts, Floats, GramTable

FOLDER_NAME = "gram-tables"
MOST_TABLES = 64
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_NAMES_FILE = "names.json"
_ARRAYS = ("entries", "products", "both", "signs", "magnitudes", "errors")
_NAMES = ("base", "vectors", "tensors", "left_out", "non_finite", "notes")


def tables_folder() -> Path:
    """Return the folder in the user's cache that tables are kept in; it may not exist yet."""
    return cache_folder() / FOLDER_NAME


def hand_over_table(table: GramTable) -> Path:
    """Write a table into the user's cache, or into a temporary folder where the cache can't be written to; return where it lies.

    Raises:
        OSError: it can't be written to either.
    """
    try:
        return save_table(table, tables_folder())
    except OSError as error:
        note = f"Figures can’t be kept in {tables_folder()} ({error.strerror or error}): they are measured anew each time. "
        note += "Free space there, or set WEIGHTLOOM_CACHE."
        return save_table(replace(table, notes=(*table.notes, note)), _temporary_folder())


def _temporary_folder() -> Path:
    """Return a folder that nobody else can write to: the same as long as it stays so, for its old tables to be removed."""
    if os.name == "nt":
        return Path(tempfile.gettempdir()) / f"weightloom-{FOLDER_NAME}"
    place = Path(tempfile.gettempdir()) / f"weightloom-{FOLDER_NAME}-{os.getuid()}"
    with contextlib.suppress(FileExistsError):
        place.mkdir(mode=stat.S_IRWXU)
    state = place.lstat()
    is_own = stat.S_ISDIR(state.st_mode) and state.st_uid == os.getuid() and not state.st_mode & _OTHERS
    return place if is_own else Path(tempfile.mkdtemp(prefix="weightloom-"))


def save_table(table: GramTable, folder: Path) -> Path:
    """Write a table into a folder of its own below `folder` and return that.

    Raises:
        OSError: it can't be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    place = Path(tempfile.mkdtemp(prefix=".", dir=folder))
    try:
        for name in _ARRAYS:
            array = getattr(table, name)
            if array is not None:
                np.save(place / f"{name}.npy", array)
        (place / _NAMES_FILE).write_text(json.dumps({name: getattr(table, name) for name in _NAMES}), encoding="utf-8")
        # Under its own name from the moment it is whole.
        whole = place.with_name(place.name.lstrip("."))
        place.rename(whole)
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)
        raise
    _remove_oldest(folder)
    return whole


def load_table(folder: Path) -> GramTable:
    """Return a table that `save_table` wrote; its arrays are mapped and can't be written to.

    Raises:
        OSError: it is not there (any more).
        ValueError: it is none.
    """
    names = json.loads((folder / _NAMES_FILE).read_text(encoding="utf-8"))
    with contextlib.suppress(OSError):
        os.utime(folder)
    try:
        return GramTable(
            base=names["base"],
            vectors=tuple(names["vectors"]),
            tensors=tuple(names["tensors"]),
            left_out=tuple(names["left_out"]),
            entries=_map_counts(folder / "entries.npy"),
            products=_map_floats(folder / "products.npy"),
            both=_map_counts(folder / "both.npy"),
            signs=_map_counts(folder / "signs.npy"),
            magnitudes=_map_counts(folder / "magnitudes.npy"),
            errors=_map_floats(folder / "errors.npy") if (folder / "errors.npy").exists() else None,
            non_finite=tuple((tensor, member) for tensor, member in names["non_finite"]),
            notes=tuple(names["notes"]),
        )
    except (KeyError, TypeError) as error:
        message = f"{folder} holds no Gram table"
        raise ValueError(message) from error


def _map_floats(path: Path) -> Floats:
    return _map_array(path).view(np.float64)


def _map_counts(path: Path) -> Counts:
    return _map_array(path).view(np.int64)


def _map_array(path: Path) -> NDArray[np.generic]:
    # A file of no entries can't be mapped.
    try:
        return np.load(path, mmap_mode="r", allow_pickle=False)
    except ValueError:
        return np.load(path, allow_pickle=False)


def _remove_oldest(folder: Path) -> None:
    """Remove the tables beyond the most that are kept; what another process has mapped stays readable, or stays."""
    with contextlib.suppress(OSError):
        tables = sorted((path for path in folder.iterdir() if path.is_dir()), key=lambda path: path.stat().st_mtime_ns, reverse=True)
        for path in tables[MOST_TABLES:]:
            shutil.rmtree(path, ignore_errors=True)
