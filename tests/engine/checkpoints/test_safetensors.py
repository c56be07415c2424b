"""Safetensors headers: what is true is read, what contradicts itself is named, and nothing else comes out."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save, save_file, save_model

from engine.checkpoints.header import DType
from engine.checkpoints.safetensors import read_safetensors_header
from engine.errors import CheckpointError, DamagedFileError, NotFoundError

TORCH_DTYPES = {
    torch.float64: DType.F64, torch.float32: DType.F32, torch.float16: DType.F16, torch.bfloat16: DType.BF16,
    torch.float8_e5m2: DType.F8_E5M2, torch.float8_e4m3fn: DType.F8_E4M3, torch.float8_e5m2fnuz: DType.F8_E5M2FNUZ,
    torch.float8_e4m3fnuz: DType.F8_E4M3FNUZ, torch.float8_e8m0fnu: DType.F8_E8M0,
    torch.int64: DType.I64, torch.int32: DType.I32, torch.int16: DType.I16, torch.int8: DType.I8,
    torch.uint64: DType.U64, torch.uint32: DType.U32, torch.uint16: DType.U16, torch.uint8: DType.U8,
    torch.bool: DType.BOOL, torch.complex64: DType.C64,
}  # fmt: skip


def write_raw(path: Path, header: object, data: bytes = b"", *, length: int | None = None) -> Path:
    """Write a file whose header is whatever the test says."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes((len(text) if length is None else length).to_bytes(8, "little") + text + data)
    return path


def entry(begin: int, end: int, shape: list[int], dtype: str = "F32") -> dict[str, object]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


def test_offsets_and_shapes_lead_to_the_tensors_own_bytes(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    tensors = {"h.10.w": torch.randn(3, 4), "h.2.w": torch.randn(5), "scalar": torch.tensor(2.5), "none": torch.zeros(0, 7)}
    save_file(tensors, path, {"format": "pt"})
    stored = read_safetensors_header(path)
    assert set(stored.tensors) == set(tensors)
    assert stored.metadata == {"format": "pt"}
    assert stored.stamps[0].size_bytes == path.stat().st_size
    content = path.read_bytes()
    for name, tensor in tensors.items():
        spec = stored.tensors[name]
        assert (spec.shape, spec.dtype) == (tuple(tensor.shape), DType.F32)
        values = np.frombuffer(content, "<f4", spec.count, spec.offset)
        assert np.array_equal(values, tensor.numpy().ravel())


def test_tensors_come_in_file_order(tmp_path: Path) -> None:
    header = {"late": entry(4, 8, [1]), "early": entry(0, 4, [1]), "empty": entry(4, 4, [0, 3])}
    stored = read_safetensors_header(write_raw(tmp_path / "m.safetensors", header, bytes(8)))
    assert list(stored.tensors) == ["early", "empty", "late"]


@pytest.mark.parametrize(("torch_dtype", "dtype"), TORCH_DTYPES.items(), ids=str)
def test_every_dtype_of_the_format_is_known(tmp_path: Path, torch_dtype: torch.dtype, dtype: DType) -> None:
    path = tmp_path / "m.safetensors"
    save_file({"w": torch.zeros(2, 3).to(torch_dtype)}, path)
    spec = read_safetensors_header(path).tensors["w"]
    assert (spec.dtype, spec.size_bytes) == (dtype, 6 * torch_dtype.itemsize)


def test_all_of_our_dtypes_were_tried() -> None:
    assert set(TORCH_DTYPES.values()) == set(DType)


def test_a_model_of_70_gb_is_opened_without_its_bytes(tmp_path: Path) -> None:
    path, size_bytes = tmp_path / "huge.safetensors", 70_000_000_000
    text = json.dumps({"w": entry(0, size_bytes, [size_bytes // 2], "BF16")}).encode()
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        file.truncate(8 + len(text) + size_bytes)
    assert read_safetensors_header(path).tensors["w"].size_bytes == size_bytes


def test_tied_weights_that_save_model_left_out_are_aliases(tmp_path: Path) -> None:
    model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 2))
    model[1].weight = model[0].weight
    save_model(model, str(tmp_path / "m.safetensors"))
    stored = read_safetensors_header(tmp_path / "m.safetensors")
    assert set(stored.tensors) == {"0.weight", "0.bias", "1.bias"}
    assert stored.aliases == {"1.weight": "0.weight"}


def test_a_file_written_anew_is_read_anew(tmp_path: Path) -> None:
    path = write_raw(tmp_path / "m.safetensors", {"old": entry(0, 4, [1])}, bytes(4))
    first = read_safetensors_header(path)
    assert read_safetensors_header(path) is first
    write_raw(path, {"newer": entry(0, 8, [2])}, bytes(8))
    assert list(read_safetensors_header(path).tensors) == ["newer"]


def test_what_was_read_can_not_be_changed(tmp_path: Path) -> None:
    stored = read_safetensors_header(write_raw(tmp_path / "m.safetensors", {"w": entry(0, 4, [1])}, bytes(4)))
    with pytest.raises(TypeError):
        stored.tensors["w"] = stored.tensors["w"]  # pyright: ignore[reportIndexIssue]


HOSTILE_HEADERS: dict[str, tuple[object, bytes, str]] = {
    "overlap": ({"a": entry(0, 8, [2]), "b": entry(4, 12, [2])}, bytes(12), "“b”.*overlaps “a”"),
    "the same bytes twice": ({"a": entry(0, 8, [2]), "b": entry(0, 8, [2])}, bytes(8), "overlaps"),
    "gap": ({"a": entry(0, 4, [1]), "b": entry(8, 12, [1])}, bytes(12), "gap of 4 bytes after “a”"),
    "gap at the start": ({"a": entry(4, 8, [1])}, bytes(8), "gap of 4 bytes after the header"),
    "bytes of no tensor": ({"a": entry(0, 4, [1])}, bytes(9), "5 belong to none"),
    "bytes without tensors": ({}, bytes(9), "9 belong to none"),
    "past the end": ({"a": entry(0, 400, [100])}, bytes(8), r"“a”.*ends at byte .* but the file has .*cut"),
    "begin after end": ({"a": entry(8, 4, [1])}, bytes(8), "ends before that"),
    "negative offset": ({"a": entry(-4, 0, [1])}, bytes(8), "“a”.*whole numbers from 0"),
    "negative shape": ({"a": entry(0, 4, [-1])}, bytes(4), "“a”.*whole numbers from 0"),
    "two negatives": ({"a": entry(0, 4, [-1, -1])}, bytes(4), "whole numbers from 0"),
    "lying shape": ({"a": entry(0, 4, [2, 3])}, bytes(4), r"\[2, 3\] of F32 takes 24 bytes.*span 4"),
    "lying dtype": ({"a": entry(0, 4, [1], "F64")}, bytes(4), "takes 8 bytes"),
    "overflow": ({"a": entry(0, 4, [2**32, 2**32])}, bytes(4), "more entries than any memory holds"),
    "overflow to the right number": ({"a": entry(0, 4, [2**62, 4, 2, 2, 1])}, bytes(4), "more entries"),
    "overflow hidden by a zero": ({"a": entry(0, 0, [2**62, 2**62, 0])}, b"", "more entries"),
    "giant integer": (b'{"a":{"dtype":"F32","shape":[' + b"9" * 4000 + b'],"data_offsets":[0,4]}}', bytes(4), "“a”.*whole numbers"),
    "integer too long to parse": (b'{"a":{"dtype":"F32","shape":[' + b"9" * 9999 + b'],"data_offsets":[0,4]}}', bytes(4), "not what"),
    "float shape": ({"a": entry(0, 4, [1.0])}, bytes(4), "whole numbers"),
    "bool shape": ({"a": entry(0, 4, [True])}, bytes(4), "whole numbers"),
    "text shape": ({"a": {**entry(0, 4, []), "shape": "12"}}, bytes(4), "whole numbers"),
    "empty text shape": ({"a": {**entry(0, 4, []), "shape": ""}}, bytes(4), "whole numbers"),
    "object shape": ({"a": {**entry(0, 4, []), "shape": {}}}, bytes(4), "whole numbers"),
    "number shape": ({"a": {**entry(0, 4, []), "shape": 1}}, bytes(4), "whole numbers"),
    "NaN offset": ({"a": {**entry(0, 4, [1]), "data_offsets": [0, float("nan")]}}, bytes(4), "NaN is no number"),
    "null offsets": ({"a": {**entry(0, 4, [1]), "data_offsets": None}}, bytes(4), "whole numbers"),
    "three offsets": ({"a": {**entry(0, 4, [1]), "data_offsets": [0, 2, 4]}}, bytes(4), "whole numbers"),
    "one offset": ({"a": {**entry(0, 4, [1]), "data_offsets": [4]}}, bytes(4), "whole numbers"),
    "nested shape": ({"a": {**entry(0, 4, [1]), "shape": [[1]]}}, bytes(4), "whole numbers"),
    "65 dimensions": ({"a": entry(0, 4, [1] * 65)}, bytes(4), "at most 64"),
    "unknown dtype": ({"a": entry(0, 4, [1], "Q5")}, bytes(4), 'dtype is "Q5"; known are .*BF16'),
    "dtype a list": ({"a": {**entry(0, 4, [1]), "dtype": ["F32"]}}, bytes(4), "known are"),
    "no dtype": ({"a": {"shape": [1], "data_offsets": [0, 4]}}, bytes(4), "lacks dtype"),
    "no shape": ({"a": {"dtype": "F32", "data_offsets": [0, 4]}}, bytes(4), "lacks shape"),
    "nothing": ({"a": {}}, bytes(4), "lacks dtype, shape, data_offsets"),
    "an entry that is a list": ({"a": []}, bytes(4), "a JSON list, not an object"),
    "an entry that is a text": ({"a": "F32"}, bytes(4), "a JSON str, not an object"),
    "metadata not text": ({"__metadata__": {"a": 1}}, b"", "__metadata__.*texts only"),
    "metadata a list": ({"__metadata__": []}, b"", "__metadata__.*texts only"),
    "duplicate tensor": (b'{"a":{},"a":{}}', b"", "“a” is there twice"),
    "duplicate field": (b'{"a":{"dtype":"F32","dtype":"F16"}}', b"", "“dtype” is there twice"),
    "not JSON": (b"not JSON at all", b"", "not what safetensors writes"),
    "not UTF-8": (b'{"\xff":1}', b"", "not what safetensors writes"),
    "half a character": (b'{"\\ud800":{}}', b"", "half a character"),
    "a list": ([1], b"", "a JSON list, not an object"),
    "a number": (b"7", b"", "a JSON int, not an object"),
    "deep nesting": (b"[" * 200_000, b"", "not what safetensors writes"),
    "deep objects": (b'{"a":' * 200_000, b"", "not what safetensors writes"),
}  # fmt: skip


@pytest.mark.parametrize(("header", "data", "message"), HOSTILE_HEADERS.values(), ids=HOSTILE_HEADERS)
def test_a_header_that_lies_is_refused_by_name(tmp_path: Path, header: object, data: bytes, message: str) -> None:
    path = write_raw(tmp_path / "hostile.safetensors", header, data)
    with pytest.raises(DamagedFileError, match=message) as caught:
        read_safetensors_header(path)
    assert "hostile.safetensors" in str(caught.value)
    assert caught.value.remedy
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "has 0 bytes"),
        (b"1234567", "has 7 bytes"),
        ((100).to_bytes(8, "little"), "claims 100 bytes, but the file has 8"),
        ((2**63).to_bytes(8, "little") + b"{}", "claims 9,223,372,036,854,775,808 bytes; at most 100,000,000"),
        (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS pointer"),
    ],
)
def test_a_file_that_has_no_whole_header_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "m.safetensors"
    path.write_bytes(content)
    with pytest.raises(DamagedFileError, match=message):
        read_safetensors_header(path)


def test_a_cut_download_is_said_to_be_cut(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    save_file({"w": torch.zeros(100)}, path)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DamagedFileError, match=r"“w”.*cut or still being written"):
        read_safetensors_header(path)


def test_packed_dtypes_are_said_to_be_quantised(tmp_path: Path) -> None:
    path = write_raw(tmp_path / "m.safetensors", {"w": entry(0, 4, [8], "F4")}, bytes(4))
    with pytest.raises(CheckpointError, match=r"F4 packs.*quantised from") as caught:
        read_safetensors_header(path)
    assert not isinstance(caught.value, DamagedFileError)


def test_names_are_shown_short_and_without_control_signs(tmp_path: Path) -> None:
    path = write_raw(tmp_path / "m.safetensors", {"\x1b[31m" + "x" * 5000: {}})
    with pytest.raises(DamagedFileError) as caught:
        read_safetensors_header(path)
    assert "\x1b" not in str(caught.value)
    assert len(str(caught.value)) < 500


def test_a_missing_file_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        read_safetensors_header(tmp_path / "none.safetensors")


VALID_FILE = save({"layers.0.w": torch.ones(3, 5), "layers.0.b": torch.ones(5, dtype=torch.bfloat16)}, {"format": "pt"})
JSON_VALUES: st.SearchStrategy[object] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
ENTRIES = st.fixed_dictionaries(
    {
        "dtype": st.sampled_from([*DType, "F4", "X"]) | JSON_VALUES,
        "shape": st.lists(st.integers(-1, 5), max_size=3) | JSON_VALUES,
        "data_offsets": st.lists(st.integers(-1, 64), min_size=2, max_size=2) | JSON_VALUES,
    }
)


@settings(max_examples=300, deadline=None)
@given(edits=st.lists(st.tuples(st.integers(0, len(VALID_FILE) - 1), st.binary(max_size=6)), max_size=6), cut=st.integers(0, 40))
def test_mutated_files_are_read_or_refused(fuzz_file: Callable[[bytes], Path], edits: list[tuple[int, bytes]], cut: int) -> None:
    content = bytearray(VALID_FILE)
    for position, replacement in edits:
        content[position : position + len(replacement)] = replacement
    _read_or_refuse(fuzz_file(bytes(content[: len(content) - cut])))


@settings(max_examples=300, deadline=None)
@given(header=st.dictionaries(st.text(max_size=8), ENTRIES | JSON_VALUES, max_size=4), data=st.binary(max_size=64))
def test_invented_headers_are_read_or_refused(fuzz_file: Callable[[bytes], Path], header: object, data: bytes) -> None:
    text = json.dumps(header).encode()
    _read_or_refuse(fuzz_file(len(text).to_bytes(8, "little") + text + data))


def _read_or_refuse(path: Path) -> None:
    """Hold that whatever is read lies inside the file, end to end."""
    try:
        stored = read_safetensors_header(path)
    except CheckpointError:
        return
    position = None
    for spec in stored.tensors.values():
        assert position is None or spec.offset == position
        position = spec.offset + spec.size_bytes
    assert position is None or position == path.stat().st_size
