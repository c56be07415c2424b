"""Icons in the colours of the theme: drawings from resources/icons, and the shapes of the port kinds."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QByteArray, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap, QPolygonF
from PySide6.QtSvg import QSvgRenderer

from app.theme import Tokens, mix
from engine.operation import PortKind
from engine.resources import resource_path

_SCALE = 2
"""Pixels per unit: sharp on screens of high density too."""


def icon(name: str, colours: Tokens, *, on_accent: bool = False) -> QIcon:
    """Return a drawing of resources/icons in the text's colour, paler where it is disabled."""
    front = colours.on_accent if on_accent else colours.text
    made = QIcon(draw_icon(name, front, 20))
    made.addPixmap(draw_icon(name, mix(colours.dim, colours.panel, 0.5), 20), QIcon.Mode.Disabled)
    return made


def draw_icon(name: str, colour: QColor, size: int) -> QPixmap:
    """Return a drawing of resources/icons in one colour."""
    svg = _read_svg(name).replace("currentColor", colour.name())
    pixmap = _empty_pixmap(size)
    painter = QPainter(pixmap)
    QSvgRenderer(QByteArray(svg.encode())).render(painter, QRectF(0, 0, size, size))
    painter.end()
    return pixmap


def kind_icon(kind: PortKind, colours: Tokens, size: int = 14) -> QPixmap:
    """Return the shape of a kind in its colour: circle, triangle, square or rounded square."""
    pixmap = _empty_pixmap(size)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colours.kind(kind))
    draw_kind(painter, kind, QPointF(size / 2, size / 2), size * 0.38)
    painter.end()
    return pixmap


def draw_kind(painter: QPainter, kind: PortKind, centre: QPointF, radius: float) -> None:
    """Paint the shape of a kind with the painter's pen and brush."""
    if kind is PortKind.CHECKPOINT:
        painter.drawEllipse(centre, radius, radius)
        return
    box = QRectF(centre.x() - radius, centre.y() - radius, 2 * radius, 2 * radius)
    if kind is PortKind.VECTOR:
        painter.drawPolygon(QPolygonF([box.topLeft(), QPointF(box.right() + radius * 0.2, centre.y()), box.bottomLeft()]))
    elif kind is PortKind.TEST_SET:
        painter.drawRoundedRect(box, radius * 0.5, radius * 0.5)
    else:
        painter.drawRect(box)


@lru_cache
def _read_svg(name: str) -> str:
    return resource_path(f"icons/{name}.svg").read_text(encoding="utf-8")


def _empty_pixmap(size: int) -> QPixmap:
    pixmap = QPixmap(size * _SCALE, size * _SCALE)
    pixmap.setDevicePixelRatio(_SCALE)
    pixmap.fill(Qt.GlobalColor.transparent)
    return pixmap
