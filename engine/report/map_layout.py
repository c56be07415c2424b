"""Where everything of a weight map lies in pixels, and what its tips are called."""

from __future__ import annotations

import string
from typing import Final

from engine.execution.result import SimilarityRecord
from engine.report.map_labels import Spot
from engine.report.plot import WIDTH
from engine.report.svg import fit_names, measure_text

HEIGHT: Final = 320.0
FONT: Final = 11.0
_MARGIN: Final = 34.0
_WIDEST_LABEL: Final = 120.0
_BESIDE: Final = 9.0
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
