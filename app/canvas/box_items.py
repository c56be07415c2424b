"""Frames and notes on the canvas."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QGraphicsRectItem, QStyleOptionGraphicsItem, QWidget

from app.canvas.node_item import TEXT_FROM_ZOOM
from app.theme import Tokens, font, mix
from engine.document.model import Frame, Note, Rect

TITLE_HEIGHT = 28.0
CORNER = 16.0
SMALLEST_BOX = (96.0, 48.0)


class BoxItem(QGraphicsRectItem):
    """Show a frame or a note."""

    def __init__(self, shown: Frame | Note, colours: Tokens) -> None:
        """Show it."""
        super().__init__()
        self.shown = shown
        self.is_marked = False
        self._colours = colours
        self.show_box(shown)

    @property
    def box(self) -> Rect:
        """Return what it covers in the scene."""
        x, y, width, height = self.shown.rect
        return self.x() + x, self.y() + y, width, height

    def show_box(self, shown: Frame | Note) -> None:
        """Show it as it is now, where it is now."""
        self.shown = shown
        self.setPos(0, 0)
        self.preview_rect(shown.rect)

    def preview_rect(self, rect: Rect) -> None:
        """Show another size until the gesture ends."""
        self.setRect(QRectF(*rect))
        self.update()

    def mark(self, is_marked: bool) -> None:
        """Draw it as selected, or not."""
        if is_marked != self.is_marked:
            self.is_marked = is_marked
            self.update()

    def dress(self, colours: Tokens) -> None:
        """Take the colours of another theme."""
        self._colours = colours
        self.update()

    def is_corner_at(self, x: float, y: float) -> bool:
        """Tell whether a press there takes the corner that resizes it."""
        left, top, width, height = self.box
        return left + width - CORNER <= x <= left + width and top + height - CORNER <= y <= top + height

    def boundingRect(self) -> QRectF:  # noqa: N802  (Qt's name)
        """Return the rectangle with room for its outline."""
        return self.rect().adjusted(-2, -2, 2, 2)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Paint the frame or the note."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        has_text = painter.worldTransform().m11() >= TEXT_FROM_ZOOM
        if isinstance(self.shown, Frame):
            self._paint_frame(painter, self.shown, has_text=has_text)
        else:
            self._paint_note(painter, self.shown, has_text=has_text)
        self._paint_corner(painter)

    def _paint_frame(self, painter: QPainter, frame: Frame, *, has_text: bool) -> None:
        colours, fill = self._colours, QColor(self._colours.vector)
        fill.setAlphaF(0.07)
        painter.setBrush(fill)
        edge = mix(colours.vector, colours.background, 0.45)
        painter.setPen(QPen(colours.accent, 2) if self.is_marked else QPen(edge, 1, Qt.PenStyle.DashLine))
        painter.drawRoundedRect(self.rect(), colours.node_radius, colours.node_radius)
        if has_text:
            painter.setFont(font("title"))
            painter.setPen(colours.vector)
            box = QRectF(self.rect().x() + 14, self.rect().y() + 4, self.rect().width() - 28, TITLE_HEIGHT - 4)
            painter.drawText(box, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), frame.title)

    def _paint_note(self, painter: QPainter, note: Note, *, has_text: bool) -> None:
        colours = self._colours
        painter.setBrush(mix(colours.warning, colours.panel, 0.12))
        painter.setPen(QPen(colours.accent, 2) if self.is_marked else QPen(mix(colours.warning, colours.panel, 0.35), 1))
        painter.drawRoundedRect(self.rect(), colours.field_radius, colours.field_radius)
        if has_text:
            painter.setFont(font("text"))
            painter.setPen(colours.text)
            painter.drawText(self.rect().adjusted(10, 8, -10, -8), int(Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignTop), note.text)

    def _paint_corner(self, painter: QPainter) -> None:
        corner = self.rect().bottomRight()
        painter.setPen(QPen(self._colours.dim, 1))
        for length in (5, 9):
            painter.drawLine(corner - QPointF(length + 3, 3), corner - QPointF(3, length + 3))
