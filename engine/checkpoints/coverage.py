"""Which bytes of a file are accounted for: disjoint spans that grow together."""

from __future__ import annotations

from bisect import bisect_left, bisect_right


class Coverage:
    """Hold a set of byte positions as sorted, disjoint spans."""

    def __init__(self) -> None:
        """Begin with nothing covered."""
        self._starts: list[int] = []
        self._ends: list[int] = []

    def add(self, start: int, end: int) -> None:
        """Cover the bytes from `start` up to, not including, `end`."""
        if start >= end:
            return
        first = bisect_left(self._ends, start)
        last = bisect_right(self._starts, end)
        if first < last:
            start = min(start, self._starts[first])
            end = max(end, self._ends[last - 1])
        self._starts[first:last] = [start]
        self._ends[first:last] = [end]

    def is_covered(self, start: int, end: int) -> bool:
        """Tell whether every byte from `start` up to `end` is covered."""
        if start >= end:
            return True
        index = bisect_right(self._starts, start) - 1
        return index >= 0 and self._ends[index] >= end

    def find_gaps(self, start: int, end: int) -> list[tuple[int, int]]:
        """Return the spans between `start` and `end` that are not covered, in order."""
        gaps: list[tuple[int, int]] = []
        position = start
        for covered_start, covered_end in zip(self._starts, self._ends, strict=True):
            if min(covered_start, end) > position:
                gaps.append((position, min(covered_start, end)))
            position = max(position, covered_end)
        return [*gaps, (position, end)] if position < end else gaps

    @property
    def end(self) -> int:
        """Return the position after the last covered byte, 0 when there is none."""
        return self._ends[-1] if self._ends else 0
