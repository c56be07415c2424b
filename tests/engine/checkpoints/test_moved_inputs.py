from __future__ import annotations

import hashlib
from pathlib import Path

from engine.checkpoints.header import FileStamp
from engine.checkpoints.moved_inputs import find_moved_inputs
from engine.checkpoints.positioned_io import stamp_file
from engine.checkpoints.provenance import InputFingerprint


def test_moved_files_are_found_by_size_then_hash_and_hashed_at_most_once(tmp_path: Path) -> None:
    contents = {"base.bin": b"aaaa", "renamed.bin": b"bbbb", "decoy.bin": b"cccc", "other.bin": b"ddddd"}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    hashed: list[str] = []

    def hash_file(stamp: FileStamp) -> str:
        hashed.append(stamp.path.name)
        return hashlib.sha256(stamp.path.read_bytes()).hexdigest()

    recorded = [InputFingerprint(name, 4, hashlib.sha256(content).hexdigest()) for name, content in (("base.bin", b"aaaa"), ("x", b"bbbb"))]
    lost = InputFingerprint("lost.bin", 4, "0" * 64)
    unknown = InputFingerprint("base.bin", 4, None)
    found = find_moved_inputs([*recorded, lost, unknown], [stamp_file(tmp_path / name) for name in contents], hash_file)
    assert found == {recorded[0]: tmp_path / "base.bin", recorded[1]: tmp_path / "renamed.bin"}
    assert hashed[0] == "base.bin"
    assert sorted(hashed) == ["base.bin", "decoy.bin", "renamed.bin"]
