"""Panning: the canvas follows the hand."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGraphicsView

from app.canvas.gestures.gesture import Pointer


class Pan:
    """Move the view over the canvas."""

    def __init__(self, view: QGraphicsView, start: Pointer) -> None:
        """Begin at a press."""
        self._view = view
        self._last = start
        view.viewport().setCursor(Qt.CursorShape.ClosedHandCursor)

    def move(self, pointer: Pointer) -> None:
        """Follow the hand."""
        scroll_view(self._view, self._last.view[0] - pointer.view[0], self._last.view[1] - pointer.view[1])
        self._last = pointer

    def finish(self, pointer: Pointer) -> None:
        """Stop here."""
        self.move(pointer)
        self._view.viewport().unsetCursor()

    def cancel(self) -> None:
        """Stop here: where one looks is no edit to take back."""
        self._view.viewport().unsetCursor()


def scroll_view(view: QGraphicsView, dx: float, dy: float) -> None:
    """Scroll by pixels of the screen."""
    across, down = view.horizontalScrollBar(), view.verticalScrollBar()
    across.setValue(across.value() + round(dx))
    down.setValue(down.value() + round(dy))
