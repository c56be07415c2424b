"""One problem with the buttons that mend it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from app.icons import draw_icon
from app.mends import Mend
from app.theme import current_tokens
from app.window_words import in_window_words
from engine.problems import Problem, Severity


class ProblemCard(QFrame):
    """Show a problem: what is wrong, what to do, and the mends that are known."""

    mend_wanted = Signal(object, object)
    """(problem, mend): the user pressed a mend's button."""
    clicked = Signal(object)
    """The user wants to see where the problem is."""

    def __init__(self, problem: Problem, mends: Sequence[Mend], place: str = "", parent: QWidget | None = None) -> None:
        """Make the card; `place` names the node where a list shows problems of several."""
        super().__init__(parent)
        self._problem = problem
        is_error = problem.severity is Severity.ERROR
        self.setProperty("card", "error" if is_error else "warning")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        word = self.tr("Error") if is_error else self.tr("Warning")
        self.setAccessibleName(f"{word}: {problem.message}")
        sides = QHBoxLayout(self)
        sides.setContentsMargins(12, 9, 12, 10)
        sides.setSpacing(16)
        layout = QVBoxLayout()
        layout.setSpacing(4)
        sides.addLayout(layout, 1)
        head = QHBoxLayout()
        head.setSpacing(7)
        drawing = QLabel()
        colours = current_tokens()
        drawing.setPixmap(draw_icon(problem.severity.value, colours.error if is_error else colours.warning, 15))
        drawing.setToolTip(word)
        head.addWidget(drawing)
        head.addWidget(_make_line(f"{word} · {place}" if place else word, "error" if is_error else "warning"), 1)
        layout.addLayout(head)
        layout.addWidget(_make_line(in_window_words(problem.message), ""))
        if problem.hint:
            layout.addWidget(_make_line(in_window_words(problem.hint), "dim"))
        # A list is wide: there the buttons stand beside the words, so that more problems are seen at once.
        buttons = QHBoxLayout() if place else layout
        for mend in mends:
            buttons.addWidget(self._make_button(mend), 0, Qt.AlignmentFlag.AlignTop if place else Qt.AlignmentFlag.AlignLeft)
        if place:
            layout.addStretch(1)
            sides.addLayout(buttons)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802  (Qt's name)
        """Lead to the node."""
        super().mouseReleaseEvent(event)
        self.clicked.emit(self._problem)

    def _make_button(self, mend: Mend) -> QPushButton:
        button = QPushButton(mend.title)
        button.setAccessibleName(mend.title)
        button.clicked.connect(lambda _checked=False: self.mend_wanted.emit(self._problem, mend))
        return button


def _make_line(text: str, role: str) -> QLabel:
    line = QLabel(text)
    line.setTextFormat(Qt.TextFormat.PlainText)
    line.setWordWrap(True)
    line.setProperty("role", role)
    return line
