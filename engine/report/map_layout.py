"""Where everything of a weight map lies in pixels, its names among them."""

from __future__ import annotations

import string
from collections.abc import Sequence
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
_WIDEST_LABEL: Final = 120.0
_BESIDE: Final = 12.0
_MOST_NAMED: Final = 6
"""More tips than these carry their number in place of their name."""


def is_numbered_map(record: SimilarityRecord) -> bool:
    """Tell whether the tips carry numbers, because there are too many for names."""
    return len(record.names) + len(record.edited) > _MOST_NAMED


def list_labels(record: SimilarityRecord) -> list[str]:
    """Return what stands beside the tips."""
    if is_numbered_map(record):
        return [*map(str, range(1, len(record.names) + 1)), *list_letters(record)]
    names = (*record.names, *(model.name for model in record.edited))
    return list(fit_names(names, FONT, _WIDEST_LABEL))


def list_letters(record: SimilarityRecord) -> list[str]:
    """Return what stands beside the models of a numbered map, from a to z, then from a2 on."""
    signs = string.ascii_lowercase
    return [
        signs[number % len(signs)] + (str(number // len(signs) + 1) if number >= len(signs) else "") for number in range(len(record.edited))
    ]


def name_marks(record: SimilarityRecord) -> dict[int, str]:
    """Return what stands beside each mark, by its number: where they begin is 0, and is named only where it is a base."""
    named = dict(enumerate(list_labels(record), 1))
    return named | {0: _BASE} if record.relative_norms else named


def place_names(record: SimilarityRecord) -> tuple[Label, ...]:
    """Return where names stand, by the numbers of their marks; on a map as crowded as can be some have no room."""
    spots, names = lay_out(record), name_marks(record)
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
    left, right, low, high = _limits(record)
    scale = scale_of(record)
    sides = _side_rooms(record)
    x0 = (sides[0] + WIDTH - sides[1]) / 2 - (left + right) / 2 * scale
    y0 = HEIGHT / 2 + (low + high) / 2 * scale
    return [(x0 + x * scale, y0 - y * scale) for x, y in _list_places(record)]


def _limits(record: SimilarityRecord) -> tuple[float, float, float, float]:
    places = _list_places(record)
    across, up = [x for x, _ in places], [y for _, y in places]
    return min(across), max(across), min(up), max(up)


def _side_rooms(record: SimilarityRecord) -> tuple[float, float]:
    """Return the room that names take to the left and to the right: each stands on the side away from the beginning."""
    widths = [measure_text(label, FONT) + _BESIDE for label in list_labels(record)]
    tips = _list_places(record)[1:]
    lefts = [width for width, (x, _) in zip(widths, tips, strict=True) if x < 0]
    rights = [width for width, (x, _) in zip(widths, tips, strict=True) if x >= 0]
    return max(lefts, default=0.0), max(rights, default=0.0)


def scale_of(record: SimilarityRecord) -> float:
    """Return the pixels of a unit."""
    left, right, low, high = _limits(record)
    room = (WIDTH - 2 * _MARGIN - sum(_side_rooms(record)), HEIGHT - 2 * _MARGIN)
    return min(space / extent for space, extent in zip(room, (right - left, high - low), strict=True) if extent > 0)
