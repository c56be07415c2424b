"""The weight map as a widget: hovered, walked, zoomed, and dragged along arrows."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import ClassVar

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QToolTip, QWidget

from app.theme import current_tokens, font
from app.widgets.map_frame import MapFrame, fit_frame
from app.widgets.map_painter import MapBrush
from app.widgets.map_scene import MapPoint, MapScene, tell_parallelogram, tell_point

_HIT_PIXELS = 11.0
_ONE_PIXELS = 0.5
"""What is nearer than this looks like one point."""
_ZOOM_STEP = 1.2
_NOTCH = 120
_STILL_MILLISECONDS = 300
_LOOSE = 1.25
"""Where everything could be so much larger, a view that nobody chose is fitted anew."""


class MapPlot(QWidget):
    """Show a scene; what the user does to a point is announced, and shows when it comes back as another scene."""

    dragged = Signal(object, object, int)
    """(NodeId, place, gesture): the user pulls a point to a place; of one drag all carry the same gesture number."""
    nudged = Signal(object, int, int)
    """(NodeId, steps, gesture): the user moves a point along its arrow by keys; holding a key is one gesture."""
    drag_cancelled = Signal(object, float, int)
    """(NodeId, number, gesture): the user pressed Escape in a drag, which began at that number."""
    opened = Signal(object)
    """(NodeId): the user wants to see the node of a point."""

    _KEYS: ClassVar[dict[int, tuple[float, float]]] = {
        Qt.Key.Key_Left: (-1.0, 0.0),
        Qt.Key.Key_Right: (1.0, 0.0),
        Qt.Key.Key_Up: (0.0, 1.0),
        Qt.Key.Key_Down: (0.0, -1.0),
    }

    def __init__(self, parent: QWidget | None = None, *, is_small: bool = False) -> None:
        """Show nothing yet.

        Args:
            parent: the owner.
            is_small: whether it is a picture among other things: without scale bar, zoom and keyboard.
        """
        super().__init__(parent)
        self.scene = MapScene()
        self.frame = MapFrame((0.0, 0.0), 1.0, (1.0, 1.0))
        self.current: int | None = None
        self._is_small = is_small
        self._brush = MapBrush()
        self._message = ""
        self._caption = self._saved_caption = ""
        self._is_users_view = False
        self._grabbed: MapPoint | None = None
        self._grip = (0.0, 0.0)
        self._panned_from: QPointF | None = None
        self._gesture = 0
        self._still = QTimer(self)
        """Runs out when nothing has moved for a moment: a gesture is over then, or taken back, wherever it was made."""
        self._still.setSingleShot(True)
        self._still.setInterval(_STILL_MILLISECONDS)
        self._still.timeout.connect(self._settle)
        self.setMouseTracking(True)
        self.setMinimumSize(200, 150)
        if not is_small:
            self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def sizeHint(self) -> QSize:  # noqa: N802  (Qt's name)
        """Return a size at which names find room."""
        return QSize(240, 190) if self._is_small else QSize(560, 300)

    def show_scene(self, scene: MapScene, caption: str = "", saved_caption: str | None = None) -> None:
        """Show a scene: other points are fitted into the view, moved points stay in the view as it is; so does all while one is held.

        Args:
            scene: what is shown.
            caption: what is said of it in the window.
            saved_caption: what is said of it in a picture, which has no table beside it; None for the same.
        """
        is_moved = scene.same_places(self.scene) and bool(self.scene.points)
        held = self.scene.points[self.current].node if self.current is not None and self.current < len(self.scene.points) else None
        self.scene, self._caption, self._message = scene, caption, ""
        self._saved_caption = caption if saved_caption is None else saved_caption
        self.current = scene.find(held)
        if self._grabbed is not None and scene.find(self._grabbed.node) is None:
            self._grabbed = None
        is_lost = not self._is_users_view and not all(self.frame.holds(place) for place in scene.places)
        if self._grabbed is None and (is_lost or not is_moved):
            self.fit()
        self._still.start()
        self._describe()
        self.update()

    def show_message(self, message: str) -> None:
        """Show a sentence in the place of a map."""
        self.scene, self._message, self._caption, self.current, self._grabbed = MapScene(), message, "", None, None
        self._describe()
        self.update()

    def fit(self) -> None:
        """Show everything, as large as can be."""
        self._is_users_view = False
        self._brush.sides.clear()
        self.frame = fit_frame(self.scene.places, (float(self.width()), float(self.height())))
        self.update()

    def zoom(self, factor: float, pixel: tuple[float, float] | None = None) -> None:
        """Show everything larger, what is at a pixel (or in the middle) staying there."""
        self._is_users_view = True
        self._brush.sides.clear()
        self.frame = self.frame.zoom(factor, pixel or (self.width() / 2, self.height() / 2))
        self.update()

    def draw(self, painter: QPainter) -> None:
        """Paint the map on any device of this widget's size: an image, an SVG file; of mouse and keyboard nothing is seen there."""
        self._draw(painter, None, self._saved_caption)

    def _draw(self, painter: QPainter, current: int | None, caption: str) -> None:
        colours = current_tokens()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(colours.line)
        painter.setBrush(colours.background)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), colours.button_radius, colours.button_radius)
        if not self.scene.points:
            painter.setFont(font("text"))
            painter.setPen(colours.dim)
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(QRectF(self.rect()).adjusted(24, 12, -24, -12), flags, self._message)
            return
        self._brush.paint(painter, self.scene, self.frame, current, is_small=self._is_small)
        painter.setFont(font("caption"))
        painter.setPen(colours.dim)
        painter.drawText(QRectF(10, 5, self.width() - 20, 18), Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, caption)

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802  (Qt's name, as all that follow)
        """Paint the map."""
        painter = QPainter(self)
        self._draw(painter, self.current, self._caption)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(current_tokens().accent)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)
        painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Keep the whole map in view, or the user's part of it."""
        super().resizeEvent(event)
        size = (float(self.width()), float(self.height()))
        self.frame = replace(self.frame, size=size) if self._is_users_view else fit_frame(self.scene.places, size)
        # Where names went in another size says nothing of this one.
        self._brush.sides.clear()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Take hold of a point, or of the map."""
        if event.button() is not Qt.MouseButton.LeftButton:
            return
        number = self.point_at(event.position())
        self.current = number
        if number is None:
            self._panned_from = None if self._is_small else event.position()
        elif (handle := (point := self.scene.points[number]).handle) is not None and handle.has_way:
            x, y = self.frame.find((event.position().x(), event.position().y()))
            self._grabbed, self._grip = point, (point.place[0] - x, point.place[1] - y)
            self._gesture += 1
        self._describe()
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Pull what is held, or tell of the point under the mouse."""
        if self._grabbed is not None:
            x, y = self.frame.find((event.position().x(), event.position().y()))
            self.dragged.emit(self._grabbed.node, (x + self._grip[0], y + self._grip[1]), self._gesture)
        elif self._panned_from is not None:
            moved = event.position() - self._panned_from
            self._panned_from, self._is_users_view = event.position(), True
            self.frame = self.frame.move(moved.x(), moved.y())
            self.update()
        else:
            self._hover(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Let go."""
        if event.button() is Qt.MouseButton.LeftButton:
            self._grabbed = self._panned_from = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Open the node of a point; elsewhere show everything."""
        number = self.point_at(event.position())
        if number is not None:
            self.opened.emit(self.scene.points[number].node)
        else:
            self.fit()

    def leaveEvent(self, _event: QEvent) -> None:  # noqa: N802
        """Forget the point that was hovered."""
        if not self.hasFocus() and self._grabbed is None:
            self.current = None
            self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        """Zoom at the mouse."""
        if self._is_small or not self.scene.points:
            event.ignore()
            return
        self.zoom(_ZOOM_STEP ** (event.angleDelta().y() / _NOTCH), (event.position().x(), event.position().y()))

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        """End a gesture of keys."""
        self._gesture += 1
        super().focusOutEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """End a gesture of keys when the key is let go."""
        if not event.isAutoRepeat():
            self._gesture += 1
        super().keyReleaseEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Walk between points, move one along its arrow (Shift), zoom, fit, open."""
        key = event.key()
        if key in self._KEYS and self.scene.points:
            self._walk(self._KEYS[key], is_moving=bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom(_ZOOM_STEP)
        elif key == Qt.Key.Key_Minus:
            self.zoom(1 / _ZOOM_STEP)
        elif key in (Qt.Key.Key_0, Qt.Key.Key_F):
            self.fit()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.current is not None:
            self.opened.emit(self.scene.points[self.current].node)
        elif key == Qt.Key.Key_Escape and self._grabbed is not None and self._grabbed.handle is not None:
            grabbed, number, self._grabbed = self._grabbed.node, self._grabbed.handle.value, None
            self.drag_cancelled.emit(grabbed, number, self._gesture)
        else:
            super().keyPressEvent(event)

    def point_at(self, pixel: QPointF) -> int | None:
        """Return the number of the point under a pixel: the nearest, of equally near ones what can be dragged, of these the current one."""
        near: list[tuple[float, bool, bool, int]] = []
        for number, point in enumerate(self.scene.points):
            x, y = self.frame.show(point.place)
            far = math.hypot(pixel.x() - x, pixel.y() - y)
            if far <= _HIT_PIXELS:
                near.append((round(far), point.handle is None, number != self.current, number))
        return min(near)[-1] if near else None

    def _hover(self, event: QMouseEvent) -> None:
        number = self.point_at(event.position())
        if number != self.current and not (number is None and self.hasFocus()):
            self.current = number
            self._describe()
            self.update()
        handle = self.scene.points[number].handle if number is not None else None
        can_drag = handle is not None and handle.has_way
        self.setCursor(Qt.CursorShape.SizeAllCursor if can_drag else Qt.CursorShape.ArrowCursor)
        QToolTip.showText(event.globalPosition().toPoint(), "" if number is None else tell_point(self.scene, number), self)

    def _walk(self, way: tuple[float, float], *, is_moving: bool) -> None:
        if self.current is None:
            self.current = 0
        elif is_moving:
            self._nudge(self.scene.points[self.current], way)
        else:
            self.current = self._next_point(way)
        self._describe()
        self.update()
        # What was moved came back as another scene, maybe without it.
        if self.current is not None:
            x, y = self.frame.show(self.scene.points[self.current].place)
            QToolTip.showText(self.mapToGlobal(QPoint(round(x) + 12, round(y) + 12)), tell_point(self.scene, self.current), self)

    def _nudge(self, point: MapPoint, way: tuple[float, float]) -> None:
        """Move a point to the side that the key points to; where its arrow goes straight across, right and up are more."""
        if point.handle is None:
            return
        across, up = (one - zero for one, zero in zip(point.handle.one, point.handle.zero, strict=True))
        along = across * way[0] + up * way[1]
        is_across = abs(along) <= 1e-6 * math.hypot(across, up)
        is_more = way[0] + way[1] > 0 if is_across else along > 0
        self.nudged.emit(point.node, 1 if is_more else -1, self._gesture)

    def _next_point(self, way: tuple[float, float]) -> int:
        """Return the point that lies nearest in a direction, after all that lie where the present one does: else those are out of reach.

        What lies aside counts twice. Where there is none, it is the first of those.
        """
        current = self.current or 0
        here = self._list_together(current)
        if current != here[-1]:
            return here[here.index(current) + 1]
        start = self.scene.points[current].place
        best, found = math.inf, here[0]
        for number, point in enumerate(self.scene.points):
            x, y = point.place[0] - start[0], point.place[1] - start[1]
            ahead, aside = x * way[0] + y * way[1], abs(x * way[1] - y * way[0])
            if number not in here and ahead > 0 and aside <= 2 * ahead and ahead + 2 * aside < best:
                best, found = ahead + 2 * aside, self._list_together(number)[0]
        return found

    def _list_together(self, number: int) -> list[int]:
        """Return the points that the screen shows as one with another, itself among them; first what can be moved."""
        points, (x, y) = self.scene.points, self.frame.show(self.scene.points[number].place)
        near = [other for other, point in enumerate(points) if math.dist(self.frame.show(point.place), (x, y)) < _ONE_PIXELS]
        return sorted(near, key=lambda other: (points[other].handle is None, other))

    def _settle(self) -> None:
        """Fit a view that nobody chose where a gesture has left it far too wide, or has led out of it."""
        if QApplication.mouseButtons() != Qt.MouseButton.NoButton:
            self._still.start()
            return
        fitted = fit_frame(self.scene.places, (float(self.width()), float(self.height())))
        is_lost = not all(self.frame.holds(place) for place in self.scene.places)
        if not self._is_users_view and (is_lost or fitted.scale > _LOOSE * self.frame.scale):
            self.fit()

    def _describe(self) -> None:
        """Tell a screen reader what the map shows: the point the keyboard is at, else all of them."""
        if self.current is not None and self.current < len(self.scene.points):
            text = tell_point(self.scene, self.current)
        else:
            lines = [f"{point.names}: {point.norm:.4g}" for point in self.scene.points]
            lines += [told for shape in self.scene.parallelograms if (told := tell_parallelogram(shape))]
            text = "; ".join(lines) or self._message
        if text != self.accessibleDescription():
            self.setAccessibleDescription(text)
