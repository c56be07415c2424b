"""Pictures of painted widgets: for the clipboard, as PNG and as SVG."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgGenerator

_PIXEL_RATIO = 2
"""Pictures have twice the screen's pixels: they go into papers."""


class Drawable(Protocol):
    """Paint itself on any device of its size."""

    def draw(self, painter: QPainter) -> None:
        """Paint everything."""
        ...

    def size(self) -> QSize:
        """Return how large it is."""
        ...


def make_image(drawn: Drawable) -> QImage:
    """Return a widget as a picture."""
    image = QImage(drawn.size() * _PIXEL_RATIO, QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(_PIXEL_RATIO)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    drawn.draw(painter)
    painter.end()
    return image


def save_figure(drawn: Drawable, table: Callable[[], str], path: str) -> bool:
    """Write a widget as PNG or SVG, or its figures as CSV, as the path's ending says; return whether that was possible."""
    if path.lower().endswith(".csv"):
        Path(path).write_text(table(), encoding="utf-8")
        return True
    return save_picture(drawn, path)


def save_picture(drawn: Drawable, path: str) -> bool:
    """Write a widget as SVG or PNG, as the path's ending says; return whether that was possible."""
    if not path.lower().endswith(".svg"):
        return make_image(drawn).save(path if path.lower().endswith(".png") else f"{path}.png")
    drawing = QSvgGenerator()
    drawing.setFileName(path)
    drawing.setSize(drawn.size())
    drawing.setViewBox(QRect(0, 0, drawn.size().width(), drawn.size().height()))
    painter = QPainter()
    if not painter.begin(drawing):
        return False
    drawn.draw(painter)
    painter.end()
    return True
