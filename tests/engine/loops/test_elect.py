"""The loop of TIES writes what torch's operations on a device write, bit by bit."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.kernels import agreeing_mean
from engine.kernels.magnitude_cut import Cut
from engine.loops.elect import average_elected
from engine.operation import Spot

EDGES = (0, 1, 2047, 2048, 2049, 4100)
VALUES = st.floats(-1e6, 1e6, width=32) | st.sampled_from([0.0, -0.0, 1.0, -1.0, 2.0, -2.0])
WEIGHTS = st.sampled_from([0.0, 1.0, -1.0, 0.5, 2.0, -3.0])


def average_in_loop(parts, cuts, weights):
    out = np.full_like(parts[0], np.nan)
    average_elected(tuple(parts), np.array(cuts, out.dtype), np.array(weights, out.dtype), out)
    return out


def average_on_device(parts, cuts, weights):
    pieces = [torch.from_numpy(part.copy()) for part in parts]
    out = torch.empty_like(pieces[0])
    agreeing_mean._average_on_device(pieces, [Cut(cut) for cut in cuts], weights, Spot("n", "w", 0, out.numel()), out)
    return out.numpy()


def assert_same(parts, cuts, weights):
    in_loop, on_device = average_in_loop(parts, cuts, weights), average_on_device(parts, cuts, weights)
    assert np.array_equal(in_loop, on_device)
    assert np.array_equal(np.signbit(in_loop), np.signbit(on_device))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("length", EDGES)
def test_every_length(length, dtype):
    parts = list(np.random.default_rng(length).standard_normal((3, length)).astype(dtype))
    assert_same(parts, [0.2, 0.0, 0.9], [1.0, -0.5, 2.0])


@given(
    entries=st.lists(st.tuples(VALUES, VALUES), min_size=1, max_size=8),
    cuts=st.tuples(*[st.sampled_from([0.0, 0.5, 1.0, float("inf")])] * 2),
    weights=st.tuples(WEIGHTS, WEIGHTS),
    length=st.sampled_from([1, 2049]),
)
def test_any_two(entries, cuts, weights, length):
    columns = np.resize(np.array(entries, np.float32), (length, 2)).T
    assert_same([np.ascontiguousarray(column) for column in columns], cuts, weights)


def test_one_vector_is_what_its_cut_leaves():
    part = np.array([0.5, -0.5, 1.0, -2.0, 0.0], np.float32)
    assert average_in_loop([part], [0.5], [3.0]).tolist() == [0, 0, 1, -2, 0]


def test_weights_of_zero_leave_nothing():
    part = np.array([1.0, -1.0], np.float32)
    assert average_in_loop([part, part], [0, 0], [0, 0]).tolist() == [0, 0]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_not_lost(value):
    parts = [np.array([value, 1.0], np.float32), np.array([1.0, 1.0], np.float32)]
    result = average_in_loop(parts, [0.5, 0.5], [1.0, 1.0])
    assert not np.isfinite(result[0])
    assert result[1] == 1
