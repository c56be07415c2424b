"""A hostile safetensors header is one problem at its node, and one line of `inspect`."""

from __future__ import annotations

import json
import struct

import pytest


def with_header(header, payload=b"\0" * 64):
    content = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(content)) + content + payload


def one(**changes):
    return {"w": {"dtype": "F32", "shape": [16], "data_offsets": [0, 64], **changes}}


HEADERS = {
    "empty file": (b"", "8"),
    "only a length": (struct.pack("<Q", 8), ""),
    "huge length": (struct.pack("<Q", 2**63) + b"{}", ""),
    "length beyond the file": (struct.pack("<Q", 1000) + b"{}", ""),
    "length of zero": (struct.pack("<Q", 0), ""),
    "not JSON": (with_header(b"this is no JSON at all"), "download it again"),
    "not UTF-8": (with_header(b'{"\xff": 1}'), ""),
    "an array": (with_header([1, 2]), ""),
    "nested deep": (with_header(b"[" * 50_000), ""),
    "overlap": (with_header({**one(), "v": {"dtype": "F32", "shape": [8], "data_offsets": [32, 64]}}), ""),
    "a hole": (with_header({"w": {"dtype": "F32", "shape": [8], "data_offsets": [32, 64]}}), ""),
    "past the end": (with_header(one(shape=[32], data_offsets=[0, 128])), ""),
    "negative offset": (with_header(one(data_offsets=[-64, 0])), ""),
    "offsets backwards": (with_header(one(data_offsets=[64, 0])), ""),
    "negative shape": (with_header(one(shape=[-16])), ""),
    "two negatives": (with_header(one(shape=[-4, -4])), ""),
    "overflowing shape": (with_header(one(shape=[2**62, 2**62, 2**62])), ""),
    "overflow to zero": (with_header(one(shape=[2**32, 2**32], data_offsets=[0, 0])), ""),
    "lying shape": (with_header(one(shape=[17])), ""),
    "fractional shape": (with_header(one(shape=[16.0])), ""),
    "truth as size": (with_header(one(shape=[True], dtype="F32", data_offsets=[0, 4]), b"\0" * 4), ""),
    "text as shape": (with_header(one(shape="16")), ""),
    "unknown dtype": (with_header(one(dtype="F12")), "F12"),
    "no dtype": (with_header({"w": {"shape": [16], "data_offsets": [0, 64]}}), ""),
    "tensor is no object": (with_header({"w": 3}), ""),
    "three offsets": (with_header(one(data_offsets=[0, 32, 64])), ""),
    "metadata with numbers": (with_header({"__metadata__": {"a": 1}, **one()}), ""),
    "the same name twice": (
        with_header(b'{"w":{"dtype":"F32","shape":[8],"data_offsets":[0,32]},"w":{"dtype":"F32","shape":[8],"data_offsets":[32,64]}}'),
        "w",
    ),
    "bytes that nothing names": (with_header(one(), b"\0" * 100), ""),
    "a number of many digits": (with_header(b'{"w":{"dtype":"F32","shape":[' + b"9" * 5000 + b'],"data_offsets":[0,64]}}'), ""),
}


@pytest.mark.parametrize(("content", "said"), HEADERS.values(), ids=HEADERS)
def test_hostile_header_is_a_problem_at_its_node(pair, content, said):
    (pair.folder / "tuned" / "model.safetensors").write_bytes(content)
    problems = pair.refuse(said=["model.safetensors", said])
    assert len(problems) == 1
    assert problems[0].startswith("error: [tuned.source]")


@pytest.mark.parametrize("content", [content for content, _ in HEADERS.values()], ids=HEADERS)
def test_inspect_refuses_a_hostile_header_in_one_line(workplace, content):
    path = workplace.write("w.safetensors", content)
    answer = workplace.call("inspect", path)
    assert answer.status == 3
    assert answer.out == ""
    assert len(answer.err.splitlines()) == 1
    assert str(path) in answer.err
