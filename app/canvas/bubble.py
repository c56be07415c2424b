"""A bubble at the cursor: why something was refused, with a button for what would make it right."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint, QTimer
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QVBoxLayout, QWidget

from app.theme import current_tokens

SHOWN_MILLISECONDS = 7_000
_WIDEST = 320


class RefusalBubble(QFrame):
    """Show one reason at a time."""

    def __init__(self, parent: QWidget) -> None:
        """Begin hidden."""
        super().__init__(parent)
        self._room = parent
        self.setAccessibleName(self.tr("Why this was refused"))
        self._reason = QLabel(self)
        self._reason.setWordWrap(True)
        self._reason.setMaximumWidth(_WIDEST)
        self._button = QPushButton(self)
        self._button.clicked.connect(self._accept)
        self._do: Callable[[], object] | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 10, 12, 10)
        layout.addWidget(self._reason)
        layout.addWidget(self._button)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SHOWN_MILLISECONDS)
        self._timer.timeout.connect(self.hide)
        self.hide()

    @property
    def reason(self) -> str:
        """Return what it says."""
        return self._reason.text()

    @property
    def button(self) -> QPushButton:
        """Return the button of the remedy."""
        return self._button

    def show_reason(self, reason: str, at: QPoint, offer: str = "", do: Callable[[], object] | None = None) -> None:
        """Say a reason at a place of the parent, with a button where there is a remedy."""
        self._do = do
        self._reason.setText(reason)
        self._reason.setAccessibleName(reason)
        self._button.setText(offer)
        self._button.setAccessibleName(offer)
        self._button.setVisible(do is not None)
        self._dress()
        self.adjustSize()
        self.move(self._keep_inside(at + QPoint(14, 14)))
        self.show()
        self.raise_()
        self._timer.start()

    def _accept(self) -> None:
        do, self._do = self._do, None
        self.hide()
        if do is not None:
            do()

    def _keep_inside(self, at: QPoint) -> QPoint:
        room = self._room.rect()
        return QPoint(max(min(at.x(), room.right() - self.width() - 8), 8), max(min(at.y(), room.bottom() - self.height() - 8), 8))

    def _dress(self) -> None:
        colours = current_tokens()
        self.setStyleSheet(
            f"RefusalBubble {{ background: {colours.panel.name()}; border: 1px solid {colours.error.name()};"
            f" border-radius: {colours.button_radius}px; }}"
        )
