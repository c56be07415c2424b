"""Fingerprints of files and folders."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from engine.errors import EvaluationError
from engine.evaluation.fingerprint import fingerprint_test_set


def test_a_file_s_fingerprint_is_its_sha256(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"text\na\n")
    assert fingerprint_test_set(tmp_path / "a.csv") == hashlib.sha256(b"text\na\n").hexdigest()


def test_a_folder_s_fingerprint_knows_contents_and_names_but_not_its_own_name(tmp_path: Path) -> None:
    contents = {"one": ("x/1", "A"), "same": ("x/1", "A"), "other label": ("y/1", "A"), "other picture": ("x/1", "B")}
    for folder, (name, content) in contents.items():
        (tmp_path / folder / name).parent.mkdir(parents=True)
        (tmp_path / folder / name).write_text(content)
    found = {folder: fingerprint_test_set(tmp_path / folder) for folder in contents}
    assert found["one"] == found["same"]
    assert len(set(found.values())) == 3


def test_nothing_there_is_an_error_of_ours(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="can't be read"):
        fingerprint_test_set(tmp_path / "none")


def test_checks_and_fingerprints_need_neither_torch_nor_datasets() -> None:
    code = (
        "import sys, engine.evaluation.fingerprint, engine.evaluation.test_set_checks, engine.evaluation.memory, engine.search.rules\n"
        "print([name for name in ('torch', 'transformers', 'datasets', 'pandas', 'pyarrow') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[3])
    assert done.stdout.strip() == "[]"
