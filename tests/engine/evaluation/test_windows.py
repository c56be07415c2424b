"""Windows: every token but a document's first is scored exactly once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import EvaluationError
from engine.evaluation.windows import cut_windows


@given(st.lists(st.integers(0, 40), min_size=1, max_size=4), st.integers(2, 12), st.integers(1, 12))
def test_every_token_is_scored_once_with_something_before_it(lengths: list[int], context: int, stride: int) -> None:
    stride = min(stride, context)
    documents = [list(range(100 * index, 100 * index + length)) for index, length in enumerate(lengths)]
    windows = list(cut_windows(documents, context, stride))
    scored = [token for window in windows for token in window.tokens[len(window.tokens) - window.scored :]]
    assert scored == [token for document in documents for token in document[1:]]
    assert all(0 < window.scored < len(window.tokens) <= context for window in windows)
    assert all(window.tokens[0] // 100 == window.document for window in windows)


def test_windows_by_hand() -> None:
    windows = list(cut_windows([list("abcdefg")], 4, 2))  # type: ignore[list-item]
    assert [("".join(map(str, window.tokens)), window.scored) for window in windows] == [("abcd", 3), ("cdef", 2), ("efg", 1)]


@pytest.mark.parametrize(("context", "stride"), [(4, 5), (4, 0), (1, 1)])
def test_a_stride_that_skips_is_refused(context: int, stride: int) -> None:
    with pytest.raises(EvaluationError, match=f"stride of {stride} does not fit a context of {context}"):
        list(cut_windows([[1, 2, 3]], context, stride))
