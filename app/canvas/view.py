"""The view of the canvas: it turns what hand and keys do into gestures and commands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import (
    QContextMenuEvent,
    QCursor,
    QDragEnterEvent,
    QDragMoveEvent,
    QDropEvent,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QGraphicsView, QToolTip, QWidget

from app.canvas.bubble import RefusalBubble
from app.canvas.edit_steps import insert_allowed
from app.canvas.editor import CanvasEditor
from app.canvas.gestures.begin import begin_gesture
from app.canvas.gestures.draw_wire import place_between
from app.canvas.gestures.gesture import Gesture, Pointer
from app.canvas.gestures.pan import Pan, scroll_view
from app.canvas.hits import WIRE_REACH, Hit, HitKind, hit_wire
from app.canvas.minimap import Minimap
from app.canvas.naming import Naming
from app.canvas.role_drop import find_role
from app.canvas.scene import Scene
from app.canvas.suggestions import convert
from app.canvas.walking import Direction
from app.canvas.wishes import FileDrop, MenuWish, Refusal, SearchWish
from app.canvas.zoom import STEP, fit_rect, open_at, reset_zoom, zoom_at, zoom_of
from app.dragged_operation import unpack_operation
from engine.document.model import Position, Wire

WheelMode = Literal["auto", "mouse", "touchpad"]

_WHEEL_NOTCH = 120.0
_MINIMAP_EDGE = 14
_ARROWS: Mapping[int, Direction] = MappingProxyType(
    {Qt.Key.Key_Left: "left", Qt.Key.Key_Right: "right", Qt.Key.Key_Up: "up", Qt.Key.Key_Down: "down"}
)


class CanvasView(QGraphicsView):
    """Show the scene; one gesture at a time."""

    def __init__(self, scene: Scene, parent: QWidget | None = None) -> None:
        """Show a scene."""
        super().__init__(scene, parent)
        self._scene = scene
        self._gesture: Gesture | None = None
        self._is_inside_gesture = False
        self._is_space_down = False
        self._cursor_at: QPointF | None = None
        self.wheel_mode: WheelMode = "auto"
        """Whether the wheel zooms (a mouse), pans (a touchpad), or whichever the device seems to be."""
        self._set_up()
        self.editor = CanvasEditor(scene, self.cursor_position)
        self.bubble = RefusalBubble(self.viewport())
        self.minimap = Minimap(scene, self)
        self.minimap.pressed.connect(self._go_to)
        for bar in (self.horizontalScrollBar(), self.verticalScrollBar()):
            bar.valueChanged.connect(self._tell_minimap)
        self.naming = Naming(scene, self)
        scene.refused.connect(self._show_refusal)
        scene.session.document_changed.connect(self._drop_stale_gesture)
        scene.session.opened.connect(self.show_opened)

    def commands(self) -> Mapping[str, Callable[[], object]]:
        """Return what can be done on the canvas, by the ids of app.actions."""
        return MappingProxyType(
            {
                **self.editor.commands(),
                "add_node": self.ask_for_node,
                "rename": self.naming.rename_selected,
                "zoom_in": lambda: self.zoom(STEP),
                "zoom_out": lambda: self.zoom(1 / STEP),
                "zoom_reset": lambda: reset_zoom(self),
                "fit_selection": self.fit_selection,
                "fit_all": self.fit_all,
            }
        )

    @property
    def gesture(self) -> Gesture | None:
        """Return the gesture that is going on."""
        return self._gesture

    def cursor_position(self) -> Position:
        """Return where in the scene the mouse is; the middle of the view if it is elsewhere."""
        at = self._cursor_at if self._cursor_at is not None else QPointF(self.viewport().rect().center())
        found = self._to_scene(at)
        return found.x(), found.y()

    def zoom(self, factor: float) -> None:
        """Zoom around the middle of the view."""
        zoom_at(self, factor, QPointF(self.viewport().rect().center()))
        self._tell_minimap()

    def fit_all(self) -> None:
        """Show the whole graph."""
        fit_rect(self, self._scene.covered())
        self._tell_minimap()

    def show_opened(self) -> None:
        """Show a graph that was just opened: whole if its words can be read then, else its beginning."""
        open_at(self, self._scene.covered())
        self._tell_minimap()

    def fit_selection(self) -> None:
        """Show what is selected, or everything if nothing is."""
        fit_rect(self, self._scene.covered(self._scene.selected_ids or None))
        self._tell_minimap()

    def ask_for_node(self) -> None:
        """Ask for the search of operations at the cursor."""
        self._scene.wish_search.emit(SearchWish(self.cursor_position(), is_pointed=self._cursor_at is not None))

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802  (Qt's name)
        """Begin a gesture."""
        self.setFocus()
        self.bubble.hide()
        pointer = self._point(event)
        if self._gesture is not None:
            self.cancel_gesture()
        elif event.button() == Qt.MouseButton.MiddleButton or (event.button() == Qt.MouseButton.LeftButton and self._is_space_down):
            self._gesture = Pan(self, pointer)
        elif event.button() == Qt.MouseButton.LeftButton:
            self._gesture = begin_gesture(self._scene, pointer, WIRE_REACH / zoom_of(self))
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802  (Qt's name)
        """Feed the gesture, or show what the cursor is over."""
        self._cursor_at = event.position()
        pointer = self._point(event)
        if self._gesture is not None:
            self._guard(lambda gesture: gesture.move(pointer))
        else:
            self._show_cursor(self._hit(event.position()))
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802  (Qt's name)
        """End the gesture."""
        pointer = self._point(event)
        if self._gesture is not None:
            self._guard(lambda gesture: gesture.finish(pointer))
            self._gesture = None
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802  (Qt's name)
        """Search on empty canvas, open a node's inspector, write a note's or frame's text."""
        if event.button() != Qt.MouseButton.LeftButton:
            return
        hit = self._hit(event.position())
        if hit.kind in (HitKind.PORT, HitKind.SLIDER):
            self.mousePressEvent(event)
        elif hit.node is not None:
            self._scene.wish_inspector.emit(hit.node)
        elif hit.box is not None:
            self.naming.edit_box(hit.box)
        elif hit.kind is HitKind.EMPTY:
            self._scene.wish_search.emit(SearchWish(self.cursor_position()))
        event.accept()

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802  (Qt's name)
        """Zoom at the cursor with a wheel, pan with two fingers; Ctrl always zooms."""
        pixels, notches = event.pixelDelta(), event.angleDelta()
        is_touchpad = self.wheel_mode == "touchpad" or (self.wheel_mode == "auto" and not pixels.isNull())
        if is_touchpad and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            moved = pixels if not pixels.isNull() else notches / 2
            scroll_view(self, -moved.x(), -moved.y())
        else:
            zoom_at(self, STEP ** (notches.y() / _WHEEL_NOTCH), event.position())
        self._tell_minimap()
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  (Qt's name)
        """Walk with arrows, open with Enter, call off with Escape, hold Space to pan."""
        key = event.key()
        if key == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._is_space_down = True
            self.viewport().setCursor(Qt.CursorShape.OpenHandCursor)
        elif key in _ARROWS and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            self.editor.walk(_ARROWS[key])
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.editor.open_inspector()
        elif key == Qt.Key.Key_Escape:
            self._escape()
        else:
            event.ignore()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:  # noqa: N802  (Qt's name)
        """Let go of Space."""
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._is_space_down = False
            self.viewport().unsetCursor()
        super().keyReleaseEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802  (Qt's name)
        """Forget Space: its release goes to another window."""
        self._is_space_down = False
        super().focusOutEvent(event)

    def focusNextPrevChild(self, forward: bool) -> bool:  # noqa: N802  (Qt's name)
        """Keep Tab for the search; Shift+Tab leaves the canvas."""
        return False if forward else super().focusNextPrevChild(forward)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802  (Qt's name)
        """Select what lies under the cursor and ask for its menu."""
        at = QPointF(event.pos())
        hit = self._hit(at)
        if hit.node is not None and hit.node not in self._scene.selection.nodes:
            self._scene.select([hit.node])
        place = self._to_scene(at)
        self._scene.wish_menu.emit(MenuWish((place.x(), place.y()), hit.node))
        event.accept()

    def viewportEvent(self, event: QEvent) -> bool:  # noqa: N802  (Qt's name)
        """Zoom by pinching; show tooltips."""
        if isinstance(event, QNativeGestureEvent) and event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
            zoom_at(self, 1 + event.value(), event.position())
            self._tell_minimap()
            return True
        if isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self._scene.hover_text(self._hit(QPointF(event.pos()))), self.viewport())
            return True
        if event.type() == QEvent.Type.Leave:
            self._cursor_at = None
        return super().viewportEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802  (Qt's name)
        """Take operations from the palette, and files."""
        if unpack_operation(event.mimeData()) is not None or event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:  # noqa: N802  (Qt's name)
        """Show the wire that a dropped operation would go in."""
        operation = unpack_operation(event.mimeData())
        if operation is not None:
            wire = self._find_wire(operation, event)
            self._scene.mirror.mark_wires(self._scene.selection.wires, wire)
        event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802  (Qt's name)
        """Add the operation here, or hand the files over."""
        operation, place = unpack_operation(event.mimeData()), self._to_scene(event.position())
        if operation is not None:
            wire = self._find_wire(operation, event)
            self._scene.mirror.mark_wires(self._scene.selection.wires)
            self._scene.add_operation(operation, (place.x() - 60, place.y() - 24), wire=wire)
            self.setFocus()
        elif paths := tuple(Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()):
            end = self._hit(event.position()).end or find_role(self._scene.nodes, (place.x(), place.y()))
            self._scene.files_dropped.emit(FileDrop(paths, (place.x(), place.y()), end))
        event.acceptProposedAction()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  (Qt's name)
        """Keep the minimap in its corner."""
        super().resizeEvent(event)
        room = self.viewport().rect()
        self.minimap.move(room.right() - self.minimap.width() - _MINIMAP_EDGE, room.bottom() - self.minimap.height() - _MINIMAP_EDGE)
        self._tell_minimap()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802  (Qt's name)
        """Follow the theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._scene.restyle()
            self.minimap.restyle()
            self.resetCachedContent()

    def cancel_gesture(self) -> None:
        """Call off the gesture that is going on."""
        if self._gesture is not None:
            self._guard(lambda gesture: gesture.cancel())
            self._gesture = None

    def _set_up(self) -> None:
        self.setAccessibleName(self.tr("Canvas"))
        self.setAccessibleDescription(self.tr("The graph as nodes and wires. The outline holds the same as a list."))
        self.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.setFrameShape(QGraphicsView.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setResizeAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setCacheMode(QGraphicsView.CacheModeFlag.CacheBackground)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.SmartViewportUpdate)
        # Every item sets what it paints with and leaves no clip behind.
        self.setOptimizationFlag(QGraphicsView.OptimizationFlag.DontSavePainterState)
        self.setOptimizationFlag(QGraphicsView.OptimizationFlag.DontAdjustForAntialiasing)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAcceptDrops(True)
        self.setMouseTracking(True)
        self.centerOn(QPointF(400, 250))

    def _guard(self, step: Callable[[Gesture], None]) -> None:
        """Run a step of the gesture: changes of the document inside it are its own."""
        gesture, self._is_inside_gesture = self._gesture, True
        try:
            if gesture is not None:
                step(gesture)
        finally:
            self._is_inside_gesture = False

    def _drop_stale_gesture(self, before: object, after: object) -> None:
        """Call off a gesture when something else changed the document under it."""
        if not self._is_inside_gesture:
            self.cancel_gesture()

    def _point(self, event: QMouseEvent) -> Pointer:
        place, at, held = self._to_scene(event.position()), event.position(), event.modifiers()
        return Pointer(
            (place.x(), place.y()),
            (at.x(), at.y()),
            is_shift=bool(held & Qt.KeyboardModifier.ShiftModifier),
            is_control=bool(held & Qt.KeyboardModifier.ControlModifier),
            is_alt=bool(held & Qt.KeyboardModifier.AltModifier),
        )

    def _to_scene(self, at: QPointF) -> QPointF:
        return self.viewportTransform().inverted()[0].map(at)

    def _hit(self, at: QPointF) -> Hit:
        place = self._to_scene(at)
        return self._scene.hit((place.x(), place.y()), WIRE_REACH / zoom_of(self))

    def _show_cursor(self, hit: Hit) -> None:
        if self._is_space_down:
            return
        shapes = {
            HitKind.PORT: Qt.CursorShape.CrossCursor,
            HitKind.SLIDER: Qt.CursorShape.SizeHorCursor,
            HitKind.CORNER: Qt.CursorShape.SizeFDiagCursor,
            HitKind.WIRE: Qt.CursorShape.PointingHandCursor,
        }
        wanted = shapes.get(hit.kind, Qt.CursorShape.ArrowCursor)
        if self.viewport().cursor().shape() != wanted:
            self.viewport().setCursor(QCursor(wanted))

    def _escape(self) -> None:
        if self._gesture is not None:
            self.cancel_gesture()
        elif self.bubble.isVisible():
            self.bubble.hide()
        else:
            self._scene.select([])

    def _find_wire(self, operation: str, event: QDropEvent) -> Wire | None:
        if event.modifiers() & Qt.KeyboardModifier.AltModifier:
            return None
        place = self._to_scene(event.position())
        wire = hit_wire(self._scene.mirror.drawn.values(), (place.x(), place.y()), 2 * WIRE_REACH / zoom_of(self))
        return wire if wire is not None and insert_allowed(self._scene.document, operation, wire) else None

    def _show_refusal(self, refusal: Refusal) -> None:
        at = self.viewportTransform().map(QPointF(*refusal.position)).toPoint()
        conversion = refusal.conversion
        if conversion is None:
            self.bubble.show_reason(refusal.reason, at)
            return
        place = place_between(self._scene, conversion)
        offer = self.tr("Insert “{title}”").format(title=conversion.title)
        apply = self._scene.session.apply
        self.bubble.show_reason(refusal.reason, at, offer, lambda: apply(offer, lambda document: convert(document, conversion, place)))

    def _go_to(self, point: QPointF) -> None:
        self.centerOn(point)

    def _tell_minimap(self) -> None:
        seen = self.viewportTransform().inverted()[0].mapRect(QRectF(QPoint(0, 0), self.viewport().size()))
        self.minimap.show_seen(seen)
