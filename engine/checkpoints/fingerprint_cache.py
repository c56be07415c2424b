"""Fingerprints that were computed before, by path, size and time: a convenience that no run depends on.

A damaged file is made anew; a locked or unreachable one is left alone, and the fingerprints are computed again.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Generator, Iterable, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Self

from engine.checkpoints.cache_folder import cache_folder
from engine.checkpoints.header import FileStamp

FILE_NAME = "fingerprints.sqlite3"
WAIT_SECONDS = 1.0
"""How long to wait for another run that is writing to the cache."""
YOUNGEST_NS = 2_000_000_000
"""A file younger than this may change once more within the same tick of its clock (FAT counts 2 s), so it is not remembered."""
DAMAGED = frozenset({sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT})

_TABLE = (
    "CREATE TABLE IF NOT EXISTS fingerprints (path TEXT PRIMARY KEY, size_bytes INTEGER, modified_ns INTEGER, sha256 TEXT) WITHOUT ROWID"
)
_FIND = "SELECT sha256 FROM fingerprints WHERE path = ? AND size_bytes = ? AND modified_ns = ?"
_REMEMBER = "INSERT OR REPLACE INTO fingerprints VALUES (?, ?, ?, ?)"


class FingerprintCache:
    """Find and remember fingerprints in one file."""

    def __init__(self, path: Path) -> None:
        """Remember where the file is or will be."""
        self._path = path

    @classmethod
    def of_user(cls) -> Self:
        """Return the cache in the user's cache folder."""
        return cls(cache_folder() / FILE_NAME)

    def find(self, stamps: Iterable[FileStamp]) -> dict[FileStamp, str]:
        """Return the fingerprints that are known of exactly these stamps."""
        found: dict[FileStamp, str] = {}
        with self._forgiving(), closing(self._connect()) as connection:
            for stamp in stamps:
                row: object = connection.execute(_FIND, _key(stamp)).fetchone()
                match row:
                    case (str(fingerprint),):
                        found[stamp] = fingerprint
                    case _:
                        continue
        return found

    def remember(self, fingerprints: Mapping[FileStamp, str]) -> None:
        """Keep fingerprints of files that have been left alone for a while."""
        newest_ns = time.time_ns() - YOUNGEST_NS
        rows = [(*_key(stamp), fingerprint) for stamp, fingerprint in fingerprints.items() if stamp.modified_ns < newest_ns]
        if not rows:
            return
        with self._forgiving(), closing(self._connect()) as connection, connection:
            connection.executemany(_REMEMBER, rows)

    def _connect(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self._path, timeout=WAIT_SECONDS)
        try:
            connection.execute(_TABLE)
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    @contextmanager
    def _forgiving(self) -> Generator[None]:
        """Go on without the cache when it fails, and remove it when it is damaged."""
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            if getattr(error, "sqlite_errorcode", None) in DAMAGED:
                with contextlib.suppress(OSError):
                    self._path.unlink(missing_ok=True)


def _key(stamp: FileStamp) -> tuple[str, int, int]:
    return str(stamp.path.resolve()), stamp.size_bytes, stamp.modified_ns
