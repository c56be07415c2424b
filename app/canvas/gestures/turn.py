"""One gesture at a time: whose turn it is, and that it ends when something else changes the document under it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject

from app.canvas.gestures.gesture import Gesture, Pointer
from app.session import Session


class GestureTurn(QObject):
    """Hold the gesture that is going on, if any."""

    def __init__(self, session: Session, parent: QObject) -> None:
        """Begin without one."""
        super().__init__(parent)
        self._gesture: Gesture | None = None
        self._is_inside = False
        session.document_changed.connect(self._drop_stale)

    @property
    def gesture(self) -> Gesture | None:
        """Return the gesture that is going on."""
        return self._gesture

    def begin(self, gesture: Gesture | None) -> None:
        """Give the turn to a gesture; None where a press begins none."""
        self._gesture = gesture

    def move(self, pointer: Pointer) -> None:
        """Let the gesture follow the hand."""
        self._guard(lambda gesture: gesture.move(pointer))

    def finish(self, pointer: Pointer) -> None:
        """Let the gesture do what the hand meant; its turn is over."""
        self._guard(lambda gesture: gesture.finish(pointer))
        self._gesture = None

    def cancel(self) -> None:
        """Call the gesture off."""
        self._guard(lambda gesture: gesture.cancel())
        self._gesture = None

    def _guard(self, step: Callable[[Gesture], None]) -> None:
        """Run a step of the gesture: changes of the document inside it are its own."""
        if self._gesture is None:
            return
        self._is_inside = True
        try:
            step(self._gesture)
        finally:
            self._is_inside = False

    def _drop_stale(self, before: object, after: object) -> None:
        if not self._is_inside:
            self.cancel()
