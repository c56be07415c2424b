"""One text for many files: what it says is the same for all of them, what is wrong with it is told of each."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from engine.checkpoints.safetensors import read_safetensors_header
from engine.checkpoints.safetensors_text import read_header_text
from engine.errors import CheckpointError, DamagedFileError

TENSOR = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}


def write_file(path: Path, header: object, tensors: bytes) -> Path:
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + tensors)
    return path


def test_models_of_one_make_share_what_their_headers_say_and_keep_their_own_places(tmp_path: Path) -> None:
    for name in ("base", "tuned"):
        save_file({"w": torch.randn(3, 5), "b": torch.randn(5)}, tmp_path / name, {"tied": "w"})
    base, tuned = (read_safetensors_header(tmp_path / name) for name in ("base", "tuned"))
    assert base.stamps != tuned.stamps
    assert {spec.path for spec in base.tensors.values()} == {tmp_path / "base"}
    assert {spec.path for spec in tuned.tensors.values()} == {tmp_path / "tuned"}
    assert base.metadata == tuned.metadata == {"tied": "w"}
    assert base.aliases == tuned.aliases == {"tied": "w"}
    for name, spec in base.tensors.items():
        other = tuned.tensors[name]
        assert (spec.name, spec.offset, spec.dtype) == (other.name, other.offset, other.dtype) == (name, spec.offset, spec.dtype)
        assert spec.shape is other.shape


def test_what_a_text_says_can_not_be_changed_for_the_next_file_that_has_it(tmp_path: Path) -> None:
    stored = read_safetensors_header(write_file(tmp_path / "m", {"w": TENSOR, "__metadata__": {"tied": "w"}}, bytes(8)))
    with pytest.raises(TypeError):
        stored.metadata["format"] = "pt"  # pyright: ignore[reportIndexIssue]
    with pytest.raises(TypeError):
        stored.aliases["other"] = "w"  # pyright: ignore[reportIndexIssue]


def test_a_text_that_fits_one_file_is_held_against_the_size_of_every_other(tmp_path: Path) -> None:
    read_safetensors_header(write_file(tmp_path / "whole", {"w": TENSOR}, bytes(8)))
    with pytest.raises(DamagedFileError, match=r"“w”.*ends at byte .* cut or still being written") as cut:
        read_safetensors_header(write_file(tmp_path / "cut", {"w": TENSOR}, bytes(7)))
    with pytest.raises(DamagedFileError, match="3 belong to none") as longer:
        read_safetensors_header(write_file(tmp_path / "longer", {"w": TENSOR}, bytes(11)))
    assert (cut.value.location.path, longer.value.location.path) == (str(tmp_path / "cut"), str(tmp_path / "longer"))


@pytest.mark.parametrize("header", [{"w": {**TENSOR, "shape": [3]}}, {"w": {**TENSOR, "dtype": "F4"}}, [1]])
def test_each_file_of_a_refused_text_is_named(tmp_path: Path, header: object) -> None:
    for name in ("first", "second"):
        with pytest.raises(CheckpointError) as caught:
            read_safetensors_header(write_file(tmp_path / name, header, bytes(8)))
        assert caught.value.location.path == str(tmp_path / name)


def test_a_refusal_without_a_file_says_which_tensor() -> None:
    text = json.dumps({"w": {**TENSOR, "shape": [3]}}).encode()
    with pytest.raises(DamagedFileError, match="takes 12 bytes") as caught:
        read_header_text(text, 8 + len(text), 16 + len(text))
    assert (caught.value.location.tensor, caught.value.location.path) == ("w", "")
