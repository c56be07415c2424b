"""What a wheel and two fingers do on the canvas: they zoom or they pan."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QNativeGestureEvent, QWheelEvent
from PySide6.QtWidgets import QGraphicsView

from app.canvas.gestures.pan import scroll_view
from app.canvas.zoom import STEP, zoom_at

WheelMode = Literal["auto", "mouse", "touchpad"]
"""Whether the wheel zooms (a mouse), pans (a touchpad), or whichever the device seems to be."""

_NOTCH = 120.0


def roll(view: QGraphicsView, event: QWheelEvent, mode: WheelMode) -> None:
    """Zoom at the cursor with a wheel, pan with two fingers; Ctrl always zooms."""
    pixels, notches = event.pixelDelta(), event.angleDelta()
    is_touchpad = mode == "touchpad" or (mode == "auto" and not pixels.isNull())
    if is_touchpad and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
        moved = pixels if not pixels.isNull() else notches / 2
        scroll_view(view, -moved.x(), -moved.y())
    else:
        zoom_at(view, STEP ** (notches.y() / _NOTCH), event.position())


def pinch(view: QGraphicsView, event: QEvent) -> bool:
    """Zoom by pinching; tell whether the event was that."""
    if not isinstance(event, QNativeGestureEvent) or event.gestureType() != Qt.NativeGestureType.ZoomNativeGesture:
        return False
    zoom_at(view, 1 + event.value(), event.position())
    return True
