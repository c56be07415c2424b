"""Positioned reads and writes: whole, counted, and honest about short files and full disks."""

from __future__ import annotations

import errno
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from engine.checkpoints import positioned_io
from engine.checkpoints.positioned_io import FileSet, InputFile, explain_write_failure, read_into, stamp_file, write_from
from engine.errors import CheckpointError, DiskFullError, InputChangedError, NotFoundError, ReadError, WriteError


@pytest.fixture(params=[True, False], ids=["positioned calls", "seek under a lock"])
def _each_way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param and not positioned_io.HAS_POSITIONED_CALLS:
        pytest.skip("this system has no positioned calls")
    monkeypatch.setattr(positioned_io, "HAS_POSITIONED_CALLS", request.param)


@pytest.fixture
def pattern(tmp_path: Path) -> Path:
    """Return a file whose 8-byte words count up."""
    path = tmp_path / "pattern.bin"
    path.write_bytes(b"".join(number.to_bytes(8, "little") for number in range(20_000)))
    return path


@pytest.mark.usefixtures("_each_way")
def test_what_is_written_at_a_position_is_read_back_there(tmp_path: Path) -> None:
    path = tmp_path / "out.bin"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0))
    try:
        write_from(descriptor, memoryview(b"tail"), 10)
        write_from(descriptor, memoryview(b"head"), 0)
        buffer = memoryview(bytearray(4))
        read_into(descriptor, buffer, 10)
    finally:
        os.close(descriptor)
    assert bytes(buffer) == b"tail"
    assert path.read_bytes() == b"head" + bytes(6) + b"tail"


@pytest.mark.usefixtures("_each_way")
def test_threads_share_a_descriptor_and_every_byte_is_counted(pattern: Path) -> None:
    file = InputFile(stamp_file(pattern))

    def read_word(number: int) -> int:
        buffer = memoryview(bytearray(8))
        file.read_into(buffer, number * 8)
        return int.from_bytes(buffer, "little")

    with ThreadPoolExecutor(8) as threads:
        words = list(threads.map(read_word, range(5_000)))
    assert words == list(range(5_000))
    assert file.bytes_read == 40_000
    file.close()


@pytest.mark.usefixtures("_each_way")
def test_a_file_that_ends_too_early_is_named_with_what_is_missing(pattern: Path) -> None:
    file = InputFile(stamp_file(pattern))
    with pytest.raises(ReadError, match=r"pattern\.bin.*shorter than its header says: 40 bytes are missing at position 160,000"):
        file.read_into(memoryview(bytearray(100)), 160_000 - 60)
    file.close()


def test_short_reads_and_writes_are_repeated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not positioned_io.HAS_POSITIONED_CALLS:
        pytest.skip("this system has no positioned calls")
    true_read, true_write = os.preadv, os.pwritev
    monkeypatch.setattr(os, "preadv", lambda descriptor, buffers, offset: true_read(descriptor, [buffers[0][:3]], offset))
    monkeypatch.setattr(os, "pwritev", lambda descriptor, buffers, offset: true_write(descriptor, [buffers[0][:2]], offset))
    descriptor = os.open(tmp_path / "short.bin", os.O_RDWR | os.O_CREAT)
    buffer = memoryview(bytearray(11))
    write_from(descriptor, memoryview(b"hello world"), 5)
    read_into(descriptor, buffer, 5)
    os.close(descriptor)
    assert bytes(buffer) == b"hello world"


def test_buffers_of_any_element_type_are_filled_whole(pattern: Path) -> None:
    words = memoryview(bytearray(24)).cast("Q")
    with FileSet([stamp_file(pattern)]) as files:
        files.read_into(pattern, words, 80)
        assert files.bytes_read == 24
    assert words.tolist() == [10, 11, 12]


def test_tensors_without_entries_take_no_bytes(pattern: Path) -> None:
    file = InputFile(stamp_file(pattern))
    file.read_into(np.empty((0, 3), "<f4").data, 0)
    assert file.bytes_read == 0
    file.close()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_said_to_be_full() -> None:
    descriptor = os.open("/dev/full", os.O_WRONLY)
    with pytest.raises(DiskFullError, match=r"full: 4 bytes at position 0.*Free space"):
        write_from(descriptor, memoryview(b"tail"), 0)
    os.close(descriptor)


def test_a_quota_counts_as_a_full_disk_and_other_failures_do_not() -> None:
    assert type(explain_write_failure(OSError(errno.EDQUOT, "quota"), 1, 0)) is DiskFullError
    assert type(explain_write_failure(OSError(errno.EIO, "i/o"), 1, 0)) is WriteError


def test_writing_to_a_file_opened_to_read_is_a_write_error(pattern: Path) -> None:
    descriptor = os.open(pattern, os.O_RDONLY)
    with pytest.raises(WriteError, match="failed"):
        write_from(descriptor, memoryview(b"x"), 0)
    os.close(descriptor)


def test_reading_a_closed_file_is_a_read_error(pattern: Path) -> None:
    file = InputFile(stamp_file(pattern))
    file.close()
    file.close()
    with pytest.raises(ReadError, match=r"pattern\.bin.*failed"):
        file.read_into(memoryview(bytearray(1)), 0)


@pytest.mark.parametrize("change", ["time", "size", "replaced", "gone"])
def test_a_file_that_changes_while_it_is_read_is_noticed(pattern: Path, change: str) -> None:
    with FileSet([stamp_file(pattern)]) as files:
        files.read_into(pattern, memoryview(bytearray(8)), 0)
        files.verify_unchanged()
        _change(pattern, change)
        with pytest.raises(InputChangedError, match=r"pattern\.bin"):
            files.verify_unchanged()


def test_a_file_that_changed_after_its_header_was_read_is_not_opened(pattern: Path) -> None:
    stamp = stamp_file(pattern)
    _change(pattern, "size")
    with FileSet([stamp]) as files, pytest.raises(InputChangedError, match="160,000 to 160,001"):
        files.read_into(pattern, memoryview(bytearray(8)), 0)


def test_only_files_of_the_set_are_read(pattern: Path, tmp_path: Path) -> None:
    with FileSet([stamp_file(pattern)]) as files, pytest.raises(ReadError, match="none of the files"):
        files.file(tmp_path / "other.bin")


def test_nothing_and_folders_have_no_stamp(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="not there"):
        stamp_file(tmp_path / "nothing")
    with pytest.raises(CheckpointError, match="not a regular file"):
        stamp_file(tmp_path)
    with pytest.raises(CheckpointError, match="can't be looked at"):
        stamp_file(tmp_path / "a\0b")


def test_a_file_that_is_gone_can_not_be_opened(pattern: Path) -> None:
    stamp = stamp_file(pattern)
    pattern.unlink()
    with pytest.raises(ReadError, match="can't be opened"):
        InputFile(stamp)


def _change(path: Path, change: str) -> None:
    match change:
        case "time":
            os.utime(path, ns=(1, 1))
        case "size":
            path.write_bytes(path.read_bytes() + b"x")
        case "replaced":
            other = path.with_suffix(".new")
            other.write_bytes(b"another")
            other.replace(path)
        case _:
            path.unlink()
