"""A small picture of a graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

_MARGIN = 18.0
_NODE = (168.0, 76.0)
"""About what a node covers on the canvas."""
_LARGEST_SCALE = 0.24


@dataclass(frozen=True)
class PictureNode:
    """Hold one node of a picture: where it is, and the colour of its stripe."""

    x: float
    y: float
    stripe: QColor


@dataclass(frozen=True)
class Picture:
    """Hold a graph to be painted."""

    nodes: Mapping[str, PictureNode]
    wires: Sequence[tuple[str, str, QColor]]
    """(from, to, colour)."""


class GraphPicture(QWidget):
    """Paint a graph as large as fits."""

    def __init__(self, picture: Picture, colours: tuple[QColor, QColor, QColor], parent: QWidget | None = None) -> None:
        """Paint `picture`; the colours are those of the background, of nodes and of their edges."""
        super().__init__(parent)
        self._picture = picture
        self._colours = colours
        self.setAccessibleName(self.tr("The graph, drawn"))
        self.setMinimumHeight(116)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def sizeHint(self) -> QSize:  # noqa: N802  (Qt's name)
        """Return the size of a card's picture."""
        return QSize(288, 120)

    def restyle(self, picture: Picture, colours: tuple[QColor, QColor, QColor]) -> None:
        """Take the same picture in other colours."""
        self._picture, self._colours = picture, colours
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802
        """Paint wires, then nodes."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        back = QPainterPath()
        back.addRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, 12), 9, 9)
        painter.setClipRect(self.rect())
        painter.fillPath(back, self._colours[0])
        if self._picture.nodes:
            boxes = self._place_nodes()
            for source, target, colour in self._picture.wires:
                _draw_wire(painter, boxes[source], boxes[target], colour)
            for name, node in self._picture.nodes.items():
                self._draw_node(painter, boxes[name], node.stripe)
        painter.end()

    def _place_nodes(self) -> Mapping[str, QRectF]:
        nodes = self._picture.nodes
        left, top = min(node.x for node in nodes.values()), min(node.y for node in nodes.values())
        width = max(node.x for node in nodes.values()) - left + _NODE[0]
        height = max(node.y for node in nodes.values()) - top + _NODE[1]
        across, down = (self.width() - 2 * _MARGIN) / width, (self.height() - 2 * _MARGIN) / height
        # Each axis by itself: what stands beside what matters here, not how far apart.
        across, down = min(across, _LARGEST_SCALE), min(down, _LARGEST_SCALE)
        x0, y0 = (self.width() - width * across) / 2, (self.height() - height * down) / 2
        size = (min(_NODE[0] * across, 38.0), max(min(_NODE[1] * down, 18.0), 6.0))
        return {name: QRectF(x0 + (node.x - left) * across, y0 + (node.y - top) * down, *size) for name, node in nodes.items()}

    def _draw_node(self, painter: QPainter, box: QRectF, stripe: QColor) -> None:
        painter.setPen(QPen(self._colours[2], 1))
        painter.setBrush(self._colours[1])
        painter.drawRoundedRect(box, 3, 3)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(stripe)
        painter.drawRect(QRectF(box.left() + 4, box.top() + box.height() * 0.25, 2.4, box.height() * 0.5))


def _draw_wire(painter: QPainter, source: QRectF, target: QRectF, colour: QColor) -> None:
    start, end = QPointF(source.right(), source.center().y()), QPointF(target.left(), target.center().y())
    reach = max(abs(end.x() - start.x()) * 0.5, 8)
    path = QPainterPath(start)
    path.cubicTo(start + QPointF(reach, 0), end - QPointF(reach, 0), end)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(colour, 1.5))
    painter.drawPath(path)
