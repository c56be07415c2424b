"""Zooming a view: at a point, in steps, and to fit."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSizeF
from PySide6.QtWidgets import QGraphicsView

SMALLEST, LARGEST = 0.05, 4.0
STEP = 1.2
READABLE = 0.6
"""From here on words can be read."""
_FIT_MARGIN = 48.0
_FIT_LARGEST = 1.25
"""A single node is not blown up to the whole window."""


def zoom_of(view: QGraphicsView) -> float:
    """Return how many pixels of the window a pixel of the scene takes."""
    return view.transform().m11()


def zoom_at(view: QGraphicsView, factor: float, at: QPointF) -> None:
    """Zoom so that the point of the scene under a point of the window stays there."""
    old = zoom_of(view)
    new = min(max(old * factor, SMALLEST), LARGEST)
    if new == old:
        return
    under = view.viewportTransform().inverted()[0].map(at)
    view.scale(new / old, new / old)
    moved = view.viewportTransform().map(under)
    scroll = moved - at
    view.horizontalScrollBar().setValue(view.horizontalScrollBar().value() + round(scroll.x()))
    view.verticalScrollBar().setValue(view.verticalScrollBar().value() + round(scroll.y()))


def reset_zoom(view: QGraphicsView) -> None:
    """Show the scene in its own size, around the middle of the window."""
    zoom_at(view, 1 / zoom_of(view), QPointF(view.viewport().rect().center()))


def open_at(view: QGraphicsView, rect: QRectF) -> None:
    """Show a graph that was just opened: all of it if its words can be read then, else its beginning."""
    fit_rect(view, rect)
    if rect.isEmpty() or zoom_of(view) >= READABLE:
        return
    view.scale(READABLE / zoom_of(view), READABLE / zoom_of(view))
    half = QSizeF(view.viewport().size()) / (2 * READABLE)
    margin = _FIT_MARGIN / (2 * READABLE)
    x = rect.center().x() if rect.width() < 2 * half.width() else rect.left() - margin + half.width()
    y = rect.center().y() if rect.height() < 2 * half.height() else rect.top() - margin + half.height()
    view.centerOn(x, y)


def fit_rect(view: QGraphicsView, rect: QRectF) -> None:
    """Show a rectangle of the scene as large as it goes."""
    if rect.isEmpty():
        return
    room = QSizeF(view.viewport().size()) - QSizeF(2 * _FIT_MARGIN, 2 * _FIT_MARGIN)
    wanted = min(max(room.width(), 1.0) / rect.width(), max(room.height(), 1.0) / rect.height(), _FIT_LARGEST)
    wanted = min(max(wanted, SMALLEST), LARGEST)
    view.scale(wanted / zoom_of(view), wanted / zoom_of(view))
    view.centerOn(rect.center())
