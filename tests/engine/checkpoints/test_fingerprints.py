from __future__ import annotations

import hashlib
import os
import sqlite3
from pathlib import Path

import pytest

from engine.checkpoints.fingerprint_cache import FingerprintCache
from engine.checkpoints.fingerprints import READ_BYTES, Fingerprinter
from engine.checkpoints.header import FileStamp
from engine.checkpoints.positioned_io import stamp_file
from engine.errors import Cancelled, InputChangedError, ReadError

SIZES = [0, 1, READ_BYTES - 1, READ_BYTES, READ_BYTES + 1]
LONG_AGO_NS = 10**18


@pytest.fixture
def stamps(tmp_path: Path) -> list[FileStamp]:
    """Return files around the block size, all last written long ago."""
    paths = [tmp_path / f"{size}.bin" for size in SIZES]
    for path, size in zip(paths, SIZES, strict=True):
        path.write_bytes(os.urandom(size))
        os.utime(path, ns=(LONG_AGO_NS, LONG_AGO_NS))
    return [stamp_file(path) for path in paths]


@pytest.fixture
def cache(tmp_path: Path) -> FingerprintCache:
    return FingerprintCache(tmp_path / "cache" / "fingerprints.sqlite3")


def expect(stamps: list[FileStamp]) -> dict[Path, str]:
    return {stamp.path: hashlib.sha256(stamp.path.read_bytes()).hexdigest() for stamp in stamps}


def test_fingerprints_are_the_sha256_of_the_whole_files(stamps: list[FileStamp], cache: FingerprintCache) -> None:
    assert hash_files(stamps, cache) == expect(stamps)


def test_known_files_are_not_read_again(stamps: list[FileStamp], cache: FingerprintCache) -> None:
    first = hash_files(stamps, cache)
    for stamp in stamps:
        stamp.path.unlink()
    assert hash_files(stamps, cache) == first


@pytest.mark.parametrize("change", ["size", "time"])
def test_a_changed_size_or_time_is_hashed_anew(stamps: list[FileStamp], cache: FingerprintCache, change: str) -> None:
    hash_files(stamps, cache)
    path = stamps[1].path
    path.write_bytes(b"ab" if change == "size" else b"!")
    when = LONG_AGO_NS if change == "size" else LONG_AGO_NS + 1
    os.utime(path, ns=(when, when))
    assert hash_files([stamp_file(path)], cache) == expect([stamp_file(path)])


def test_a_file_written_just_now_is_not_remembered(tmp_path: Path, cache: FingerprintCache) -> None:
    path = tmp_path / "new.bin"
    path.write_bytes(b"one")
    stamp = stamp_file(path)
    hash_files([stamp], cache)
    assert cache.find([stamp]) == {}


def test_a_file_that_changed_meanwhile_or_is_gone_is_an_error(stamps: list[FileStamp], cache: FingerprintCache) -> None:
    stamps[3].path.write_bytes(b"other")
    with pytest.raises(InputChangedError, match=f"{stamps[3].path.name}.*changed"):
        hash_files(stamps, cache)
    stamps[2].path.unlink()
    with pytest.raises(ReadError, match="can't be opened"):
        hash_files([stamps[2]], cache)


def test_a_damaged_cache_is_made_anew(stamps: list[FileStamp], tmp_path: Path, cache: FingerprintCache) -> None:
    path = tmp_path / "cache" / "fingerprints.sqlite3"
    path.parent.mkdir()
    path.write_bytes(b"this is no database, but it is long enough to look like one" * 100)
    assert hash_files(stamps, cache) == expect(stamps)
    hash_files(stamps, cache)
    assert len(cache.find(stamps)) == len(stamps)


def test_a_locked_or_unreachable_cache_is_done_without(stamps: list[FileStamp], tmp_path: Path, cache: FingerprintCache) -> None:
    hash_files(stamps[:1], cache)
    holder = sqlite3.connect(tmp_path / "cache" / "fingerprints.sqlite3")
    holder.execute("BEGIN EXCLUSIVE")
    assert hash_files(stamps[1:2], cache) == expect(stamps[1:2])
    holder.close()
    (tmp_path / "file").touch()
    assert hash_files(stamps, FingerprintCache(tmp_path / "file" / "cache.sqlite3")) == expect(stamps)


def test_stop_gives_up_and_ends_the_threads(tmp_path: Path, cache: FingerprintCache) -> None:
    path = tmp_path / "large.bin"
    path.touch()
    os.truncate(path, 2**36)
    fingerprinter = Fingerprinter(cache)
    fingerprinter.start([stamp_file(path)])
    fingerprinter.stop()
    with pytest.raises(Cancelled):
        fingerprinter.results()


def test_files_are_begun_once(stamps: list[FileStamp], cache: FingerprintCache) -> None:
    with Fingerprinter(cache) as fingerprinter:
        fingerprinter.start(stamps[:3])
        fingerprinter.start(stamps)
        assert fingerprinter.results() == expect(stamps)


def hash_files(stamps, cache=None):
    """Return the fingerprints of files, waiting for them."""
    with Fingerprinter(cache) as fingerprinter:
        fingerprinter.start(stamps)
        return fingerprinter.results()
