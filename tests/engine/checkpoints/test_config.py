"""The JSON beside the tensors: read, absent, or refused in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.checkpoints.config import read_config, read_json_object
from engine.errors import CheckpointError, DamagedFileError, NotFoundError


def test_a_config_is_read_and_a_missing_one_is_none(tmp_path: Path) -> None:
    assert read_config(tmp_path) is None
    (tmp_path / "config.json").write_text('{"model_type": "llama", "layers": [1, 2.5, null]}')
    assert read_config(tmp_path) == {"model_type": "llama", "layers": [1, 2.5, None]}


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff\xfe{", b"[" * 100_000, b"1" * 10_000])
def test_what_is_no_json_object_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "config.json").write_bytes(content)
    with pytest.raises(DamagedFileError, match=r"config\.json.*Mend it"):
        read_config(tmp_path)


def test_a_file_that_must_be_there_is_missed(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        read_json_object(tmp_path / "none.json")


def test_a_folder_is_no_config(tmp_path: Path) -> None:
    (tmp_path / "config.json").mkdir()
    with pytest.raises(CheckpointError, match="can't be read"):
        read_config(tmp_path)
