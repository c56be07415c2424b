"""The cursor over the canvas says what a press there would do."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from PySide6.QtCore import Qt
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QWidget

from app.canvas.hits import HitKind

_SHAPES: Mapping[HitKind, Qt.CursorShape] = MappingProxyType(
    {
        HitKind.PORT: Qt.CursorShape.CrossCursor,
        HitKind.SLIDER: Qt.CursorShape.SizeHorCursor,
        HitKind.CORNER: Qt.CursorShape.SizeFDiagCursor,
        HitKind.WIRE: Qt.CursorShape.PointingHandCursor,
    }
)


def show_cursor(viewport: QWidget, kind: HitKind) -> None:
    """Give a viewport the cursor of what lies under it."""
    wanted = _SHAPES.get(kind, Qt.CursorShape.ArrowCursor)
    if viewport.cursor().shape() != wanted:
        viewport.setCursor(QCursor(wanted))
