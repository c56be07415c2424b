"""Shards and their index: put together in order, and refused where they disagree."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from engine.checkpoints.shards import read_sharded_header
from engine.errors import CheckpointError, DamagedFileError, NotFoundError

PARTS = {"model-00001-of-00002.safetensors": ["a", "b"], "model-00002-of-00002.safetensors": ["c"]}


@pytest.fixture
def index(tmp_path: Path) -> Path:
    """Return the index of a checkpoint of two shards."""
    for shard, names in PARTS.items():
        save_file({name: torch.ones(2) for name in names}, tmp_path / shard, {"format": "pt"})
    return write_index(tmp_path, {name: shard for shard, names in PARTS.items() for name in names})


def write_index(folder: Path, weight_map: object) -> Path:
    path = folder / "model.safetensors.index.json"
    path.write_text(json.dumps({"metadata": {"total_size": 24}, "weight_map": weight_map}))
    return path


def test_shards_are_joined_in_the_order_of_their_names(index: Path) -> None:
    stored = read_sharded_header(index)
    assert list(stored.tensors) == ["a", "b", "c"]
    assert [stamp.path.name for stamp in stored.stamps] == list(PARTS)
    assert stored.tensors["c"].path.name == "model-00002-of-00002.safetensors"
    assert stored.metadata == {"format": "pt"}


def test_shards_that_the_index_does_not_name_are_not_read(index: Path) -> None:
    (index.parent / "model-00003-of-00002.safetensors").write_bytes(b"damaged")
    assert len(read_sharded_header(index).stamps) == 2


def test_missing_shards_are_named(index: Path) -> None:
    (index.parent / "model-00002-of-00002.safetensors").unlink()
    with pytest.raises(NotFoundError) as caught:
        read_sharded_header(index)
    assert caught.value.fact == "1 of 2 shards are missing: “model-00002-of-00002.safetensors”."
    assert caught.value.remedy == "Download them into the folder."


def test_a_tensor_that_only_the_index_has_is_named(index: Path) -> None:
    write_index(index.parent, {"a": "model-00001-of-00002.safetensors", "b": "model-00001-of-00002.safetensors", "x": "model-00002-of-00002.safetensors", "c": "model-00002-of-00002.safetensors"})  # fmt: skip  # noqa: E501
    with pytest.raises(DamagedFileError, match=r"lacks 1 tensor that the index puts there: “x”"):
        read_sharded_header(index)


def test_a_tensor_that_only_a_shard_has_is_named(index: Path) -> None:
    write_index(index.parent, {"a": "model-00001-of-00002.safetensors"})
    with pytest.raises(DamagedFileError, match=r"model-00001.* holds 1 tensor that the index does not put there: “b”"):
        read_sharded_header(index)


@pytest.mark.parametrize(
    "shard",
    [
        "../secret.safetensors", "/etc/passwd", "a/../../b.safetensors", "C:\\x.safetensors", "..\\x.safetensors", "\\\\host\\share",
        "", ".", 7, None, ["a"], "a\0",
    ],
)  # fmt: skip
def test_an_index_can_not_lead_out_of_its_folder(index: Path, shard: object) -> None:
    write_index(index.parent, {"a": shard})
    with pytest.raises(DamagedFileError, match=r"“a” into .* no file of its folder"):
        read_sharded_header(index)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"weight_map": 3}', '{"weight_map": {}}', "{", "[" * 100_000, '"\ud800"'])
def test_a_malformed_index_is_refused(index: Path, content: str) -> None:
    index.write_bytes(content.encode("utf-8", "surrogatepass"))
    with pytest.raises(DamagedFileError, match=r"index\.json"):
        read_sharded_header(index)


def test_pickled_shards_keep_their_aliases(tmp_path: Path) -> None:
    weight = torch.ones(2)
    torch.save({"embed": weight, "head": weight}, tmp_path / "pytorch_model-00001-of-00002.bin")
    torch.save({"norm": torch.zeros(3)}, tmp_path / "pytorch_model-00002-of-00002.bin")
    first, second = "pytorch_model-00001-of-00002.bin", "pytorch_model-00002-of-00002.bin"
    stored = read_sharded_header(write_index(tmp_path, {"embed": first, "head": first, "norm": second}))
    assert list(stored.tensors) == ["embed", "norm"]
    assert stored.aliases == {"head": "embed"}


def test_a_damaged_shard_is_named(index: Path) -> None:
    (index.parent / "model-00002-of-00002.safetensors").write_bytes(b"short")
    with pytest.raises(CheckpointError, match="model-00002-of-00002"):
        read_sharded_header(index)
