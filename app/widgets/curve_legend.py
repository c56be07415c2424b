"""Where the names of curves stand below a plot: whole where there is room, in one line or in two."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from engine.short_names import shorten_names

MARK_PIXELS = 14
"""The stroke of its curve before each name."""
_AROUND = 20
"""The stroke's distance from its name, and the name's from the next stroke."""
_START, _EDGE = 10.0, 4.0
_LINES, _MOST_LINES = 2, 3
"""A line more is taken before any name is cut in its middle."""


@dataclass(frozen=True)
class LegendEntry:
    """Hold the name of one curve."""

    x: float
    """Where its stroke begins."""
    line: int
    name: str
    room: float
    """Pixels for the name: where it is longer it must be cut."""


def lay_out_legend(names: Sequence[str], width: float, left: float, measure: Callable[[str], float]) -> tuple[LegendEntry, ...]:
    """Return an entry for each curve, in their order.

    Args:
        names: of the curves.
        width: pixels of the plot.
        left: where the legend begins if that leaves room for the whole of it.
        measure: returns the pixels that a text takes.
    """
    found = shorten_names(names)
    # One line below the axis where that is enough; else from edge to edge.
    tries = [(shown, *room) for shown in found for room in ((left, 1), (_START, _LINES))]
    for shown, start, lines in (*tries, *((shown, _START, _MOST_LINES) for shown in found)):
        entries = _flow(shown, start, width - _EDGE, measure)
        if all(entry.line < lines for entry in entries):
            return entries
    return _make_columns(found[-1], width)


def count_lines(entries: Sequence[LegendEntry]) -> int:
    """Return how many lines a legend has; one that is empty has the room of one."""
    return max((entry.line for entry in entries), default=0) + 1


def _flow(names: Sequence[str], left: float, right: float, measure: Callable[[str], float]) -> tuple[LegendEntry, ...]:
    """Put names one after the other, going on in another line at the edge."""
    entries: list[LegendEntry] = []
    x, line = left, 0
    for name in names:
        wide = measure(name) + MARK_PIXELS + _AROUND
        # Nothing need follow the last name of a line.
        if x + wide - _AROUND / 2 > right:
            # A name that has no room in a line of its own has none at all.
            x, line = left, line + (1 if x > left else _MOST_LINES)
        entries.append(LegendEntry(x, line, name, wide))
        x += wide
    return tuple(entries)


def _make_columns(names: Sequence[str], width: float) -> tuple[LegendEntry, ...]:
    """Give every name the same room, too little for some."""
    in_line = math.ceil(len(names) / _MOST_LINES)
    each = (width - _START) / max(in_line, 1)
    room = each - MARK_PIXELS - _AROUND / 2
    return tuple(LegendEntry(_START + number % in_line * each, number // in_line, name, room) for number, name in enumerate(names))
