"""The picture of a heat map: it says what it shows, and its caption is whole."""

from __future__ import annotations

import math

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from app.theme import current_tokens, font
from app.widgets.heat_layout import PAD
from app.widgets.heat_map import HeatMapPlot

_ABOVE, _BELOW = 10.0, 10.0
_BETWEEN = 6.0


class HeatPicture:
    """Paint a heat map as large as it is on the screen, its title above and its caption below it."""

    def __init__(self, plot: HeatMapPlot) -> None:
        """Paint what `plot` shows now."""
        self._plot = plot
        self._width = float(plot.width())
        self._title = self._measure(plot.square.title, is_title=True)
        self._caption = self._measure(plot.square.legend, is_title=False)

    def size(self) -> QSize:
        """Return the size of all three."""
        own = self._title + self._caption + _ABOVE + 2 * _BETWEEN + _BELOW
        return QSize(self._plot.width(), math.ceil(own + self._plot.find_end()))

    def draw(self, painter: QPainter) -> None:
        """Paint title, map and caption."""
        colours = current_tokens()
        top = _ABOVE + self._title + _BETWEEN
        painter.setFont(font("title"))
        painter.setPen(colours.text)
        room = self._width - 2 * PAD
        painter.drawText(QRectF(PAD, _ABOVE, room, self._title), int(Qt.TextFlag.TextWordWrap), self._plot.square.title)
        painter.translate(0, top)
        self._plot.draw_figures(painter)
        painter.translate(0, -top)
        painter.setFont(font("caption"))
        painter.setPen(colours.dim)
        below = QRectF(PAD, top + self._plot.find_end() + _BETWEEN, room, self._caption)
        painter.drawText(below, int(Qt.TextFlag.TextWordWrap), self._plot.square.legend)

    def _measure(self, text: str, *, is_title: bool) -> float:
        """Return how high a text is where its lines are as wide as the map."""
        metrics = QFontMetricsF(font("title" if is_title else "caption"))
        room = QRectF(0, 0, self._width - 2 * PAD, 1000)
        return metrics.boundingRect(room, int(Qt.TextFlag.TextWordWrap), text).height() if text else 0.0
