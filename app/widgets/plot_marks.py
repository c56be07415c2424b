"""The marks of curves and ways: each has a shape of its own, for those whom colours tell little."""

from __future__ import annotations

from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainter, QPolygonF

_SHAPES: tuple[tuple[tuple[float, float], ...], ...] = (
    (),
    ((-1, -1), (1, -1), (1, 1), (-1, 1)),
    ((0, -1.3), (1.2, 1), (-1.2, 1)),
    ((0, -1.5), (1.5, 0), (0, 1.5), (-1.5, 0)),
    ((0, 1.3), (1.2, -1), (-1.2, -1)),
    ((-1.6, -0.6), (1.6, -0.6), (1.6, 0.6), (-1.6, 0.6)),
)
"""A circle, and polygons."""


def draw_mark(painter: QPainter, place: QPointF, number: int, size: float) -> None:
    """Draw the mark of what has a number, in the painter's own colours; where the shapes are used up they begin again with the second."""
    corners = _SHAPES[(number + number // len(_SHAPES)) % len(_SHAPES)]
    if corners:
        painter.drawPolygon(QPolygonF([place + QPointF(x, y) * size for x, y in corners]))
    else:
        painter.drawEllipse(place, size, size)
