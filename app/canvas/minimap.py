"""The small map in the corner: all nodes, and the part of them that the view shows."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QGraphicsView, QWidget

from app.canvas.node_painter import kind_colour
from app.canvas.scene import Scene

SIZE = QSize(156, 98)
_EDGE = 8.0
_FROM_CORNER = 14
_AROUND = 120.0


class Minimap(QWidget):
    """Show where one is in the graph; a press or a drag goes there."""

    pressed = Signal(QPointF)
    """The view should have this point of the scene in its middle."""

    def __init__(self, scene: Scene, view: QGraphicsView) -> None:
        """Show a scene and what a view shows of it."""
        super().__init__(view)
        self._view = view
        self.setAccessibleName(self.tr("Minimap"))
        self.setFixedSize(SIZE)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._scene = scene
        self._seen = QRectF()
        self._map: QPixmap | None = None
        self._extent = (QRectF(-400, -250, 800, 500), 0.1)
        scene.session.document_changed.connect(self._forget)

    def follow(self) -> None:
        """Draw the part that the view shows now."""
        seen = self._view.viewportTransform().inverted()[0].mapRect(QRectF(QPoint(0, 0), self._view.viewport().size()))
        if seen != self._seen:
            self._seen = seen
            self.update()

    def keep_corner(self) -> None:
        """Stay in the view's corner when its size has changed."""
        room = self._view.viewport().rect()
        self.move(room.right() - self.width() - _FROM_CORNER, room.bottom() - self.height() - _FROM_CORNER)
        self.follow()

    def restyle(self) -> None:
        """Take the colours of another theme."""
        self._map = None
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802  (Qt's name)
        """Paint the map and the outline of the view."""
        if self._map is None:
            self._map = self._draw_map()
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._map)
        if not self._scene.nodes:
            painter.end()
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        room = QRectF(self.rect()).adjusted(4, 4, -4, -4)
        painter.setPen(QPen(self._scene.colours.accent, 1.2))
        painter.drawRoundedRect(self._to_map(self._seen).intersected(room), 3, 3)
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802  (Qt's name)
        """Go there."""
        self.pressed.emit(self._to_scene(event.position()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802  (Qt's name)
        """Go along."""
        self.pressed.emit(self._to_scene(event.position()))

    def _forget(self, before: object, after: object) -> None:
        self._map = None
        self.update()

    def _draw_map(self) -> QPixmap:
        ratio, colours = self.devicePixelRatioF(), self._scene.colours
        self._extent = self._measure_extent()
        made = QPixmap(self.size() * ratio)
        made.setDevicePixelRatio(ratio)
        made.fill(Qt.GlobalColor.transparent)
        painter = QPainter(made)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        back = QColor(colours.panel)
        back.setAlphaF(0.92)
        painter.setPen(QPen(colours.line, 1))
        painter.setBrush(back)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), colours.button_radius, colours.button_radius)
        painter.setPen(Qt.PenStyle.NoPen)
        for item in self._scene.nodes.values():
            colour = QColor(kind_colour(item.card.kind, colours))
            colour.setAlphaF(0.4 if item.card.is_muted else 1.0)
            painter.setBrush(colour)
            painter.drawRoundedRect(self._to_map(QRectF(*item.box)), 1.5, 1.5)
        painter.end()
        return made

    def _measure_extent(self) -> tuple[QRectF, float]:
        """Return the part of the scene that the map shows, and how much smaller it does."""
        covered = self._scene.covered()
        if covered.isEmpty():
            covered = QRectF(-400, -250, 800, 500)
        covered = covered.adjusted(-_AROUND, -_AROUND, _AROUND, _AROUND)
        scale = min((self.width() - 2 * _EDGE) / covered.width(), (self.height() - 2 * _EDGE) / covered.height())
        return covered, scale

    def _to_map(self, rect: QRectF) -> QRectF:
        covered, scale = self._extent
        corner = (rect.topLeft() - covered.center()) * scale + QPointF(self.width() / 2, self.height() / 2)
        return QRectF(corner.x(), corner.y(), max(rect.width() * scale, 1.5), max(rect.height() * scale, 1.5))

    def _to_scene(self, point: QPointF) -> QPointF:
        covered, scale = self._extent
        return (point - QPointF(self.width() / 2, self.height() / 2)) / scale + covered.center()
