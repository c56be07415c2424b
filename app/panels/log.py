"""The log: what the engine told, line by line, for those who want it."""

from __future__ import annotations

import time

from PySide6.QtWidgets import QPlainTextEdit, QWidget

from app.theme import font

_LINES = 5000


class LogPanel(QPlainTextEdit):
    """Show lines, the latest last."""

    def __init__(self, parent: QWidget | None = None) -> None:
        """Make an empty log."""
        super().__init__(parent)
        self.setObjectName("plain")
        self.setReadOnly(True)
        self.setMaximumBlockCount(_LINES)
        self.setFont(font("mono"))
        self.setAccessibleName(self.tr("Log"))
        self.setPlaceholderText(self.tr("What the engine does is told here."))

    def add_line(self, text: str) -> None:
        """Add a line with the time."""
        if text:
            self.appendPlainText(f"{time.strftime('%H:%M:%S')}  {text}")
