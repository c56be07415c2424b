"""The walk over a pickle ends where the standard library says it ends."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.checkpoints.pickle_opcodes import BrokenPickleError, CutPickleError, find_end

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | st.text(max_size=300) | st.binary(max_size=300),
    lambda inner: st.lists(inner, max_size=5) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner, max_size=5),
)


@given(value=VALUES, protocol=st.integers(0, pickle.HIGHEST_PROTOCOL), before=st.binary(max_size=5), after=st.binary(max_size=5))
def test_the_end_is_found_for_every_protocol(value: object, protocol: int, before: bytes, after: bytes) -> None:
    content = pickle.dumps(value, protocol)
    assert find_end(before + content + after, len(before)) == len(before) + len(content)


@given(value=VALUES, protocol=st.integers(0, pickle.HIGHEST_PROTOCOL), share=st.floats(0, 0.999))
def test_a_cut_pickle_is_said_to_be_cut(value: object, protocol: int, share: float) -> None:
    content = pickle.dumps(value, protocol)
    with pytest.raises(CutPickleError):
        find_end(content[: int(len(content) * share)], 0)


@pytest.mark.parametrize("content", [b"\x82\x01.", b"\xff.", b"\x97.", b"pnine\n."])
def test_what_saved_tensors_never_need_is_refused(content: bytes) -> None:
    with pytest.raises(BrokenPickleError):
        find_end(content, 0)
