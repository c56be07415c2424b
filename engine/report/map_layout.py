"""Where everything of a weight map lies in pixels, its names among them."""

from __future__ import annotations

import string
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Final

from engine.execution.result import SimilarityRecord
from engine.map_labels import Anchor, Label, Line, MapGround, Spot, find_hidden, place_labels
from engine.report.plot import WIDTH
from engine.report.svg import fit_names, measure_text

HEIGHT: Final = 320.0
FONT: Final = 11.0
AIR: Final = 2.0
"""Between a name and the line to it."""
_LINE_HEIGHT: Final = 14.0
_MARK: Final = 6.0
"""How far a mark reaches from its middle."""
_SCALE_ROOM: Final = 24.0
"""The strip below the names where the bar of the scale lies."""
_BASE: Final = "base"
_MARGIN: Final = 34.0
_WIDTHS: Final = (240.0, 220.0, 200.0, 180.0, 160.0, 140.0)
"""How wide names may be where there is room beside the points, the widest first."""
_NARROW: Final = 120.0
"""How wide they may always be."""
_BESIDE: Final = 12.0
_MOST_NAMED: Final = 6
"""More tips than these carry their number in place of their name."""


def is_numbered_map(record: SimilarityRecord) -> bool:
    """Tell whether the tips carry numbers, because there are too many for names."""
    return len(record.names) + len(record.edited) > _MOST_NAMED


@lru_cache(maxsize=8)
def list_labels(record: SimilarityRecord) -> tuple[str, ...]:
    """Return what stands beside the tips: names as long as they can be without making the map smaller or being laid out worse."""
    if is_numbered_map(record):
        return (*map(str, range(1, len(record.names) + 1)), *list_letters(record))
    names = (*record.names, *(model.name for model in record.edited))
    found = fit_names(names, FONT, _NARROW)
    least, scale = _count_cost(record, found), _find_scale(record, found)
    levels = [fit_names(names, FONT, width) for width in _WIDTHS]
    for number in range(len(names)):
        wider = ((*found[:number], level[number], *found[number + 1 :]) for level in levels)
        found = next(wide for wide in (*wider, found) if _find_scale(record, wide) >= scale and _count_cost(record, wide) <= least)
    return found


def _count_cost(record: SimilarityRecord, labels: Sequence[str]) -> tuple[int, int]:
    """Return how many marks have no name where these are written, and how far the names are from their best places."""
    placed = _place_names(record, labels)
    return len(_name_marks(record, labels)) - len(placed), sum(label.cost for label in placed)


def list_letters(record: SimilarityRecord) -> list[str]:
    """Return what stands beside the models of a numbered map, from a to z, then from a2 on."""
    signs = string.ascii_lowercase
    return [
        signs[number % len(signs)] + (str(number // len(signs) + 1) if number >= len(signs) else "") for number in range(len(record.edited))
    ]


def name_marks(record: SimilarityRecord) -> dict[int, str]:
    """Return what stands beside each mark, by its number: where they begin is 0, and is named only where it is a base."""
    return _name_marks(record, list_labels(record))


def _name_marks(record: SimilarityRecord, labels: Sequence[str]) -> dict[int, str]:
    named = dict(enumerate(labels, 1))
    return named | {0: _BASE} if record.relative_norms else named


def place_names(record: SimilarityRecord) -> tuple[Label, ...]:
    """Return where names stand, by the numbers of their marks; on a map as crowded as can be some have no room."""
    return _place_names(record, list_labels(record))


def _place_names(record: SimilarityRecord, labels: Sequence[str]) -> tuple[Label, ...]:
    spots, names = _lay_out(record, labels), _name_marks(record, labels)
    # Those nearest to the beginning's height first: the others give way outwards. The beginning's own name has the least to say.
    order = sorted(names, key=lambda number: (number == 0, abs(spots[number][1] - spots[0][1])))
    hidden = find_hidden(spots, _MARK)
    anchors = [
        Anchor(str(number), *spots[number], measure_text(names[number], FONT) + 2 * AIR, _LINE_HEIGHT, is_hidden=number in hidden)
        for number in order
    ]
    marks = [(x - _MARK, y - _MARK, x + _MARK, y + _MARK) for x, y in spots]
    area = (0.0, 0.0, WIDTH, HEIGHT - _SCALE_ROOM)
    return place_labels(anchors, MapGround(area, spots, marks, _list_lines(record, spots), spots[0]))


def list_arrow_tips(record: SimilarityRecord, spots: Sequence[Spot]) -> list[Spot]:
    """Return where arrows end: at all vectors but the steps of a training on its way."""
    followed = {number for path in record.trainings for number in path.vectors[:-1]}
    return [spots[number + 1] for number in range(len(record.names)) if number not in followed]


def _list_lines(record: SimilarityRecord, spots: Sequence[Spot]) -> list[Line]:
    """Return the lines that a name had better not stand on."""
    arrows = [(spots[0], tip) for tip in list_arrow_tips(record, spots)]
    corners = [[spots[corner + 1] for corner in found] for found in record.parallelograms]
    sides = [line for a, b, c, made in corners for line in ((a, b), (c, made), (a, c), (b, made))]
    gaps = [(spots[found.made + 1], spots[found.true + 1]) for found in record.analogies]
    ways = [line for path in record.trainings for line in pairwise([spots[number + 1] for number in path.vectors])]
    return [(*start, *end) for start, end in (*arrows, *sides, *gaps, *ways)]


def _list_places(record: SimilarityRecord) -> list[tuple[float, ...]]:
    """Return where they begin, then the tips, then the models."""
    return [*record.places, *(model.place for model in record.edited)]


def lay_out(record: SimilarityRecord) -> list[Spot]:
    """Return where the beginning and the tips lie in pixels; both axes have one scale."""
    return _lay_out(record, list_labels(record))


def _lay_out(record: SimilarityRecord, labels: Sequence[str]) -> list[Spot]:
    places, scale = _list_places(record), _find_scale(record, labels)
    left, right = _side_rooms(record, labels)
    up = [y for _, y in places]
    start = min(x * scale - room for (x, _), room in zip(places, left, strict=True))
    end = max(x * scale + room for (x, _), room in zip(places, right, strict=True))
    x0 = WIDTH / 2 - (start + end) / 2
    y0 = HEIGHT / 2 + (min(up) + max(up)) / 2 * scale
    return [(x0 + x * scale, y0 - y * scale) for x, y in places]


def _side_rooms(record: SimilarityRecord, labels: Sequence[str]) -> tuple[list[float], list[float]]:
    """Return the room that the name of each place takes to the left and to the right."""
    places = _list_places(record)
    widths = [0.0, *(measure_text(label, FONT) + _BESIDE for label in labels)]
    scale = _fit_scale(places, *_split(widths, [x < 0 for x, _ in places]))
    # To the right, too, a name leads away from the beginning unless its middle is nearer to that than its mark.
    return _split(widths, [4 * x * scale < -width for (x, _), width in zip(places, widths, strict=True)])


def _split(widths: Sequence[float], is_left: Sequence[bool]) -> tuple[list[float], list[float]]:
    left = [width if side else 0.0 for width, side in zip(widths, is_left, strict=True)]
    return left, [width - room for width, room in zip(widths, left, strict=True)]


def scale_of(record: SimilarityRecord) -> float:
    """Return the pixels of a unit."""
    return _find_scale(record, list_labels(record))


def _find_scale(record: SimilarityRecord, labels: Sequence[str]) -> float:
    return _fit_scale(_list_places(record), *_side_rooms(record, labels))


def _fit_scale(places: Sequence[tuple[float, ...]], left: Sequence[float], right: Sequence[float]) -> float:
    """Return the largest scale at which all places are within the height, and within the width with the room beside them."""
    up = [y for _, y in places]
    ways = [(max(up) - min(up), HEIGHT - 2 * _MARGIN)]
    for (start, _), before in zip(places, left, strict=True):
        ways += [(end - start, WIDTH - 2 * _MARGIN - before - after) for (end, _), after in zip(places, right, strict=True)]
    return min(room / extent for extent, room in ways if extent > 0)
