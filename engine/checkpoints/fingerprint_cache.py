"""Fingerprints that were computed before, by path, size and time: a convenience that no run depends on."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Self

from engine.cache_folder import cache_folder
from engine.checkpoints.cache_file import YOUNGEST_NS, CacheFile
from engine.checkpoints.header import FileStamp

FILE_NAME = "fingerprints.sqlite3"

_TABLE = (
    "CREATE TABLE IF NOT EXISTS fingerprints (path TEXT PRIMARY KEY, size_bytes INTEGER, modified_ns INTEGER, sha256 TEXT) WITHOUT ROWID"
)
_FIND = "SELECT sha256 FROM fingerprints WHERE path = ? AND size_bytes = ? AND modified_ns = ?"
_REMEMBER = "INSERT OR REPLACE INTO fingerprints VALUES (?, ?, ?, ?)"


class FingerprintCache:
    """Find and remember fingerprints in one file."""

    def __init__(self, path: Path) -> None:
        """Remember where the file is or will be."""
        self._file = CacheFile(path, _TABLE)

    @classmethod
    def of_user(cls) -> Self:
        """Return the cache in the user's cache folder."""
        return cls(cache_folder() / FILE_NAME)

    def find(self, stamps: Iterable[FileStamp]) -> dict[FileStamp, str]:
        """Return the fingerprints that are known of exactly these stamps."""
        found: dict[FileStamp, str] = {}
        with self._file.forgive(), self._file.connect() as connection:
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
        with self._file.forgive(), self._file.connect() as connection:
            connection.executemany(_REMEMBER, rows)


def _key(stamp: FileStamp) -> tuple[str, int, int]:
    return str(stamp.path.resolve()), stamp.size_bytes, stamp.modified_ns
