"""A field for one exact decimal."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from app.decimal_text import format_decimal, parse_decimal


class DecimalField(QLineEdit):
    """Take a number as text, exactly as typed; ↑ and ↓ step it."""

    number_entered = Signal(object)
    """The user has entered another number (int or float)."""

    def __init__(self, bounds: tuple[float, float], step: float = 0.01, parent: QWidget | None = None) -> None:
        """Make an empty field for numbers within the bounds."""
        super().__init__(parent)
        self._bounds = bounds
        self._step = step
        self._shown = ""
        self.setProperty("mono", True)
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.editingFinished.connect(self._commit)
        self.textEdited.connect(self._mark)

    def show_number(self, number: float) -> None:
        """Show a number without announcing it."""
        self._shown = format_decimal(number)
        if self.text() != self._shown:
            self.setText(self._shown)
        self._mark(self._shown)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  (Qt's name)
        """Step with the arrow keys; Escape takes back what was typed."""
        steps = {Qt.Key.Key_Up: self._step, Qt.Key.Key_Down: -self._step}
        if event.key() in steps:
            self._step_by(steps[Qt.Key(event.key())])
        elif event.key() == Qt.Key.Key_Escape and self.text() != self._shown:
            self.setText(self._shown)
            self._mark(self._shown)
        else:
            super().keyPressEvent(event)

    def _step_by(self, step: float) -> None:
        number = parse_decimal(self.text())
        if number is not None:
            low, high = self._bounds
            self.setText(format_decimal(round(min(max(number + step, low), high), 6)))
            self._commit()

    def _commit(self) -> None:
        number = parse_decimal(self.text())
        if number is None or not self._admits(number):
            self.setText(self._shown)
            self._mark(self._shown)
        elif format_decimal(number) != self._shown:
            self.show_number(number)
            self.number_entered.emit(number)

    def _admits(self, number: float) -> bool:
        return self._bounds[0] <= number <= self._bounds[1]

    def _mark(self, text: str) -> None:
        number = parse_decimal(text)
        is_wrong = bool(text) and (number is None or not self._admits(number))
        if bool(self.property("wrong")) != is_wrong:
            self.setProperty("wrong", is_wrong)
            self.style().unpolish(self)
            self.style().polish(self)
