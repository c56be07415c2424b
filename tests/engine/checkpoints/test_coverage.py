from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.checkpoints.coverage import Coverage

SPANS = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=10)


@given(SPANS, st.integers(0, 30), st.integers(0, 30))
def test_coverage_is_the_set_of_positions_added(spans: list[tuple[int, int]], start: int, end: int) -> None:
    coverage = Coverage()
    positions: set[int] = set()
    for span_start, span_end in spans:
        coverage.add(span_start, span_end)
        positions |= set(range(span_start, span_end))
    assert coverage.is_covered(start, end) == (set(range(start, end)) <= positions)
    gaps = coverage.find_gaps(start, end)
    assert {position for gap in gaps for position in range(*gap)} == set(range(start, end)) - positions
    assert coverage.end == max(positions, default=-1) + 1
