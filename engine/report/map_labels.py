"""Place names beside the marks of a map: none over a mark or another name, each nearest to its own mark."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

Spot = tuple[float, float]
Box = tuple[float, float, float, float]
Line = tuple[Spot, Spot]

LINE_HEIGHT: Final = 14.0
_MARK: Final = 6.0
"""How far a mark reaches from its middle."""
_NEAR: Final = 9.0
"""How far a name stands from the middle of its mark where nothing is in the way."""
_REACHES: Final = (0.0, 8.0, 18.0, 30.0, 44.0, 60.0, 80.0)
_AIR: Final = 2.5
_FAR: Final = 12.0
"""From here on a thin line joins a name to its mark."""
_CLEAR: Final = 2
"""The reach, by its number, from which on a name is clear of a mark that lies over its own."""
_SIDES: Final = ((1, 0), (1, -0.7), (1, 0.7), (0, -1), (0, 1), (-1, 0), (-1, -0.7), (-1, 0.7))
_OUTSIDE, _OVER_NAME, _OVER_MARK, _NEARER_TO_ANOTHER, _OVER_LINE, _INWARDS = 2000.0, 1000.0, 400.0, 60.0, 25.0, 6.0


@dataclass(frozen=True)
class MapField:
    """Hold what a map shows before its names come."""

    size: tuple[float, float]
    marks: tuple[Spot, ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class PlacedName:
    """Hold where a name stands."""

    mark: Spot
    box: Box
    is_linked: bool
    """A line must say whose name it is: it stands far from its mark, or the mark lies on another one."""

    @property
    def end(self) -> Spot:
        """Return where a line from the mark ends: just before the name."""
        left, top, right, bottom = self.box
        x, y = min(max(self.mark[0], left), right), min(max(self.mark[1], top), bottom)
        away = math.dist(self.mark, (x, y))
        share = max(away - _AIR, 0.0) / away if away else 0.0
        return self.mark[0] + share * (x - self.mark[0]), self.mark[1] + share * (y - self.mark[1])


def place_names(field: MapField, numbers: Sequence[int], widths: Sequence[float]) -> tuple[PlacedName, ...]:
    """Return where the names of some marks stand, the first of them placed first.

    Args:
        field: the map; its first mark is where all begin, and names stand away from it.
        numbers: the marks that have a name, by their numbers from 0.
        widths: of the names, in their order.
    """
    placed: list[PlacedName] = []
    for number, width in zip(numbers, widths, strict=True):
        mark = field.marks[number]
        boxes = [found.box for found in placed]
        is_covered = any(math.dist(mark, other) < _MARK for index, other in enumerate(field.marks) if index != number)
        choices = _list_boxes(mark, width, _REACHES[_CLEAR:] if is_covered else _REACHES)
        box = min(choices, key=lambda choice: _cost(field, number, choice, boxes))
        placed.append(PlacedName(mark, box, is_covered or _gap(box, mark) > _FAR))
    return tuple(placed)


def _list_boxes(mark: Spot, width: float, reaches: Sequence[float]) -> Iterator[Box]:
    """Give the places around a mark that a name of this width may have."""
    for reach in reaches:
        for across, down in _SIDES:
            near = (_NEAR + reach) / math.hypot(across, down)
            x = mark[0] + across * near + _before(across) * width
            y = mark[1] + down * near + _before(down) * LINE_HEIGHT
            yield x, y, x + width, y + LINE_HEIGHT


def _before(direction: float) -> float:
    """Return which share of a name lies before the point that it is laid at, going this way."""
    return 0.0 if direction > 0 else -1.0 if direction < 0 else -0.5


def _cost(field: MapField, number: int, box: Box, taken: Sequence[Box]) -> float:
    mark, start = field.marks[number], field.marks[0]
    others = [other for index, other in enumerate(field.marks) if index != number]
    middle = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
    return (
        _OUTSIDE * _is_outside(box, field.size)
        + _OVER_NAME * sum(_overlap(box, other) for other in taken)
        + _OVER_MARK * sum(_overlap(box, _box_around(other)) for other in field.marks)
        + _NEARER_TO_ANOTHER * any(_gap(box, other) < _gap(box, mark) for other in others)
        + _OVER_LINE * sum(_crosses(line, box) for line in field.lines)
        + _INWARDS * (math.dist(middle, start) < math.dist(mark, start))
        + _gap(box, mark)
        # A name reads best on its mark's own height.
        + 0.5 * abs(middle[1] - mark[1])
    )


def _box_around(mark: Spot) -> Box:
    x, y = mark
    return x - _MARK, y - _MARK, x + _MARK, y + _MARK


def _is_outside(box: Box, size: tuple[float, float]) -> bool:
    return box[0] < 0 or box[1] < 0 or box[2] > size[0] or box[3] > size[1]


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _gap(box: Box, spot: Spot) -> float:
    """Return the distance of a point from a box."""
    left, top, right, bottom = box
    return math.dist(spot, (min(max(spot[0], left), right), min(max(spot[1], top), bottom)))


def _crosses(line: Line, box: Box) -> bool:
    """Tell whether a line goes through a box: cut to the box's columns, then to its rows, something of it is left."""
    (x0, y0), (x1, y1) = line
    first, last = 0.0, 1.0
    for start, step, low, high in ((x0, x1 - x0, box[0], box[2]), (y0, y1 - y0, box[1], box[3])):
        if step == 0:
            if not low < start < high:
                return False
            continue
        entered, left = sorted(((low - start) / step, (high - start) / step))
        first, last = max(first, entered), min(last, left)
    return first < last


def join_spots(spots: Sequence[Spot]) -> tuple[Line, ...]:
    """Return the lines of a way from point to point."""
    return tuple(pairwise(spots))
