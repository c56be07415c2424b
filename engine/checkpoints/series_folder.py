"""The checkpoints of one training: the entries of a folder, ordered by the number in their name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

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


def list_series(folder: Path, pattern: str) -> SeriesFolder:
    """Return the entries of a folder that match a pattern with * and ?; 500 stands before 1000.

    Raises:
        NotFoundError: there is no such folder.
        ReadError: it can't be listed.
    """
    try:
        names = sorted(path.name for path in folder.iterdir() if fnmatchcase(path.name, pattern) and not path.name.startswith("."))
    except (FileNotFoundError, NotADirectoryError) as fault:
        fact = f"There is no folder {folder}."
        raise NotFoundError(fact, "Point to the folder that the training wrote its checkpoints to.") from fault
    except (OSError, ValueError) as fault:
        fact = f"The folder {folder} can't be listed: {fault}."
        raise ReadError(fact, "Check the permissions of the folder.") from fault
    numbered = [SeriesEntry(name, int(found[-1])) for name in names if (found := _NUMBER.findall(name))]
    return SeriesFolder(
        tuple(sorted(numbered, key=lambda entry: (entry.number, entry.name))), tuple(name for name in names if not _NUMBER.search(name))
    )
