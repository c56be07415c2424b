"""Sums that were measured before, pair by pair and part by part: a convenience that no figure depends on.

One SQLite file. A damaged one is set aside and begun anew; a locked or unreachable one is waited for once, then left alone, and what it
would have told is measured again: each with a note. Looking something up needs no lock that another reader or a writer at work would
hold. Each save is one transaction, so that a killed process leaves what it had finished and nothing else.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NoReturn, Self

from engine.cache_folder import cache_folder
from engine.similarity.pair_sums import PairSums, read_pair, write_pair

FILE_NAME = "gram-1.sqlite3"
"""The number rises when the sums or their bytes come to mean something else."""
LARGEST_BYTES = 512 << 20
"""Twenty vectors of 400 tensors take about 15 MB."""
KEPT_SHARE = 0.8
"""Of the largest size, after the least used was forgotten: so that this is not to be done at every save."""
READ_WAIT_SECONDS = 0.5
"""How long to wait for another process that writes down what it found, which takes milliseconds: a first estimate waits for this."""
WRITE_WAIT_SECONDS = 5.0
"""How long to wait for another process's turn to write."""
ASIDE_SUFFIX = ".damaged"

PairKey = tuple[str, str, int]
"""(one member's identity, the other's, the part); the identities sorted."""

_DAMAGED = frozenset({sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT})
_TAKEN = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_PRIMARY_CODE = 0xFF
"""SQLite tells details in the higher bits of an error's code."""
_TABLES = (
    "CREATE TABLE IF NOT EXISTS checkpoints (id INTEGER PRIMARY KEY, identity TEXT UNIQUE NOT NULL, used_ns INTEGER NOT NULL)",
    "CREATE TABLE IF NOT EXISTS sums (base INTEGER, one INTEGER, other INTEGER, part INTEGER, content BLOB NOT NULL,"
    " PRIMARY KEY (base, one, other, part))",
)
_COUNT_TABLES = "SELECT count(*) FROM sqlite_master WHERE name IN ('checkpoints', 'sums')"
_FIND_IDS = "SELECT identity, id FROM checkpoints"
_FIND_SUMS = "SELECT one, other, part, content FROM sums WHERE base = ?"
_SAVE_SUMS = "INSERT OR REPLACE INTO sums VALUES (?, ?, ?, ?, ?)"
_USE = "INSERT INTO checkpoints (identity, used_ns) VALUES (?, ?) ON CONFLICT (identity) DO UPDATE SET used_ns = excluded.used_ns"
_LEAST_USED = "SELECT id FROM checkpoints ORDER BY used_ns LIMIT 1"
_FORGET = ("DELETE FROM sums WHERE base = :id OR one = :id OR other = :id", "DELETE FROM checkpoints WHERE id = :id")


def pair_key(one: str, other: str, part: int) -> PairKey:
    """Return the key of two members in a part, whichever comes first."""
    return (one, other, part) if one <= other else (other, one, part)


class GramStore:
    """Find and keep the sums of pairs in one file."""

    def __init__(self, path: Path, largest_bytes: int = LARGEST_BYTES) -> None:
        """Remember where the file is or will be, and how large it may become."""
        self._path = path
        self._largest_bytes = largest_bytes
        self.notes: list[str] = []
        """What the user should know: a damaged file was set aside, or one is done without."""
        self._is_given_up = False

    @classmethod
    def of_user(cls) -> Self:
        """Return the store in the user's cache folder."""
        return cls(cache_folder() / FILE_NAME)

    def find(self, base: str, members: Sequence[str], parts: Sequence[int]) -> dict[PairKey, PairSums]:
        """Return what is known of pairs of these members (identities, the base among them).

        Args:
            base: the identity of the base.
            members: identities.
            parts: how many tensors each part of the base has.
        """
        with self._forgive():
            if self._is_given_up or not self._path.exists():
                return {}
            found: dict[PairKey, PairSums] = {}
            with self._read() as connection:
                ids = _find_ids(connection, members)
                if base in ids:
                    found = _read_all(connection, base, ids, parts)
            self._note_use(list(ids))
            return found
        return {}

    def save(self, base: str, sums: Mapping[PairKey, PairSums]) -> None:
        """Keep sums, and forget those of the checkpoints that were used the longest ago where the file has grown too large."""
        if self._is_given_up:
            return
        identities = {base, *(identity for one, other, _ in sums for identity in (one, other))}
        with self._forgive(), self._write() as connection:
            connection.executemany(_USE, [(identity, time.time_ns()) for identity in sorted(identities)])
            ids = _find_ids(connection, tuple(identities))
            for key, content in sums.items():
                one, other, part = key
                connection.execute(_SAVE_SUMS, (ids[base], ids[one], ids[other], part, write_pair(content, _seal(base, key))))
            self._forget(connection)

    def _forget(self, connection: sqlite3.Connection) -> None:
        if _used_bytes(connection) <= self._largest_bytes:
            return
        while _used_bytes(connection) > KEPT_SHARE * self._largest_bytes:
            oldest = connection.execute(_LEAST_USED).fetchone()
            if oldest is None:
                return
            for statement in _FORGET:
                connection.execute(statement, {"id": oldest[0]})

    def _note_use(self, identities: Sequence[str]) -> None:
        """Keep when checkpoints were asked for last, unless that means to wait: it only tells what may be forgotten first."""
        with contextlib.suppress(sqlite3.OperationalError), self._write(wait_seconds=0.0) as connection:
            connection.executemany(_USE, [(identity, time.time_ns()) for identity in identities])

    @contextmanager
    def _read(self) -> Generator[sqlite3.Connection]:
        """Give a connection that sees the file, which is there, at one moment."""
        # It may write: to play back the journal of a process that was killed.
        place = f"{self._path.absolute().as_uri()}?mode=rw"
        with closing(sqlite3.connect(place, uri=True, timeout=READ_WAIT_SECONDS, isolation_level=None)) as connection:
            connection.execute("BEGIN")
            yield connection

    @contextmanager
    def _write(self, wait_seconds: float = WRITE_WAIT_SECONDS) -> Generator[sqlite3.Connection]:
        """Give a connection; what is written to it stands whole when the block ends, or not at all."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self._path, timeout=wait_seconds, isolation_level=None)) as connection:
            # Written at once, so that two processes wait for one another here and not in the middle.
            connection.execute("BEGIN IMMEDIATE")
            try:
                for statement in _TABLES:
                    connection.execute(statement)
                yield connection
            except BaseException:
                connection.rollback()
                raise
            connection.commit()

    @contextmanager
    def _forgive(self) -> Generator[None]:
        """Go on without the store when it fails, and set it aside when it is damaged."""
        before = _identify(self._path)
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            code = getattr(error, "sqlite_errorcode", 0) & _PRIMARY_CODE
            if code not in _DAMAGED:
                self._give_up(error, is_taken=code in _TAKEN)
            elif before == _identify(self._path):
                # Otherwise another process has begun a new file in the meantime: that one is whole.
                self._set_aside()

    def _give_up(self, error: Exception, *, is_taken: bool) -> None:
        self._is_given_up = True
        why = "is in use by another program" if is_taken else f"can’t be used ({error})"
        self.notes.append(f"The cache of similarities at {self._path} {why}: all is measured, and nothing of it is kept.")

    def _set_aside(self) -> None:
        aside = self._path.with_name(self._path.name + ASIDE_SUFFIX)
        journal = self._path.with_name(f"{self._path.name}-journal")
        with contextlib.suppress(OSError):
            self._path.replace(aside)
            # A journal that stayed would be played back into the new file.
            journal.unlink(missing_ok=True)
            self.notes.append(f"The cache of similarities was damaged; it was set aside as {aside} and is made anew.")


def _read_all(connection: sqlite3.Connection, base: str, ids: Mapping[str, int], parts: Sequence[int]) -> dict[PairKey, PairSums]:
    names = {number: identity for identity, number in ids.items()}
    found: dict[PairKey, PairSums] = {}
    for one, other, part, content in connection.execute(_FIND_SUMS, (ids[base],)):
        if one in names and other in names and part < len(parts):
            key = pair_key(names[one], names[other], part)
            sums = read_pair(content, parts[part], _seal(base, key), is_single=one == other)
            found[key] = sums if sums is not None else _report_damage()
    return found


def _seal(base: str, key: PairKey) -> bytes:
    """Return what the check sum of some sums covers beside them, so that none is taken for those of another pair."""
    return " ".join((base, *map(str, key))).encode()


def _find_ids(connection: sqlite3.Connection, members: Sequence[str]) -> dict[str, int]:
    if not connection.execute(_COUNT_TABLES).fetchone()[0]:
        # Another process is about to make them.
        return {}
    wanted = set(members)
    return {identity: number for identity, number in connection.execute(_FIND_IDS) if identity in wanted}


def _used_bytes(connection: sqlite3.Connection) -> int:
    pages, free, size = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size"))
    return (pages - free) * size


def _report_damage() -> NoReturn:
    error = sqlite3.DatabaseError("the check sum of some sums is wrong")
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    raise error


def _identify(path: Path) -> int | None:
    try:
        return path.stat().st_ino
    except OSError:
        return None
