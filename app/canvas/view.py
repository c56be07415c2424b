"""The view of the canvas: it turns what hand and keys do into gestures and commands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import (
    QContextMenuEvent,
    QDragEnterEvent,
    QDragMoveEvent,
    QDropEvent,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QGraphicsView, QToolTip, QWidget

from app.canvas.bubble import RefusalBubble
from app.canvas.cursors import show_cursor
from app.canvas.drops import Drop, is_welcome, mark_wire, take_drop
from app.canvas.editor import CanvasEditor
from app.canvas.gestures.begin import begin_gesture
from app.canvas.gestures.gesture import Gesture, Pointer
from app.canvas.gestures.pan import Pan
from app.canvas.gestures.turn import GestureTurn
from app.canvas.hits import WIRE_REACH, Hit, HitKind
from app.canvas.minimap import Minimap
from app.canvas.naming import Naming
from app.canvas.refusals import tell_refusal
from app.canvas.rendering import choose_rendering
from app.canvas.scene import Scene
from app.canvas.walking import Direction
from app.canvas.wheel import WheelMode, pinch, roll
from app.canvas.wishes import MenuWish, Refusal, SearchWish
from app.canvas.zoom import STEP, fit_rect, open_at, reset_zoom, zoom_at, zoom_of
from engine.document.model import Position

_ARROWS: Mapping[int, Direction] = MappingProxyType(
    {Qt.Key.Key_Left: "left", Qt.Key.Key_Right: "right", Qt.Key.Key_Up: "up", Qt.Key.Key_Down: "down"}
)


class CanvasView(QGraphicsView):
    """Show the scene; one gesture at a time."""

    def __init__(self, scene: Scene, parent: QWidget | None = None) -> None:
        """Show a scene."""
        super().__init__(scene, parent)
        self._scene = scene
        self._is_space_down = False
        self._cursor_at: QPointF | None = None
        self.wheel_mode: WheelMode = "auto"
        self._set_up()
        self.editor = CanvasEditor(scene, self.cursor_position)
        self.bubble = RefusalBubble(self.viewport())
        self.minimap = Minimap(scene, self)
        self.minimap.pressed.connect(self.centerOn)
        for bar in (self.horizontalScrollBar(), self.verticalScrollBar()):
            bar.valueChanged.connect(self.minimap.follow)
        self.naming = Naming(scene, self)
        scene.refused.connect(self._show_refusal)
        self._turn = GestureTurn(scene.session, self)
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
        return self._turn.gesture

    def cursor_position(self) -> Position:
        """Return where in the scene the mouse is; the middle of the view if it is elsewhere."""
        at = self._cursor_at if self._cursor_at is not None else QPointF(self.viewport().rect().center())
        found = self._to_scene(at)
        return found.x(), found.y()

    def zoom(self, factor: float) -> None:
        """Zoom around the middle of the view."""
        zoom_at(self, factor, QPointF(self.viewport().rect().center()))
        self.minimap.follow()

    def fit_all(self) -> None:
        """Show the whole graph."""
        fit_rect(self, self._scene.covered())
        self.minimap.follow()

    def show_opened(self) -> None:
        """Show a graph that was just opened: whole if its words can be read then, else its beginning."""
        open_at(self, self._scene.covered())
        self.minimap.follow()

    def fit_selection(self) -> None:
        """Show what is selected, or everything if nothing is."""
        fit_rect(self, self._scene.covered(self._scene.selected_ids or None))
        self.minimap.follow()

    def ask_for_node(self) -> None:
        """Ask for the search of operations at the cursor."""
        self._scene.wish_search.emit(SearchWish(self.cursor_position(), is_pointed=self._cursor_at is not None))

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802  (Qt's name)
        """Begin a gesture."""
        self.setFocus()
        self.bubble.hide()
        pointer = self._point(event)
        if self.gesture is not None:
            self.cancel_gesture()
        elif event.button() == Qt.MouseButton.MiddleButton or (event.button() == Qt.MouseButton.LeftButton and self._is_space_down):
            self._turn.begin(Pan(self, pointer))
        elif event.button() == Qt.MouseButton.LeftButton:
            self._turn.begin(begin_gesture(self._scene, pointer, self._reach()))
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802  (Qt's name)
        """Feed the gesture, or show what the cursor is over."""
        self._cursor_at = event.position()
        if self.gesture is not None:
            self._turn.move(self._point(event))
        elif not self._is_space_down:
            show_cursor(self.viewport(), self._hit(event.position()).kind)
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802  (Qt's name)
        """End the gesture."""
        self._turn.finish(self._point(event))
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
        roll(self, event, self.wheel_mode)
        self.minimap.follow()
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
        if pinch(self, event):
            self.minimap.follow()
            return True
        if isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self._scene.hover_text(self._hit(QPointF(event.pos()))), self.viewport())
            return True
        if event.type() == QEvent.Type.Leave:
            self._cursor_at = None
        return super().viewportEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802  (Qt's name)
        """Take operations from the palette, and files."""
        if is_welcome(event.mimeData()):
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:  # noqa: N802  (Qt's name)
        """Show the wire that a dropped operation would go in."""
        mark_wire(self._scene, self._drop(event))
        event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802  (Qt's name)
        """Add the operation here, or hand the files over."""
        if take_drop(self._scene, self._drop(event)):
            self.setFocus()
        event.acceptProposedAction()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  (Qt's name)
        """Keep the minimap in its corner."""
        super().resizeEvent(event)
        self.minimap.keep_corner()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802  (Qt's name)
        """Follow the theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._scene.restyle()
            self.minimap.restyle()
            self.resetCachedContent()

    def cancel_gesture(self) -> None:
        """Call off the gesture that is going on."""
        self._turn.cancel()

    def _set_up(self) -> None:
        self.setAccessibleName(self.tr("Canvas"))
        self.setAccessibleDescription(self.tr("The graph as nodes and wires. The outline holds the same as a list."))
        choose_rendering(self)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAcceptDrops(True)
        self.setMouseTracking(True)
        self.centerOn(QPointF(400, 250))

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
        return self._scene.hit((place.x(), place.y()), self._reach())

    def _reach(self) -> float:
        """Return how near to the cursor a wire or a port must be to be meant, in the scene."""
        return WIRE_REACH / zoom_of(self)

    def _drop(self, event: QDropEvent) -> Drop:
        place, is_apart = self._to_scene(event.position()), bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
        return Drop(event.mimeData(), (place.x(), place.y()), self._reach(), is_apart)

    def _escape(self) -> None:
        if self.gesture is not None:
            self.cancel_gesture()
        elif self.bubble.isVisible():
            self.bubble.hide()
        else:
            self._scene.select([])

    def _show_refusal(self, refusal: Refusal) -> None:
        tell_refusal(self._scene, self.bubble, refusal, self.viewportTransform().map(QPointF(*refusal.position)).toPoint())
