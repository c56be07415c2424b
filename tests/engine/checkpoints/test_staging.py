"""Staging: whole or absent, resumed or refused, and never touching what is not ours."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from engine.checkpoints.header import DType, FileStamp
from engine.checkpoints.layout import lay_out
from engine.checkpoints.safetensors import read_safetensors_header
from engine.checkpoints.staging import Staging
from engine.errors import DiskFullError, StagingError, WriteError

(SHARD,) = lay_out([("a", (64,), DType.U8), ("b", (16,), DType.F32)], 10**9, {"note": "x" * 64})
BODY = bytes(range(128))
START = len(SHARD.header)
WHOLE = SHARD.header + BODY


def write(staging: Staging, pieces: range = range(8), report: bytes | None = None) -> None:
    """Write what is not durable yet of a model of 8 pieces of 16 bytes."""
    staging.create_file(SHARD.name, SHARD.size_bytes, SHARD.header)
    for number in pieces:
        offset = START + 16 * number
        if not staging.is_durable(SHARD.name, offset, 16):
            staging.write_piece(SHARD.name, offset, memoryview(BODY)[16 * number : 16 * number + 16])
            staging.mark_written(SHARD.name, offset, 16)
    staging.write_small("report.json", report or make_report(SHARD.name, "report.json"))


def make_report(*names: str) -> bytes:
    output = {"node": "n", "files": [{"name": name} for name in names]}
    return json.dumps({"schema": "weightloom-report/1", "output": "n", "outputs": [output]}).encode()


def export(target: Path, plan_hash: str = "abc") -> None:
    with Staging.open(target, plan_hash) as staging:
        write(staging)
        staging.commit()


def fail(target: Path) -> None:
    with contextlib.suppress(KeyError), Staging.open(target, "abc") as staging:
        write(staging, range(2))
        raise KeyError


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "out"


@pytest.mark.parametrize("flush", [True, False])
def test_nothing_is_at_the_target_before_the_commit_and_all_of_it_after(target: Path, flush: bool) -> None:
    with Staging.open(target, "abc", flush=flush) as staging:
        write(staging)
        assert not target.exists()
        assert staging.folder == target.with_name(".out.partial-abc")
        staging.commit()
    assert (target / SHARD.name).read_bytes() == WHOLE
    assert names_in(target) == ["model.safetensors", "report.json"]
    assert names_in(target.parent) == ["out"]
    assert staging.bytes_written == len(WHOLE) + (target / "report.json").stat().st_size


def test_the_committed_file_opens(target: Path) -> None:
    export(target)
    assert list(read_safetensors_header(target / SHARD.name).tensors) == ["a", "b"]


def test_an_error_leaves_the_staging_and_discard_removes_it_with_the_folders_made_for_it(tmp_path: Path) -> None:
    target = tmp_path / "exports" / "new" / "out"
    fail(target)
    assert names_in(target.parent) == [".out.partial-abc"]
    with Staging.open(target, "abc", mode="resume") as staging:
        staging.discard()
    assert names_in(target.parent) == []
    target.parent.rmdir()
    with Staging.open(target, "abc") as staging:
        write(staging)
        staging.discard()
    assert names_in(tmp_path) == ["exports"]


def test_an_unfinished_run_of_the_same_plan_is_refused_naming_both_choices(target: Path) -> None:
    with Staging.open(target, "abc") as staging:
        write(staging, range(3))
    with pytest.raises(StagingError, match=r"partial-abc.*--resume.*--restart"):
        Staging.open(target, "abc")
    with Staging.open(target, "abc", mode="restart") as staging:
        assert staging.durable_pieces == ()
        assert not list((staging.folder / "files").iterdir())


def test_resume_finds_the_pieces_and_gives_the_same_bytes(target: Path) -> None:
    with Staging.open(target, "abc") as staging:
        write(staging, range(3))
    with Staging.open(target, "abc", mode="resume") as staging:
        assert len(staging.durable_pieces) == 3
        assert "48 bytes" in staging.remarks[0]
        staging.create_file(SHARD.name, SHARD.size_bytes, SHARD.header)
        assert staging.is_durable(SHARD.name, START, 48)
        assert staging.is_durable(SHARD.name, START + 5, 20)
        assert not staging.is_durable(SHARD.name, START, 49)
        write(staging)
        staging.commit()
    assert (target / SHARD.name).read_bytes() == WHOLE


def test_nothing_to_resume_begins_afresh_and_says_so(target: Path) -> None:
    with Staging.open(target, "abc", mode="resume") as staging:
        assert not staging.is_resumed
        assert "begins afresh" in staging.remarks[0]


def test_changed_inputs_are_not_resumed(target: Path) -> None:
    with Staging.open(target, "abc", [FileStamp(Path("/in"), 1, 1)]) as staging:
        write(staging, range(3))
    with pytest.raises(StagingError, match=r"/in changed.*--restart"):
        Staging.open(target, "abc", [FileStamp(Path("/in"), 1, 2)], mode="resume")
    Staging.open(target, "abc", [FileStamp(Path("/in"), 1, 1)], mode="resume").close()


def test_a_staging_of_another_plan_is_mentioned_and_left(target: Path) -> None:
    with Staging.open(target, "abc") as other:
        write(other, range(3))
    with Staging.open(target, "def") as staging:
        assert staging.neighbours == (other.folder,)
        assert "partial-abc" in staging.remarks[0]
        write(staging)
        staging.commit()
    assert names_in(target.parent) == [".out.partial-abc", "out"]


def test_two_runs_at_once_do_not_share_a_target(target: Path) -> None:
    with Staging.open(target, "abc"):
        for plan_hash in ("abc", "def"):
            with pytest.raises(StagingError, match="Another run is writing"):
                Staging.open(target, plan_hash, mode="resume")


def test_a_target_that_exists_is_refused_without_overwrite(target: Path) -> None:
    export(target)
    with pytest.raises(WriteError, match=r"already exists.*--overwrite"):
        Staging.open(target, "abc")
    assert names_in(target.parent) == ["out"]


def test_a_target_that_appears_meanwhile_is_not_replaced(target: Path) -> None:
    with Staging.open(target, "abc") as staging:
        write(staging)
        target.mkdir()
        (target / "mine").touch()
        with pytest.raises(WriteError, match="already exists"):
            staging.commit()
    assert names_in(target) == ["mine"]


def test_what_was_never_written_is_not_committed(target: Path) -> None:
    with Staging.open(target, "abc") as staging:
        write(staging, range(7))
        with pytest.raises(WriteError, match="not whole: 16 of"):
            staging.commit()
    assert not target.exists()


def test_bytes_that_read_back_otherwise_are_not_committed(target: Path) -> None:
    with Staging.open(target, "abc") as staging:
        write(staging)
        with (staging.folder / "files" / SHARD.name).open("r+b") as file:
            file.seek(30)
            file.write(b"#")
        with pytest.raises(WriteError, match="read"):
            staging.commit()
    assert not target.exists()


def test_patches_are_expected_when_the_header_is_read_back(target: Path) -> None:
    place = SHARD.header.index(b"x" * 64)
    with Staging.open(target, "abc") as staging:
        write(staging)
        staging.patch(SHARD.name, place, b"y" * 64)
        staging.commit()
    assert read_safetensors_header(target / SHARD.name).metadata["note"] == "y" * 64


def test_a_staged_file_cut_behind_our_back_is_not_resumed(target: Path) -> None:
    with Staging.open(target, "abc") as staging:
        write(staging)
    os.truncate(staging.folder / "files" / SHARD.name, START + 20)
    with Staging.open(target, "abc", mode="resume") as staging, pytest.raises(StagingError, match=r"journal says.*--restart"):
        write(staging)


@pytest.mark.parametrize("name", ["", "..", "a/b", "/etc/x", "a\\b"])
def test_names_that_leave_the_folder_are_refused(target: Path, name: str) -> None:
    with Staging.open(target, "abc") as staging, pytest.raises(WriteError, match="no name for a file"):
        staging.write_small(name, b"")


def test_writing_outside_a_file_or_into_an_unknown_one_is_refused(target: Path) -> None:
    with Staging.open(target, "abc") as staging:
        write(staging)
        with pytest.raises(WriteError, match="lie outside"):
            staging.write_piece(SHARD.name, SHARD.size_bytes - 1, memoryview(b"ab"))
        with pytest.raises(WriteError, match="not open"):
            staging.write_piece("other", 0, memoryview(b"ab"))


def test_a_disk_too_small_is_noticed_at_once_with_both_numbers(target: Path) -> None:
    needed_bytes = shutil.disk_usage(target.parent).total * 2
    with Staging.open(target, "abc") as staging:
        with pytest.raises(DiskFullError, match=rf"model\.safetensors needs {needed_bytes:,} more bytes, [\d,]+ are free"):
            staging.create_file("model.safetensors", needed_bytes)
        staging.discard()
    assert names_in(target.parent) == []


def test_no_descriptor_stays_open(target: Path) -> None:
    open_descriptors = Path("/proc/self/fd")
    if not open_descriptors.exists():
        pytest.skip("this system does not list its descriptors")
    before = len(list(open_descriptors.iterdir()))
    fail(target)
    with pytest.raises(StagingError):
        Staging.open(target, "abc")
    with Staging.open(target, "abc", mode="resume") as staging:
        write(staging)
        staging.commit()
    assert len(list(open_descriptors.iterdir())) == before


@pytest.mark.skipif(sys.platform != "linux", reason="counts a call that only Linux has")
def test_the_disk_is_waited_for_in_batches_and_the_data_before_its_journal_lines(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.checkpoints.staging.FLUSH_BYTES", 64)
    true_flush, flushed = os.fdatasync, list[tuple[str, int]]()
    with Staging.open(target, "abc") as staging:
        journal = staging.folder / "journal.jsonl"

        def flush(descriptor: int) -> None:
            true_flush(descriptor)
            name = "journal" if os.path.samestat(os.fstat(descriptor), journal.stat()) else "data"
            flushed.append((name, journal.read_bytes().count(b'"offset"')))

        monkeypatch.setattr(os, "fdatasync", flush)
        write(staging)
    assert flushed == [("data", 0), ("journal", 4), ("data", 4), ("journal", 8)]


@pytest.mark.skipif(sys.platform != "linux", reason="replaces a call that only Linux has")
def test_after_a_failed_flush_nothing_is_journalled_any_more(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.checkpoints.staging.FLUSH_BYTES", 64)

    def fail_once(_: int) -> None:
        monkeypatch.undo()
        raise OSError(5, "Input/output error")

    with Staging.open(target, "abc") as staging:
        monkeypatch.setattr(os, "fdatasync", fail_once)
        with pytest.raises(WriteError, match="Input/output error"):
            write(staging)
        staging.mark_written(SHARD.name, START + 64, 16)
        with pytest.raises(WriteError, match="not whole"):
            staging.commit()
    with Staging.open(target, "abc", mode="resume") as staging:
        assert staging.durable_pieces == ()


def test_many_threads_write_and_mark_at_once(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.checkpoints.staging.FLUSH_BYTES", 1000)
    body = os.urandom(2**16)
    with Staging.open(target, "abc") as staging, ThreadPoolExecutor(8) as threads:
        staging.create_file("weights", len(body))

        def write_one(offset: int) -> None:
            staging.write_piece("weights", offset, memoryview(body)[offset : offset + 64])
            staging.mark_written("weights", offset, 64)

        list(threads.map(write_one, range(0, len(body), 64)))
        assert staging.bytes_written == len(body)
        staging.commit()
    assert (target / "weights").read_bytes() == body


FULL_DISK_PROGRAM = """
import sys
from pathlib import Path
from engine.checkpoints.staging import Staging
from engine.errors import DiskFullError
with Staging.open(Path(sys.argv[1]), "abc") as staging:
    staging.create_file("one", 600_000)
    Path(sys.argv[1]).with_name("filler").write_bytes(b"x" * 300_000)
    try:
        getattr(staging, sys.argv[2])(*eval(sys.argv[3]))
    except DiskFullError as error:
        print(error)
"""


@pytest.mark.parametrize("call", [("create_file", "('two', 200_000)"), ("write_small", "('two', bytes(200_000))")])
def test_a_full_disk_leaves_the_target_untouched(tmp_path: Path, call: tuple[str, str]) -> None:
    if not hasattr(os, "geteuid") or os.geteuid() != 0 or not shutil.which("unshare"):
        pytest.skip("only root may mount a small disk")
    script = 'mount -t tmpfs -o size=1m none "$0" && exec "$@"'
    command = ["unshare", "-m", "sh", "-c", script, str(tmp_path), sys.executable, "-c", FULL_DISK_PROGRAM, str(tmp_path / "out"), *call]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=Path(__file__).parents[3])
    if "mount" in done.stderr or "unshare" in done.stderr:
        pytest.skip("this machine lets nobody mount")
    assert done.stderr == ""
    assert "The disk is full" in done.stdout
    assert "are free" in done.stdout
