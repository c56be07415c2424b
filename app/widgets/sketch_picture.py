"""A sketch, painted in the colours of the theme."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from app.sketches import Sketch, SketchCurve
from app.theme import Tokens, current_theme, current_tokens, font
from app.widgets.heat_colours import cell_colours

_WIDTH, _HEIGHT = 289.0, 120.0
_BOX = (39.0, 17.0)
_LARGEST_SCALE = 1.25
_CELL = 22.0
_DOT = 5.0
_LETTER_GAP = 9.0


class SketchPicture(QWidget):
    """Paint a sketch as large as fits."""

    def __init__(self, sketch: Sketch, parent: QWidget | None = None) -> None:
        """Paint `sketch`."""
        super().__init__(parent)
        self._sketch = sketch
        self.setAccessibleName(self.tr("What it does, drawn"))
        self.setMinimumHeight(116)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def sizeHint(self) -> QSize:  # noqa: N802  (Qt's name)
        """Return the size of a card's picture."""
        return QSize(int(_WIDTH), int(_HEIGHT))

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802
        """Paint the ground, then the sketch in its middle."""
        colours = current_tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setClipRect(self.rect())
        ground = QPainterPath()
        ground.addRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, 12), 9, 9)
        painter.fillPath(ground, colours.background)
        scale = min(self.width() / _WIDTH, self.height() / _HEIGHT, _LARGEST_SCALE)
        painter.translate((self.width() - _WIDTH * scale) / 2, (self.height() - _HEIGHT * scale) / 2)
        painter.scale(scale, scale)
        self._draw_mark(painter, colours)
        self._draw_wires(painter, colours)
        self._draw_boxes(painter, colours)
        self._draw_arrows(painter, colours)
        self._draw_dots(painter, colours)
        for curve in self._sketch.curves:
            _draw_curve(painter, curve, colours.kind(curve.kind))
        self._draw_cells(painter)
        painter.end()

    def _draw_mark(self, painter: QPainter, colours: Tokens) -> None:
        if self._sketch.mark is not None:
            painter.setPen(QPen(colours.dim, 1, Qt.PenStyle.DashLine))
            painter.drawLine(QPointF(self._sketch.mark, 20), QPointF(self._sketch.mark, 100))

    def _draw_wires(self, painter: QPainter, colours: Tokens) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for source, target, kind in self._sketch.wires:
            (left, top), (right, bottom) = self._sketch.boxes[source][0], self._sketch.boxes[target][0]
            start, end = QPointF(left + _BOX[0], top + _BOX[1] / 2), QPointF(right, bottom + _BOX[1] / 2)
            reach = QPointF((end.x() - start.x()) * 0.5, 0)
            path = QPainterPath(start)
            path.cubicTo(start + reach, end - reach, end)
            painter.setPen(QPen(colours.kind(kind), 1.5))
            painter.drawPath(path)

    def _draw_boxes(self, painter: QPainter, colours: Tokens) -> None:
        for (left, top), kind in self._sketch.boxes:
            painter.setPen(QPen(colours.line, 1))
            painter.setBrush(colours.raised)
            painter.drawRoundedRect(QRectF(left, top, *_BOX), 3, 3)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colours.kind(kind))
            painter.drawRoundedRect(QRectF(left + 5, top + 4, 2.6, _BOX[1] - 8), 1, 1)

    def _draw_arrows(self, painter: QPainter, colours: Tokens) -> None:
        for source, target, is_dashed in self._sketch.arrows:
            style = Qt.PenStyle.DashLine if is_dashed else Qt.PenStyle.SolidLine
            painter.setPen(QPen(colours.vector, 1.6, style))
            painter.drawLine(QPointF(*self._sketch.dots[source].place), QPointF(*self._sketch.dots[target].place))

    def _draw_dots(self, painter: QPainter, colours: Tokens) -> None:
        letters = font("text")
        letters.setBold(True)
        painter.setFont(letters)
        for dot in self._sketch.dots:
            place = QPointF(*dot.place)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colours.kind(dot.kind))
            painter.drawEllipse(place, _DOT, _DOT)
            painter.setPen(colours.text)
            painter.drawText(QRectF(place.x() + _LETTER_GAP, place.y() - 9, 20, 18), Qt.AlignmentFlag.AlignVCenter, dot.letter)

    def _draw_cells(self, painter: QPainter) -> None:
        rows = self._sketch.cells
        left, top = (_WIDTH - len(rows) * _CELL) / 2, (_HEIGHT - len(rows) * _CELL) / 2
        painter.setPen(Qt.PenStyle.NoPen)
        for row, values in enumerate(rows):
            for column, value in enumerate(values):
                painter.setBrush(cell_colours(current_theme(), value, is_signed=True).back)
                painter.drawRoundedRect(QRectF(left + column * _CELL, top + row * _CELL, _CELL - 2, _CELL - 2), 3, 3)


def _draw_curve(painter: QPainter, curve: SketchCurve, colour: QColor) -> None:
    path = QPainterPath(QPointF(*curve.start))
    path.cubicTo(QPointF(*curve.first_pull), QPointF(*curve.second_pull), QPointF(*curve.end))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(colour, 2))
    painter.drawPath(path)
