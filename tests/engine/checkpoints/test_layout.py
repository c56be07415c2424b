"""Layouts: legal, deterministic, and read by the format's own library and by transformers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.torch import load_file

from engine.checkpoints.header import DType
from engine.checkpoints.layout import INDEX_NAME, ShardLayout, lay_out, make_index, make_placeholder, patch_metadata
from engine.checkpoints.safetensors import read_safetensors_header
from engine.errors import WriteError

TORCH_DTYPES = {DType.F32: torch.float32, DType.BF16: torch.bfloat16, DType.U8: torch.uint8, DType.I64: torch.int64}
TENSORS = [
    ("h.10.w", (3, 2), DType.F32),
    ("h.2.w", (4,), DType.BF16),
    ("scalar", (), DType.F32),
    ("empty", (0, 7), DType.F32),
    ("größe", (2,), DType.F32),
]


def write_shards(folder: Path, shards: tuple[ShardLayout, ...], values: Mapping[str, torch.Tensor]) -> None:
    for shard in shards:
        content = bytearray(shard.size_bytes)
        content[: len(shard.header)] = shard.header
        for spec in shard.tensors.values():
            content[spec.offset : spec.offset + spec.size_bytes] = bytes(values[spec.name].flatten().view(torch.uint8).tolist())
        (folder / shard.name).write_bytes(content)
    if index := make_index(shards):
        (folder / INDEX_NAME).write_bytes(index)


def make_values(tensors: list[tuple[str, tuple[int, ...], DType]]) -> dict[str, torch.Tensor]:
    return {name: torch.arange(torch.Size(shape).numel()).reshape(shape).to(TORCH_DTYPES[dtype]) for name, shape, dtype in tensors}


@pytest.mark.parametrize("shard_bytes", [1, 16, 40, 10**9])
def test_the_official_library_reads_every_tensor_back(tmp_path: Path, shard_bytes: int) -> None:
    values = make_values(TENSORS)
    shards = lay_out(TENSORS, shard_bytes, {"weightloom.recipe": "{}"})
    write_shards(tmp_path, shards, values)
    found: dict[str, torch.Tensor] = {}
    for shard in shards:
        found |= load_file(tmp_path / shard.name)
        with safe_open(tmp_path / shard.name, "pt") as file:
            assert file.metadata() == {"format": "pt", "weightloom.recipe": "{}"}
    assert found.keys() == values.keys()
    assert all(torch.equal(found[name], values[name]) and found[name].dtype == values[name].dtype for name in values)


def test_our_own_reader_finds_every_tensor_where_the_layout_puts_it(tmp_path: Path) -> None:
    shards = lay_out(TENSORS, 20, {})
    write_shards(tmp_path, shards, make_values(TENSORS))
    for shard in shards:
        found = read_safetensors_header(tmp_path / shard.name).tensors
        assert [(spec.name, spec.offset, spec.shape) for spec in found.values()] == [
            (spec.name, spec.offset, spec.shape) for spec in shard.tensors.values()
        ]


def test_one_shard_has_the_plain_name_and_no_index() -> None:
    (shard,) = lay_out(TENSORS, 10**9, {})
    assert shard.name == "model.safetensors"
    assert list(shard.tensors) == [name for name, _, _ in TENSORS]
    assert make_index((shard,)) is None


def test_a_tensor_larger_than_a_shard_has_a_shard_of_its_own() -> None:
    tensors = [("a", (2,), DType.U8), ("big", (100,), DType.U8), ("b", (2,), DType.U8), ("c", (8,), DType.U8)]
    shards = lay_out(tensors, 10, {})
    assert [list(shard.tensors) for shard in shards] == [["a"], ["big"], ["b", "c"]]
    assert [shard.name for shard in shards] == [f"model-0000{number}-of-00003.safetensors" for number in (1, 2, 3)]


def test_the_index_names_every_tensor_and_the_bytes_of_all() -> None:
    shards = lay_out(TENSORS, 16, {})
    index = json.loads(make_index(shards) or b"")
    assert index["metadata"]["total_size"] == 24 + 8 + 4 + 0 + 8
    assert index["weight_map"] == {name: shard.name for shard in shards for name in shard.tensors}


def test_no_tensors_make_one_empty_file(tmp_path: Path) -> None:
    shards = lay_out([], 10, {})
    write_shards(tmp_path, shards, {})
    assert load_file(tmp_path / "model.safetensors") == {}


def test_headers_are_padded_so_that_the_first_tensor_is_aligned() -> None:
    for length in range(1, 20):
        (shard,) = lay_out([("n" * length, (1,), DType.F64)], 100, {})
        assert len(shard.header) % 8 == 0
        assert shard.header.rstrip(b" ").endswith(b"}")


def test_metadata_comes_first_and_sorted_whatever_the_order_given() -> None:
    one = lay_out(TENSORS, 100, {"b": "2", "a": "1"})
    assert one == lay_out(TENSORS, 100, {"a": "1", "b": "2"})
    assert one[0].header[8:].startswith(b'{"__metadata__":{"a":"1","b":"2","format":"pt"}')


@given(st.lists(st.tuples(st.sampled_from(list(DType)), st.lists(st.integers(0, 5), max_size=3)), max_size=12), st.integers(1, 200))
def test_every_tensor_is_aligned_and_nothing_overlaps_or_is_left_out(kinds: list[tuple[DType, list[int]]], shard_bytes: int) -> None:
    tensors = [(f"t{number}", tuple(shape), dtype) for number, (dtype, shape) in enumerate(kinds)]
    shards = lay_out(tensors, shard_bytes, {})
    for shard in shards:
        position = len(shard.header)
        for spec in shard.tensors.values():
            assert spec.offset == position
            assert spec.offset % spec.dtype.size_bytes == 0
            position += spec.size_bytes
        assert position == shard.size_bytes
        assert len(shard.tensors) == 1 or position - len(shard.header) <= shard_bytes
    assert sorted(name for shard in shards for name in shard.tensors) == sorted(name for name, _, _ in tensors)


def test_placeholders_are_patched_in_every_shard_without_moving_a_byte(tmp_path: Path) -> None:
    hashes = {make_placeholder(number): f"{number:064x}" for number in (7, 12)}
    inputs = json.dumps([{"name": "a", "sha256": placeholder} for placeholder in hashes])
    shards = lay_out(TENSORS, 16, {"weightloom.inputs": inputs})
    write_shards(tmp_path, shards, make_values(TENSORS))
    patches = patch_metadata(shards, hashes)
    assert len(patches) == 2 * len(shards)
    for patch in patches:
        with (tmp_path / patch.name).open("r+b") as file:
            file.seek(patch.offset)
            file.write(patch.content)
    for shard in shards:
        with safe_open(tmp_path / shard.name, "pt") as opened:
            assert [entry["sha256"] for entry in json.loads(opened.metadata()["weightloom.inputs"])] == list(hashes.values())


@pytest.mark.parametrize("value", ["short", "0" * 63 + '"', "0" * 65])
def test_a_value_that_does_not_fit_its_placeholder_is_refused(value: str) -> None:
    shards = lay_out([], 1, {"inputs": make_placeholder(0)})
    with pytest.raises(WriteError, match="can't take the place"):
        patch_metadata(shards, {make_placeholder(0): value})


def test_a_placeholder_that_is_in_no_header_is_refused() -> None:
    with pytest.raises(WriteError, match="has no place for a fingerprint"):
        patch_metadata(lay_out([], 1, {}), {make_placeholder(0): "0" * 64})


def test_transformers_loads_a_sharded_layout(tmp_path: Path) -> None:
    from transformers import AutoModel, BertConfig, BertModel

    model = BertModel(BertConfig(hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8, vocab_size=11))
    values = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
    model.config.save_pretrained(tmp_path)
    shards = lay_out([(name, tuple(tensor.shape), DType.F32) for name, tensor in values.items()], 1000, {})
    assert len(shards) > 3
    write_shards(tmp_path, shards, values)
    loaded = AutoModel.from_pretrained(tmp_path).state_dict()
    assert all(torch.equal(loaded[name], values[name]) for name in values)
