"""Resizing a frame or a note by its corner."""

from __future__ import annotations

from app.canvas.alignment import snap
from app.canvas.box_items import SMALLEST_BOX, BoxItem
from app.canvas.edit_steps import resize_box
from app.canvas.gestures.gesture import Pointer
from app.canvas.scene import Scene
from engine.document.model import Rect


class ResizeBox:
    """Drag the corner of a frame or a note."""

    def __init__(self, scene: Scene, box: BoxItem, start: Pointer) -> None:
        """Begin at the corner."""
        self._scene = scene
        self._box = box
        self._start = start

    def move(self, pointer: Pointer) -> None:
        """Show the size it would have."""
        self._box.preview_rect(self._measure(pointer))

    def finish(self, pointer: Pointer) -> None:
        """Give it that size."""
        rect, shown = self._measure(pointer), self._box.shown
        self._box.preview_rect(shown.rect)
        if pointer.is_far_from(self._start):
            boxes = self._scene.boxes
            self._scene.session.apply(self._scene.tr("Resize"), lambda document: resize_box(document, shown, rect, boxes))

    def cancel(self) -> None:
        """Leave it as it was."""
        self._box.preview_rect(self._box.shown.rect)

    def _measure(self, pointer: Pointer) -> Rect:
        x, y, width, height = self._box.shown.rect
        dx, dy = pointer.distance_from(self._start)
        right, bottom = snap((x + width + dx, y + height + dy), self._scene.colours.grid)
        return x, y, max(right - x, SMALLEST_BOX[0]), max(bottom - y, SMALLEST_BOX[1])
