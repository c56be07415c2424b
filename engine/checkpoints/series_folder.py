"""The checkpoints of one training: the entries of a folder, ordered by the number in their name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from engine.checkpoints.sources import list_candidates
from engine.errors import NotFoundError, ReadError

_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class SeriesEntry:
    """Name one checkpoint of a series."""

    name: str
    """The name of its file or folder."""
    number: int
    """The step: the last number in the name."""


@dataclass(frozen=True)
class SeriesFolder:
    """Hold what a folder has of a series."""

    entries: tuple[SeriesEntry, ...]
    """By number, of equals by name."""
    unnumbered: tuple[str, ...]
    """What the pattern matches but has no number to be ordered by."""
    beside: tuple[str, ...]
    """Weights in the folder itself, where the entries are folders: there a training saves its last model."""


def list_series(folder: Path, pattern: str) -> SeriesFolder:
    """Return the entries of a folder that match a pattern with * and ?; 500 stands before 1000.

    Raises:
        NotFoundError: there is no such folder.
        ReadError: it can't be listed.
    """
    try:
        present = sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))
    except (FileNotFoundError, NotADirectoryError) as fault:
        fact = f"There is no folder {folder}."
        raise NotFoundError(fact, "Point to the folder that the training wrote its checkpoints to.") from fault
    except (OSError, ValueError) as fault:
        fact = f"The folder {folder} can't be listed: {fault}."
        raise ReadError(fact, "Check the permissions of the folder.") from fault
    names = [name for name in present if fnmatchcase(name, pattern)]
    numbered = [SeriesEntry(name, int(found[-1])) for name in names if (found := _NUMBER.findall(name))]
    return SeriesFolder(
        tuple(sorted(numbered, key=lambda entry: (entry.number, entry.name))),
        tuple(name for name in names if not _NUMBER.search(name)),
        _find_beside(folder, names, present),
    )


def _find_beside(folder: Path, names: Sequence[str], present: Sequence[str]) -> tuple[str, ...]:
    """Return the weights beside the checkpoints; where these are files, which files belong to them is what the pattern says."""
    found = tuple(list_candidates([name for name in present if name not in names]))
    return () if found and any((folder / name).is_file() for name in names) else found
