from __future__ import annotations

import hashlib
from pathlib import Path

from engine.checkpoints.moved_inputs import find_moved_inputs
from engine.checkpoints.provenance import InputFingerprint


def test_moved_files_are_found_by_their_hash_and_of_copies_the_one_of_the_same_name() -> None:
    contents = {"decoy.bin": b"cccc", "copy.bin": b"aaaa", "base.bin": b"aaaa", "renamed.bin": b"bbbb"}
    hashes = {Path(name): hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    recorded = [InputFingerprint(name, 4, hashlib.sha256(content).hexdigest()) for name, content in (("base.bin", b"aaaa"), ("x", b"bbbb"))]
    lost = InputFingerprint("lost.bin", 4, "0" * 64)
    unknown = InputFingerprint("base.bin", 4, None)
    assert find_moved_inputs([*recorded, lost, unknown], hashes) == {recorded[0]: Path("base.bin"), recorded[1]: Path("renamed.bin")}
