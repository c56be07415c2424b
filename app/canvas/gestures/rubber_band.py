"""The rubber band: whatever it touches is selected."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QPen
from PySide6.QtWidgets import QGraphicsRectItem

from app.canvas.edit_steps import Selection
from app.canvas.gestures.gesture import Pointer
from app.canvas.scene import Scene

_ABOVE_ALL = 100.0


class RubberBand:
    """Select by drawing a rectangle; Shift adds to what is selected, Ctrl takes out of it."""

    def __init__(self, scene: Scene, start: Pointer, clicked: Selection) -> None:
        """Begin on empty canvas, or on a wire, which is selected if the press turns out to be a click."""
        self._scene = scene
        self._clicked = clicked
        self._start = start
        self._before = scene.selection
        self._band = QGraphicsRectItem()
        self._band.setZValue(_ABOVE_ALL)
        fill = QColor(scene.colours.accent)
        fill.setAlphaF(0.12)
        self._band.setBrush(fill)
        pen = QPen(scene.colours.accent, 1)
        pen.setCosmetic(True)
        self._band.setPen(pen)
        self._band.hide()
        scene.addItem(self._band)

    def move(self, pointer: Pointer) -> None:
        """Draw the band to the hand and show what it would select."""
        if not self._band.isVisible() and not pointer.is_far_from(self._start):
            return
        self._band.show()
        self._band.setRect(_span(self._start, pointer))
        self._scene.choose(self._combine(self._touched(), pointer))

    def finish(self, pointer: Pointer) -> None:
        """Keep what is selected; a click on empty canvas selects nothing."""
        self.move(pointer)
        if not self._band.isVisible():
            self._scene.choose(self._combine(self._clicked, pointer))
        self._scene.removeItem(self._band)

    def cancel(self) -> None:
        """Select what was selected before."""
        self._scene.removeItem(self._band)
        self._scene.choose(self._before)

    def _touched(self) -> Selection:
        band, mirror = self._band.rect(), self._scene.mirror
        return Selection(
            frozenset(node_id for node_id, item in mirror.nodes.items() if band.intersects(QRectF(*item.box))),
            # A frame is meant only when it lies in the band as a whole: else every band inside it would take it.
            frozenset(key for key, item in mirror.frames.items() if band.contains(QRectF(*item.box))),
            frozenset(key for key, item in mirror.notes.items() if band.intersects(QRectF(*item.box))),
        )

    def _combine(self, meant: Selection, pointer: Pointer) -> Selection:
        if pointer.is_control:
            return self._before.toggled(meant)
        return self._before.joined(meant) if pointer.is_shift else meant


def _span(start: Pointer, end: Pointer) -> QRectF:
    return QRectF(QPointF(*start.scene), QPointF(*end.scene)).normalized()
