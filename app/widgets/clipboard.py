"""What goes onto the clipboard besides plain text: a figure, as words and as a picture."""

from __future__ import annotations

import atexit

from PySide6.QtCore import QMimeData
from PySide6.QtGui import QGuiApplication, QImage

_OUTLIVING = ("offscreen", "minimal")
"""Platforms whose clipboard Qt empties only after Python is gone, which ends the process with a fault."""


def copy_figure(text: str, image: QImage | None = None) -> None:
    """Put a figure's numbers and its picture onto the clipboard; each program takes the one it can."""
    held = QMimeData()
    held.setText(text)
    if image is not None:
        held.setImageData(image)
    QGuiApplication.clipboard().setMimeData(held)
    atexit.unregister(_let_go)
    atexit.register(_let_go)


def _let_go() -> None:
    if QGuiApplication.platformName() in _OUTLIVING:
        QGuiApplication.clipboard().clear()
