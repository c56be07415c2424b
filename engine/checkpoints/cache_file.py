"""A SQLite file in the user's cache folder: a convenience that no run depends on.

A damaged file is made anew; a locked or unreachable one is left alone, and what it would have told is found out again.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path

WAIT_SECONDS = 1.0
"""How long to wait for another run that is writing to the cache."""
YOUNGEST_NS = 2_000_000_000
"""A file younger than this may change once more within the same tick of its clock (FAT counts 2 s), so nothing is remembered of it."""
DAMAGED = frozenset({sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT})


class CacheFile:
    """Open one table of one file, and go on without it when that fails."""

    def __init__(self, path: Path, table: str) -> None:
        """Remember where the file is or will be, and the SQL that makes its table."""
        self._path = path
        self._table = table

    @contextmanager
    def forgive(self) -> Generator[None]:
        """Go on without the cache when it fails, and remove it when it is damaged."""
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            if getattr(error, "sqlite_errorcode", None) in DAMAGED:
                with contextlib.suppress(OSError):
                    self._path.unlink(missing_ok=True)

    @contextmanager
    def connect(self) -> Generator[sqlite3.Connection]:
        """Give a connection; what is written to it stands whole when the block ends, or not at all.

        Raises:
            sqlite3.Error: the file can't be used.
            OSError: its folder can't be made.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self._path, timeout=WAIT_SECONDS)) as connection, connection:
            connection.execute(self._table)
            yield connection
