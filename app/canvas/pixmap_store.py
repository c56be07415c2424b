"""Pictures of nodes that were painted once, so that a frame of the canvas is a handful of copies."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Hashable

from PySide6.QtCore import QSizeF, Qt
from PySide6.QtGui import QPainter, QPixmap

LARGEST_BYTES = 160 * 1024**2
"""What all pictures may take: some 1,500 nodes at 100 %, or 4 full windows of a screen with two pixels per point."""
_BYTES_PER_PIXEL = 4


class PixmapStore:
    """Keep the pictures used last, by what they show."""

    def __init__(self, largest_bytes: int = LARGEST_BYTES) -> None:
        """Begin empty."""
        self._pixmaps: OrderedDict[Hashable, QPixmap] = OrderedDict()
        self._bytes = 0
        self._largest_bytes = largest_bytes

    def draw(self, key: Hashable, size: QSizeF, scale: float, ratio: float, paint: Callable[[QPainter], None]) -> QPixmap:
        """Return the picture of a key, painted if it is not there yet.

        Args:
            key: says everything the picture depends on.
            size: its size in scene pixels.
            scale: how much larger the view shows it.
            ratio: screen pixels per pixel of the window.
            paint: paints it, in scene pixels from its top left corner.
        """
        found = self._pixmaps.get(key)
        if found is not None:
            self._pixmaps.move_to_end(key)
            return found
        made = QPixmap(max(math.ceil(size.width() * scale * ratio), 1), max(math.ceil(size.height() * scale * ratio), 1))
        made.setDevicePixelRatio(ratio)
        made.fill(Qt.GlobalColor.transparent)
        painter = QPainter(made)
        painter.scale(scale, scale)
        paint(painter)
        painter.end()
        self._keep(key, made)
        return made

    def clear(self) -> None:
        """Let go of all of them (another theme)."""
        self._pixmaps.clear()
        self._bytes = 0

    def _keep(self, key: Hashable, made: QPixmap) -> None:
        self._pixmaps[key] = made
        self._bytes += _measure(made)
        while self._bytes > self._largest_bytes and len(self._pixmaps) > 1:
            self._bytes -= _measure(self._pixmaps.popitem(last=False)[1])


def _measure(pixmap: QPixmap) -> int:
    return pixmap.width() * pixmap.height() * _BYTES_PER_PIXEL
