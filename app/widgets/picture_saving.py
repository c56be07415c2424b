"""Pictures of painted widgets: for the clipboard, as PNG and as SVG."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QRect, QSize
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgGenerator

from app.theme import current_tokens
from app.widgets.outline_painter import OutlinePainter

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
    """Return a figure as a picture, on the ground of panels: on any other its words might not be readable."""
    image = QImage(drawn.size() * _PIXEL_RATIO, QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(_PIXEL_RATIO)
    image.fill(current_tokens().panel)
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
    """Write a figure as SVG or PNG, as the path's ending says; return whether that was possible."""
    if not path.lower().endswith(".svg"):
        return make_image(drawn).save(path if path.lower().endswith(".png") else f"{path}.png")
    whole = QRect(0, 0, drawn.size().width(), drawn.size().height())
    drawing = QSvgGenerator()
    drawing.setFileName(path)
    drawing.setSize(whole.size())
    drawing.setViewBox(whole)
    drawing.setTitle(Path(path).stem)
    drawing.setDescription("\n".join(_list_words(drawn)))
    painter = OutlinePainter()
    if not painter.begin(drawing):
        return False
    painter.fillRect(whole, current_tokens().panel)
    drawn.draw(painter)
    painter.end()
    return True


def _list_words(drawn: Drawable) -> list[str]:
    """Return what a figure says: a file has to tell it in words before the outlines of letters, which nobody can search."""
    image = QImage(1, 1, QImage.Format.Format_ARGB32_Premultiplied)
    painter = OutlinePainter()
    painter.begin(image)
    drawn.draw(painter)
    painter.end()
    return painter.words
