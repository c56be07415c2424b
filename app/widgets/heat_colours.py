"""The colours of heat maps: brown below zero, teal above it, which also those tell apart who see no red or no green."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor, QImage

from app.theme import ThemeName, mix, tokens

_NEGATIVE = {"dark": "#c98a3d", "light": "#8c510a"}
_TEXTS = (QColor("#ffffff"), QColor("#000000"))
"""Of these two one has a contrast of at least 4.58 on any colour."""
_UNKNOWN = 101
"""The percentage after the last one: of what is not known."""
_LINEAR_BELOW = 0.04045
"""The sRGB curve is a straight line there."""


@dataclass(frozen=True)
class CellColours:
    """Hold how a cell is painted."""

    back: QColor
    text: QColor
    """Whichever can be read better."""


def cell_colours(theme: ThemeName, value: float, *, is_signed: bool) -> CellColours:
    """Return the colours of a cell; NaN for one of which nothing is known."""
    percent = None if math.isnan(value) else round(100 * min(max(value, -1.0), 1.0))
    return _make_colours(theme, percent, is_signed)


@lru_cache(maxsize=1024)
def _make_colours(theme: ThemeName, percent: int | None, is_signed: bool) -> CellColours:
    colours = tokens(theme)
    high = colours.vector if is_signed else colours.metrics
    middle = mix(colours.text, colours.raised, 0.06)
    back = colours.panel
    if percent is not None:
        back = mix(high if percent >= 0 else QColor(_NEGATIVE[theme]), middle, abs(percent) / 100)
    return CellColours(back, max(_TEXTS, key=lambda text: contrast(text, back)))


def paint_cells(theme: ThemeName, values: NDArray[np.float64], *, is_signed: bool) -> QImage:
    """Return a picture of one pixel for each cell: hundreds of cells at once."""
    percent = np.where(np.isnan(values), _UNKNOWN, np.round(100 * np.clip(values, -1, 1))).astype(np.intp)
    pixels = np.ascontiguousarray(_list_pixels(theme, is_signed)[percent + 100])
    rows, columns = pixels.shape
    return QImage(pixels.tobytes(), columns, rows, 4 * columns, QImage.Format.Format_RGB32).copy()


@lru_cache(maxsize=4)
def _list_pixels(theme: ThemeName, is_signed: bool) -> NDArray[np.uint32]:
    percents = (*range(-100, 101), None)
    return np.array([_make_colours(theme, percent, is_signed).back.rgb() for percent in percents], dtype=np.uint32)


def contrast(one: QColor, two: QColor) -> float:
    """Return the contrast of two colours, 1 to 21 (WCAG 2)."""
    bright, dark = sorted((_luminance(one), _luminance(two)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def _luminance(colour: QColor) -> float:
    parts = (colour.redF(), colour.greenF(), colour.blueF())
    red, green, blue = (part / 12.92 if part <= _LINEAR_BELOW else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
