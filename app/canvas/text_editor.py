"""Typing on the canvas: a field over a node's name, a frame's title or a note, while it is edited."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QPlainTextEdit, QWidget


class TextEditor(QPlainTextEdit):
    """Edit one text; Return keeps a line, leaving the field keeps any text, Escape drops it."""

    def __init__(self, parent: QWidget) -> None:
        """Begin hidden."""
        super().__init__(parent)
        self._owner = parent
        self.setAccessibleName(self.tr("Text on the canvas"))
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._keep: Callable[[str], object] | None = None
        self._is_line = True
        self.hide()

    def edit(self, text: str, place: QRect, keep: Callable[[str], object], *, is_line: bool) -> None:
        """Show a text in a rectangle of the parent, ready to be typed over."""
        self._keep, self._is_line = keep, is_line
        self.setGeometry(place)
        self.setPlainText(text)
        self.selectAll()
        self.show()
        self.raise_()
        self.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  (Qt's name)
        """Keep the text at Return (with Ctrl in a note), drop it at Escape."""
        is_return = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if event.key() == Qt.Key.Key_Escape:
            self._end(is_kept=False)
        elif is_return and (self._is_line or event.modifiers() & Qt.KeyboardModifier.ControlModifier):
            self._end(is_kept=True)
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802  (Qt's name)
        """Keep the text when another part of the window is used."""
        super().focusOutEvent(event)
        self._end(is_kept=True)

    def _end(self, *, is_kept: bool) -> None:
        keep, self._keep = self._keep, None
        if keep is None:
            return
        self.hide()
        self._owner.setFocus()
        if is_kept:
            keep(self.toPlainText().strip())
