"""Whatever the bytes of a `torch.save` file, it is read or refused."""

from __future__ import annotations

import collections
import io
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.checkpoints.pickled import read_pickled_header
from engine.errors import CheckpointError
from tests.engine.checkpoints.pickled_files import replace_in_zip

pytestmark = pytest.mark.usefixtures("own_cache")


@pytest.fixture(scope="session")
def valid_contents() -> dict[bool, bytes]:
    contents: dict[bool, bytes] = {}
    for is_zip in (True, False):
        buffer = io.BytesIO()
        tensors = {"w": torch.randn(3, 2).T, "b": torch.ones(2, dtype=torch.uint16), "p": torch.nn.Parameter(torch.ones(2))}
        torch.save({"model": collections.OrderedDict(tensors), "epoch": 1}, buffer, _use_new_zipfile_serialization=is_zip)
        contents[is_zip] = buffer.getvalue()
    return contents


EDITS = st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=4)), max_size=6)


@settings(max_examples=300, deadline=None)
@given(is_zip=st.booleans(), edits=EDITS, cut=st.just(0) | st.integers(0, 200))
def test_mutated_files_are_read_or_refused(
    fuzz_file: Callable[[bytes], Path], valid_contents: dict[bool, bytes], is_zip: bool, edits: list[tuple[float, bytes]], cut: int
) -> None:
    content = bytearray(valid_contents[is_zip])
    for place, replacement in edits:
        position = int(place * (len(content) - 1))
        content[position : position + len(replacement)] = replacement
    _read_or_refuse(fuzz_file(bytes(content[: len(content) - cut])))


@settings(max_examples=300, deadline=None)
@given(edits=EDITS)
def test_mutated_pickles_are_read_or_refused(
    fuzz_file: Callable[[bytes], Path], valid_contents: dict[bool, bytes], edits: list[tuple[float, bytes]]
) -> None:
    def mutate(text: bytes) -> bytes:
        content = bytearray(text)
        for place, replacement in edits:
            position = int(place * (len(content) - 1))
            content[position : position + len(replacement)] = replacement
        return bytes(content)

    path = fuzz_file(valid_contents[True])
    _read_or_refuse(fuzz_file(replace_in_zip(path, mutate)))


def _read_or_refuse(path: Path) -> None:
    try:
        stored = read_pickled_header(path)
    except CheckpointError:
        return
    for spec in stored.tensors.values():
        assert spec.offset + spec.size_bytes <= spec.path.stat().st_size
