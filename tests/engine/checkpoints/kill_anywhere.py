"""A program that kills an export at every line of ours, and at half of every write, then looks at what is left and resumes.

python kill_anywhere.py FOLDER fresh|overwrite STRIDE     prints how many deaths were survived
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from engine.checkpoints import positioned_io
from engine.checkpoints.header import DType
from engine.checkpoints.layout import lay_out
from engine.checkpoints.staging import Staging, StagingMode

TENSORS = [("a", (40,), DType.F32), ("b", (30,), DType.U8), ("c", (50,), DType.BF16)]
SHARDS = lay_out(TENSORS, 200, {"weightloom.recipe": "{}", "hash": "~" * 64})
PIECE_BYTES = 48
OURS = "/engine/checkpoints/"
Tree = dict[str, bytes]


def make_report(names: list[str]) -> bytes:
    return json.dumps(
        {"schema": "weightloom-report/1", "output": "n", "outputs": [{"node": "n", "files": [{"name": name} for name in names]}]}
    ).encode()


def export(target: Path, mode: StagingMode, overwrite: bool) -> None:
    with Staging.open(target, "abc", mode=mode, overwrite=overwrite) as staging:
        for shard in SHARDS:
            staging.create_file(shard.name, shard.size_bytes, shard.header)
        for shard in SHARDS:
            body = random.Random(shard.name).randbytes(shard.size_bytes)
            for offset in range(len(shard.header), shard.size_bytes, PIECE_BYTES):
                piece = memoryview(body)[offset : offset + PIECE_BYTES]
                if not staging.is_durable(shard.name, offset, piece.nbytes):
                    staging.write_piece(shard.name, offset, piece)
                    staging.mark_written(shard.name, offset, piece.nbytes)
            staging.patch(shard.name, shard.header.index(b"~" * 64), b"f" * 64)
        names = [*(shard.name for shard in SHARDS), "README.md", "report.json"]
        staging.write_small("README.md", b"new")
        staging.write_small("report.json", make_report(names))
        staging.commit()


def prepare(folder: Path, scenario: str) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    target = folder / "out"
    if scenario == "overwrite":
        target.mkdir()
        (target / "mine.txt").write_bytes(b"the user's")
        for name in ("README.md", "model.safetensors", "model-00009-of-00009.safetensors"):
            (target / name).write_bytes(b"old")
        (target / "report.json").write_bytes(make_report(["README.md", "model.safetensors", "model-00009-of-00009.safetensors"]))
    return target


def read_tree(folder: Path) -> Tree | None:
    return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.exists() else None


def run_and_die(action: Callable[[], None], lines: int) -> bool:
    """Run in a child that dies at the given line, in a write halfway; tell whether it lived to the end."""
    process = os.fork()
    if process == 0:
        die_at(lines)
        action()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 0


def die_at(lines: int) -> None:
    left = lines
    true_write = positioned_io._write_at  # pyright: ignore[reportPrivateUsage]

    def count(frame: FrameType, event: str, _: object) -> object:
        nonlocal left
        if OURS not in frame.f_code.co_filename:
            return None
        if event == "line":
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return count

    def write_at(descriptor: int, buffer: memoryview, offset: int) -> int:
        if left < 2:
            true_write(descriptor, buffer[: len(buffer) // 2], offset)
            os.kill(os.getpid(), signal.SIGKILL)
        return true_write(descriptor, buffer, offset)

    positioned_io._write_at = write_at  # pyright: ignore[reportPrivateUsage]
    sys.settrace(count)  # pyright: ignore[reportArgumentType]


def repair(target: Path, overwrite: bool) -> None:
    """Start another plan on the same target, which only repairs, and give it up."""
    if overwrite or not target.exists():
        with Staging.open(target, "other", overwrite=overwrite) as staging:
            staging.discard()


def check(condition: bool, *facts: object) -> None:
    if not condition:
        raise AssertionError(facts)


def main(folder: Path, scenario: str, stride: int) -> None:
    overwrite = scenario == "overwrite"
    target = prepare(folder, scenario)
    before = read_tree(target)
    export(target, "fresh", overwrite)
    after = read_tree(target)
    check(after is not None and ("mine.txt" in after) == overwrite and "model-00009-of-00009.safetensors" not in after)
    check(sorted(path.name for path in folder.iterdir()) == ["out"])
    lines = 0
    while True:
        target = prepare(folder, scenario)
        is_done = run_and_die(lambda: export(target, "fresh", overwrite), lines)  # noqa: B023
        check(overwrite or read_tree(target) in (before, after), "half a target", lines)
        if lines % 2 and not is_done:  # dies again while it repairs
            run_and_die(lambda: repair(target, overwrite), lines % 311)  # noqa: B023
        if lines % 5 == 0 and not is_done and (overwrite or read_tree(target) == before):
            run_and_die(lambda: export(target, "restart", overwrite), lines % 401)  # noqa: B023
        if lines % 3:
            repair(target, overwrite)
            check(read_tree(target) in (before, after), "not repaired", lines, read_tree(target))
            if overwrite or read_tree(target) == before:
                run_and_die(lambda: export(target, "resume", overwrite), 3 * lines % 1009)  # noqa: B023
        if overwrite or read_tree(target) == before:
            export(target, "resume", overwrite)
        check(read_tree(target) == after, "other bytes", lines)
        rest = [path.name for path in folder.iterdir() if path.name != "out" and ("-other" not in path.name and path.name != ".out.lock")]
        check(not rest or not overwrite, "left over", lines, rest)
        if is_done:
            sys.stdout.write(f"{lines // stride} deaths\n")
            return
        lines += stride


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
