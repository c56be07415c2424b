"""Three hints at most, each once: on an empty canvas, at the first node, at the first graph that can run."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QHBoxLayout, QLabel, QPushButton

from app.preferences import Preferences
from app.session import Session
from engine.document.model import Document


class Hints(QObject):
    """Show what to do first over the canvas, and each hint once."""

    def __init__(self, session: Session, preferences: Preferences, view: QAbstractScrollArea) -> None:
        """Follow the session."""
        super().__init__(view)
        self._session = session
        self._preferences = preferences
        self._view = view
        self._start = QLabel(
            self.tr("Drag an operation from the left, double-click to search,\nor drop a checkpoint, a data file or a graph here."),
            view.viewport(),
        )
        self._start.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._start.setProperty("role", "dim")
        self._start.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.card = _HintCard(view)
        view.viewport().installEventFilter(self)
        session.document_changed.connect(self._follow)
        self._show_start()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  (Qt's name)
        """Keep the texts in their places."""
        if isinstance(event, QResizeEvent):
            self._place()
        return super().eventFilter(watched, event)

    def _follow(self, before: Document, after: Document) -> None:
        self._show_start()
        if len(before.nodes) == 0 and len(after.nodes) == 1 and self._preferences.take_hint("wire"):
            self._say(
                self.tr("Drag from a node’s port to wire it: ports that fit glow. Dropped on empty canvas, the wire offers what fits.")
            )
        elif len(before.wires) == 0 and len(after.wires) == 1 and self._preferences.take_hint("inspector"):
            self._say(self.tr("Select a node to set it in the inspector at the right. Ctrl+Z takes back every change."))
        elif _has_output(after) and not _has_output(before) and self._preferences.take_hint("run"):
            self._say(self.tr("Run writes the model with its report. You can go on editing meanwhile."))

    def _show_start(self) -> None:
        self._start.setVisible(not self._session.document.nodes)
        self._place()

    def _say(self, text: str) -> None:
        self.card.say(text)
        self._place()

    def _place(self) -> None:
        room = self._view.viewport().rect()
        self._start.adjustSize()
        self._start.move(room.center() - self._start.rect().center())
        self.card.adjustSize()
        self.card.move(room.left() + 16, room.bottom() - self.card.height() - 16)


class _HintCard(QFrame):
    """Hold one hint with a button that lets it go."""

    def __init__(self, view: QAbstractScrollArea) -> None:
        """Make the card, hidden."""
        super().__init__(view)
        self.setProperty("card", "true")
        self.label = QLabel()
        self.label.setWordWrap(True)
        self.label.setFixedWidth(320)
        close = QPushButton(self.tr("Got it"))
        close.setProperty("quiet", True)
        close.clicked.connect(self.hide)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 10, 10, 10)
        layout.addWidget(self.label)
        layout.addWidget(close, 0, Qt.AlignmentFlag.AlignBottom)
        self.hide()

    def say(self, text: str) -> None:
        """Show a hint."""
        self.label.setText(text)
        self.setAccessibleName(text)
        self.show()
        self.raise_()


def _has_output(document: Document) -> bool:
    return any(node.operation.startswith("export") and document.wires_into(node_id) for node_id, node in document.nodes.items())
