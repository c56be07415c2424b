"""Element types as keys: by themselves and by the names that files give them."""

from __future__ import annotations

import pickle

import pytest

from engine.checkpoints.header import FLOATS, SIZE_BYTES, DType


@pytest.mark.parametrize("dtype", DType)
def test_a_dtype_is_found_under_itself_and_under_its_name(dtype: DType) -> None:
    assert {dtype: 1}[DType(str(dtype))] == 1
    assert {str(dtype): 1}[dtype] == 1
    assert pickle.loads(pickle.dumps(dtype)) in {dtype}


def test_every_dtype_has_a_size_and_those_named_after_floats_are_floats() -> None:
    assert set(SIZE_BYTES) == set(DType)
    assert {dtype for dtype in DType if dtype.is_float} == FLOATS == {dtype for dtype in DType if dtype.startswith(("F", "BF"))}
