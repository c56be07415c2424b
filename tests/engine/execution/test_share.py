"""The share of the work that is done never falls, and leaps neither when less is left than was thought nor when it takes longer."""

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.execution.share import DoneShare, WorkLeft

GIGABYTE = 10**9
LEFT = st.builds(WorkLeft, st.integers(0, GIGABYTE), st.integers(0, 100))


def test_bytes_alone_are_their_own_share():
    share = DoneShare(0, 0)
    for done in range(100, 1001, 100):
        share.advance(WorkLeft(1100 - done, 0), WorkLeft(1000 - done, 0))
        assert share.value == pytest.approx(done / 1000)


def test_figures_weigh_the_seconds_they_take_beside_those_of_bytes():
    """Ten figures of a second, then a stream that takes ten seconds: the figures are half of the work once that is known."""
    share = DoneShare(0, 10)
    share.time_stream(GIGABYTE, 1.0)
    share.time_figures(1, 0, 60.0)
    share.time_figures(2, 0, 2.0)
    left = WorkLeft(10 * GIGABYTE, 10)
    for figures in range(9, -1, -1):
        share.advance(left, left := left._replace(figures=figures))
    assert share.value == pytest.approx(0.5)


def test_a_short_stream_tells_no_speed():
    share, taught = DoneShare(100, 1), DoneShare(100, 1)
    taught.time_stream(1000, 60.0)
    for each in (share, taught):
        each.advance(WorkLeft(1000, 1), WorkLeft(0, 1))
    assert taught.value == share.value


def test_bytes_read_for_figures_are_counted_once():
    """Four figures of half a gigabyte that take no time beside it are a third of the work when they are done, and a gigabyte of three."""
    share = DoneShare(2 * GIGABYTE, 4)
    share.time_stream(GIGABYTE, 1.0)
    for _ in range(2):
        share.time_figures(2, GIGABYTE, 1.0)
    share.advance(WorkLeft(3 * GIGABYTE, 4), WorkLeft(2 * GIGABYTE, 0))
    assert share.value == pytest.approx(1 / 3)


def test_what_is_left_shrinks_in_proportion_whatever_has_been_struck_out_between():
    share = DoneShare(1000, 10)
    share.advance(WorkLeft(0, 10), WorkLeft(0, 8))
    assert share.value == pytest.approx(0.2)
    share.advance(WorkLeft(0, 4), WorkLeft(0, 3))
    assert share.value == pytest.approx(1 - 0.8 * 3 / 4)
    share.end()
    assert share.value == 1


@given(st.lists(st.tuples(LEFT, LEFT, st.floats(0, 100)), max_size=20))
@example([(WorkLeft(0, 6), WorkLeft(7250, 6), 0.0), (WorkLeft(7220, 12), WorkLeft(7220, 12), 0.0)]).via("what rounding took away")
def test_it_never_falls_nor_passes_one(steps):
    share, told = DoneShare(1000, 10), [0.0]
    for one, other, seconds in steps:
        share.advance(WorkLeft(*map(max, one, other)), WorkLeft(*map(min, one, other)))
        share.time_figures(1, one.moved_bytes, seconds)
        share.time_stream(other.moved_bytes, seconds)
        told.append(share.value)
    assert all(before <= after <= 1 for before, after in pairwise(told))
