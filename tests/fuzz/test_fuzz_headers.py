"""Hostile safetensors files: the header parser refuses them in a sentence, or what it accepts is what the format's own library reads.

A short run with every test run; the long one is `pytest --hypothesis-profile=fuzz -k fuzz` (tests/benchmarks/RESULTS.md has its outcome).
"""

import itertools
import json
import struct
from pathlib import Path

import pytest
import torch
from hypothesis import given, seed
from hypothesis import strategies as st
from safetensors import SafetensorError, deserialize
from safetensors.torch import save

from engine.checkpoints.header import DType, FileStamp
from engine.checkpoints.safetensors import PREFIX_BYTES, measure_header, parse_safetensors_header
from engine.errors import CheckpointError

SEED = 20260917
VALID = save({"layers.0.w": torch.ones(3, 5), "layers.0.b": torch.ones(5, dtype=torch.bfloat16), "n": torch.tensor(3)}, {"format": "pt"})
EDGES = [0, 1, 2, 4, 8, 64, -1, -8, 2**31, 2**32, 2**53, 2**62, 2**63 - 1, 2**63, 2**64 - 1, 2**64, 10**30]
INTEGERS = st.sampled_from(EDGES) | st.integers(-2, 70)
SCRAPS = st.none() | st.booleans() | INTEGERS | st.floats() | st.text(max_size=4) | st.lists(INTEGERS, max_size=3)
SYMBOLS = [
    b'"',
    b"\\",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"\0",
    b"\xff",
    b"-",
    b"9" * 30,
    b"1e999",
    b"NaN",
    b'"w":',
    b"\\ud800",
    b" ",
    b"true",
]


@st.composite
def mutated_files(draw):
    """A valid file with bytes replaced, put in or taken out."""
    content = bytearray(VALID)
    for _ in range(draw(st.integers(1, 5))):
        start = draw(st.integers(0, len(content)))
        stop = min(len(content), start + draw(st.integers(0, 6)))
        content[start:stop] = draw(st.sampled_from(SYMBOLS) | st.binary(max_size=6))
    return bytes(content)


@st.composite
def spoiled_files(draw):
    """Seamless tensors of which a field or two are replaced by something else."""
    entries, position = {}, 0
    for number in range(draw(st.integers(0, 4))):
        dtype = draw(st.sampled_from(list(DType)))
        shape = draw(st.lists(st.integers(0, 4), max_size=3))
        size = dtype.size_bytes
        for length in shape:
            size *= length
        entries[f"t{number}"] = {"dtype": str(dtype), "shape": shape, "data_offsets": [position, position + size]}
        position += size
    for _ in range(draw(st.integers(0, 2))):
        _spoil(draw, entries)
    if draw(st.booleans()):
        entries["__metadata__"] = draw(st.dictionaries(st.text(max_size=3), st.text(max_size=3) | SCRAPS, max_size=2) | SCRAPS)
    text = json.dumps(entries).encode() + b" " * draw(st.integers(0, 3))
    length = len(text) if draw(st.integers(0, 9)) else draw(st.integers(0, 2**64 - 1) | st.integers(0, 300))
    return struct.pack("<Q", length) + text + bytes(max(0, position + draw(st.sampled_from([0, 0, 0, 1, -1, 8]))))


def _spoil(draw, entries):
    if not entries:
        entries[draw(st.text(max_size=4))] = draw(SCRAPS)
        return
    entry = entries[draw(st.sampled_from(sorted(entries)))]
    if not isinstance(entry, dict):
        return
    field = draw(st.sampled_from(["dtype", "shape", "data_offsets", "more"]))
    if field in ("shape", "data_offsets") and draw(st.booleans()) and isinstance(entry.get(field), list) and entry[field]:
        entry[field][draw(st.integers(0, len(entry[field]) - 1))] = draw(SCRAPS)
    elif draw(st.booleans()):
        entry[field] = draw(SCRAPS)
    else:
        entry.pop(field, None)


FILES = mutated_files() | spoiled_files() | st.binary(max_size=80)
_times = itertools.count()


def read_bytes(content):
    """Return what the parser makes of a file's bytes, as reading the file does."""
    stamp = FileStamp(Path("w.safetensors"), len(content), next(_times))
    length = measure_header(content[:PREFIX_BYTES], stamp)
    return parse_safetensors_header(content[PREFIX_BYTES : PREFIX_BYTES + length], stamp)


@pytest.mark.parametrize("scrap", ["NaN", "Infinity", "-Infinity", "1e999", '"\\ud800"', '{"a": "\\uDFFF"}'])
def test_fuzz_finding_what_is_no_json_is_refused_also_where_nobody_looks(scrap):
    text = f'{{"w": {{"dtype": "U8", "shape": [1], "data_offsets": [0, 1], "more": {scrap}}}}}'.encode()
    with pytest.raises(CheckpointError, match="not what safetensors writes"):
        read_bytes(struct.pack("<Q", len(text)) + text + b"1")


def hold_refusal(refusal):
    """A refusal is a sentence of bounded length, with what to do."""
    assert 0 < len(str(refusal)) < 2000
    assert refusal.remedy


@seed(SEED)
@given(content=FILES)
def test_fuzz_header_is_refused_in_a_sentence_or_read_as_safetensors_reads_it(content):
    try:
        stored = read_bytes(content)
    except CheckpointError as refusal:
        hold_refusal(refusal)
        return
    try:
        known = {name: (tuple(entry["shape"]), entry["dtype"], len(entry["data"])) for name, entry in deserialize(content)}
    except SafetensorError as refusal:
        message = f"safetensors refuses what this parser accepts: {refusal}"
        raise AssertionError(message) from refusal
    found = {name: (spec.shape, str(spec.dtype), spec.size_bytes) for name, spec in stored.tensors.items()}
    assert found == known
    places = sorted((spec.offset, spec.offset + spec.size_bytes) for spec in stored.tensors.values())
    assert all(end <= start for (_, end), (start, _) in itertools.pairwise(places))
    assert all(end <= len(content) for _, end in places)
