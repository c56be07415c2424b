"""What lies above a bracket, on its marks and elsewhere in it is what arrays of NumPy say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.loops.bracket import count_bracket

BLOCK = 8192
"""Of two steps."""
EDGES = (0, 1, 7, 4095, 4096, 4097, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 5)
FEW = [0.0, -0.0, 0.5, -0.5, 1.0, -1.0, 1.5, -2.0, 2.0, 3.0, float("inf"), float("-inf"), float("nan")]


def count_with_arrays(values, lowest, highest, marks):
    magnitudes = np.abs(values)
    starts = range(0, values.size, BLOCK)
    is_other = (magnitudes >= lowest) & (magnitudes <= highest) & ~np.isin(magnitudes, marks)
    above = int((~(magnitudes <= highest)).sum())
    on_marks = [[int((magnitudes[start : start + BLOCK] == mark).sum()) for mark in marks] for start in starts]
    ends = [int(is_other[: start + BLOCK].sum()) for start in starts]
    return above, on_marks, magnitudes[is_other], ends


def assert_counted(values, lowest, highest, marks):
    kind = values.dtype.type
    marks = np.array(marks, values.dtype)
    above, on_marks, others, ends = count_bracket(values, kind(lowest), kind(highest), marks, BLOCK)
    expected = count_with_arrays(values, lowest, highest, marks)
    assert above == expected[0]
    assert on_marks.shape == (-(-values.size // BLOCK), marks.size)
    assert on_marks.tolist() == expected[1]
    assert others.dtype == values.dtype
    assert others.tolist() == expected[2].tolist()
    assert ends.tolist() == expected[3]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("length", EDGES)
def test_gaussians_of_every_length(length, dtype):
    assert_counted(np.random.default_rng(length).standard_normal(length).astype(dtype), 0.75, 1.25, ())


@pytest.mark.parametrize("bracket", [(0.0, np.inf), (1.0, 1.0), (2.0, 1.0), (5.0, np.inf)])
@pytest.mark.parametrize("marks", [(), (1.0,)])
def test_wide_narrow_and_empty_brackets(bracket, marks):
    values = np.random.default_rng(0).choice(np.array(FEW, np.float32), 10_000)
    if not bracket[0] <= 1 <= bracket[1]:
        marks = ()
    assert_counted(values, *bracket, marks)


@given(
    drawn=st.lists(st.sampled_from(FEW) | st.floats(width=32), min_size=1, max_size=40),
    length=st.sampled_from(EDGES),
    limits=st.tuples(st.sampled_from([0.0, 0.5, 1.0]), st.sampled_from([1.0, 1.5, 2.0, float("inf")])),
    marked=st.sets(st.sampled_from([0.0, 0.5, 1.0, 1.5, 2.0]), max_size=3),
)
def test_any_numbers_and_marks(drawn, length, limits, marked):
    values = np.resize(np.array(drawn, np.float32), length)
    assert_counted(values, *limits, [mark for mark in marked if limits[0] <= mark <= limits[1]])
