"""Figures that were measured before, by a key over all that decides them: a convenience that no run depends on."""

from __future__ import annotations

import datetime
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Self

from engine.cache_folder import cache_folder
from engine.checkpoints.cache_file import CacheFile
from engine.evaluation.measurement import Measurement

FILE_NAME = "measurements.sqlite3"
MOST_ENTRIES = 20_000
"""About 20 MB; beyond it, what was not asked for the longest is forgotten."""

_TABLE = "CREATE TABLE IF NOT EXISTS measurements (key TEXT PRIMARY KEY, figures TEXT, measured_at TEXT, used_ns INTEGER) WITHOUT ROWID"
_FIND = "SELECT figures, measured_at FROM measurements WHERE key = ?"
_USE = "UPDATE measurements SET used_ns = ? WHERE key = ?"
_REMEMBER = "INSERT OR REPLACE INTO measurements VALUES (?, ?, ?, ?)"
_FORGET = "DELETE FROM measurements WHERE key IN (SELECT key FROM measurements ORDER BY used_ns DESC LIMIT -1 OFFSET ?)"


class MeasurementCache:
    """Find and remember figures in one file."""

    def __init__(self, path: Path, most_entries: int = MOST_ENTRIES) -> None:
        """Remember where the file is or will be, and how many entries it may hold."""
        self._file = CacheFile(path, _TABLE)
        self._most_entries = most_entries

    @classmethod
    def of_user(cls) -> Self:
        """Return the cache in the user's cache folder."""
        return cls(cache_folder() / FILE_NAME)

    def find(self, key: str) -> tuple[Measurement, ...] | None:
        """Return the figures known under a key, each with when it was measured; None if there are none that can be read."""
        row: object = None
        with self._file.forgive(), self._file.connect() as connection:
            row = connection.execute(_FIND, (key,)).fetchone()
            connection.execute(_USE, (time.time_ns(), key))
        match row:
            case (str(figures), str(measured_at)):
                return _read(figures, measured_at)
            case _:
                return None

    def remember(self, key: str, figures: Sequence[Measurement]) -> None:
        """Keep figures that have been measured now."""
        now = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
        text = json.dumps([asdict(figure) for figure in figures], ensure_ascii=False)
        with self._file.forgive(), self._file.connect() as connection:
            connection.execute(_REMEMBER, (key, text, now, time.time_ns()))
            connection.execute(_FORGET, (self._most_entries,))


def _read(text: str, measured_at: str) -> tuple[Measurement, ...] | None:
    """Return figures from their JSON; None where another version wrote it."""
    try:
        return tuple(replace(Measurement(**entry), measured_at=measured_at) for entry in json.loads(text)) or None
    except (ValueError, TypeError):
        return None
