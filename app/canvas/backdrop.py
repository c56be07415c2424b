"""What lies behind the nodes: the canvas with its grid of dots."""

from __future__ import annotations

from math import ceil, floor

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter, QPen, QPolygonF

from app.theme import Tokens

_DOT_GAP_PIXELS = 14.0
"""Dots nearer than this on the screen are thinned out."""


def paint_canvas(painter: QPainter, area: QRectF, colours: Tokens) -> None:
    """Paint a part of the empty canvas."""
    painter.fillRect(area, colours.background)
    step, zoom = float(colours.grid), painter.worldTransform().m11()
    while step * zoom < _DOT_GAP_PIXELS:
        step *= 2
    columns = range(floor(area.left() / step), ceil(area.right() / step) + 1)
    rows = range(floor(area.top() / step), ceil(area.bottom() / step) + 1)
    pen = QPen(colours.line, 1.6)
    pen.setCosmetic(True)
    painter.setPen(pen)
    painter.drawPoints(QPolygonF([QPointF(column * step, row * step) for column in columns for row in rows]))
