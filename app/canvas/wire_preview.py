"""The wire under the hand, with the ports that fit aglow and everything else dimmed."""

from __future__ import annotations

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QGraphicsRectItem, QStyleOptionGraphicsItem, QWidget

from app.canvas.connection import PortEnd, port_kind
from app.canvas.node_painter import kind_colour, paint_port
from app.canvas.node_shape import PORT_RADIUS, PortPlace
from app.canvas.scene import Scene
from app.canvas.wire_item import make_lines, make_pen
from app.canvas.wire_path import make_path
from engine.document.model import PortRef, Position

_ABOVE_ALL = 100.0
_DIMMED = 0.4
_GLOW = 7.0


class WirePreview(QGraphicsRectItem):
    """Show a wire that is being drawn."""

    def __init__(self, scene: Scene, end: PortEnd, fitting: frozenset[PortEnd]) -> None:
        """Begin at a port: dim every node that has nothing to offer."""
        super().__init__()
        self._scene_ = scene
        self._end = end
        self._fitting = fitting
        self._colour = kind_colour(port_kind(scene.document, end), scene.colours)
        self._lines: list[QLineF] = []
        self._target: PortEnd | None = None
        self.setZValue(_ABOVE_ALL)
        self.setRect(scene.covered().adjusted(-400, -400, 400, 400))
        offering = {each.ref.node for each in fitting} | {end.ref.node}
        for node_id, item in scene.nodes.items():
            item.setOpacity(1.0 if node_id in offering else _DIMMED)
        scene.addItem(self)

    def lead(self, hand: Position, target: PortEnd | None) -> None:
        """Draw the wire to the hand, or to the port it springs to."""
        self._target = target
        start = self._place(self._end) or hand
        end = (self._place(target) if target is not None else None) or hand
        path = make_path(start, end) if self._end.is_output else make_path(end, start)
        self._lines = make_lines(path)
        left, top, right, bottom = path.bounds
        self.setRect(self.rect().united(QRectF(left - 20, top - 20, right - left + 40, bottom - top + 40)))
        self.update()

    def remove(self) -> None:
        """Take everything back."""
        for item in self._scene_.nodes.values():
            item.setOpacity(1.0)
        if self.scene() is not None:
            self._scene_.removeItem(self)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Paint the wire, and a glow around every port that fits."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_unfit(painter)
        painter.setPen(make_pen(self._colour, self._scene_.colours, is_quiet=False))
        painter.drawLines(self._lines)
        for end in self._fitting:
            self._paint_glow(painter, end)

    def _paint_unfit(self, painter: QPainter) -> None:
        """Cover the other ports of the nodes that do have one that fits."""
        veil = QColor(self._scene_.colours.raised)
        veil.setAlphaF(0.65)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(veil)
        offering = {end.ref.node for end in self._fitting}
        for node_id in offering:
            item = self._scene_.nodes[node_id]
            for place in item.shape_.ports:
                if PortEnd(PortRef(node_id, place.port.name), place.port.is_output) not in self._fitting:
                    painter.drawEllipse(QPointF(item.x() + place.x, item.y() + place.y), PORT_RADIUS + 1, PORT_RADIUS + 1)

    def _paint_glow(self, painter: QPainter, end: PortEnd) -> None:
        item = self._scene_.nodes[end.ref.node]
        place = item.shape_.find_port(end.ref.port, is_output=end.is_output)
        if place is None:
            return
        middle, is_target = QPointF(item.x() + place.x, item.y() + place.y), end == self._target
        glow = QColor(self._colour)
        glow.setAlphaF(0.55 if is_target else 0.28)
        painter.setPen(QPen(self._scene_.colours.text, 1.5) if is_target else Qt.PenStyle.NoPen)
        painter.setBrush(glow)
        reach = PORT_RADIUS + (_GLOW + 3 if is_target else _GLOW)
        painter.drawEllipse(middle, reach, reach)
        paint_port(painter, PortPlace(place.port, middle.x(), middle.y()), self._scene_.colours)

    def _place(self, end: PortEnd) -> Position | None:
        item = self._scene_.nodes.get(end.ref.node)
        return item.port_position(end.ref.port, is_output=end.is_output) if item is not None else None
