"""The facts of one node in weight space, in the inspector: figures that change while a slider moves."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from app.live_absences import find_reason
from app.live_facts import Fact, list_live_facts
from app.live_view import LiveView
from app.widgets.presence import show_where_owned
from engine.document.model import NodeId


class LiveFacts(QWidget):
    """Show names and figures; nothing while nothing is known."""

    def __init__(self, live: LiveView, node: NodeId, caption: str = "", parent: QWidget | None = None) -> None:
        """Follow the live figures of a node."""
        super().__init__(parent)
        self._live = live
        self._node = node
        self._names: tuple[str, ...] = ()
        self._figures: list[QLabel] = []
        self.setAccessibleName(self.tr("Facts in weight space"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        self._caption = QLabel(caption)
        self._caption.setProperty("role", "caption")
        layout.addWidget(self._caption)
        self._caption.setVisible(bool(caption))
        self._grid = QGridLayout()
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnStretch(0, 1)
        layout.addLayout(self._grid)
        self.note = _make_label("", "dim")
        layout.addWidget(self.note)
        live.model_changed.connect(self._show)
        live.moved.connect(self._show)
        self._show()

    @property
    def facts(self) -> tuple[Fact, ...]:
        """Return what is shown."""
        return tuple(Fact(name, figure.text(), figure.toolTip()) for name, figure in zip(self._names, self._figures, strict=True))

    def _show(self) -> None:
        found = list_live_facts(self._live.families, self._node)
        names = tuple(fact.name for fact in found)
        if names != self._names:
            self._lay_out(names)
        for label, fact in zip(self._figures, found, strict=True):
            if label.text() != fact.figure:
                label.setText(fact.figure)
            if label.toolTip() != fact.why:
                label.setToolTip(fact.why)
                label.setAccessibleDescription(fact.why)
        reason = find_reason(self._live.absences, self._node)
        self.note.setText(self.tr("In no figure of weight space. {0}").format(reason) if reason else "")
        self.note.setVisible(bool(reason))
        show_where_owned(self, bool(found or reason))

    def _lay_out(self, names: tuple[str, ...]) -> None:
        while (item := self._grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self._names, self._figures = names, []
        for row, name in enumerate(names):
            self._grid.addWidget(_make_label(name, "dim"), row, 0, Qt.AlignmentFlag.AlignTop)
            figure = _make_label("", "mono")
            figure.setAccessibleName(name)
            figure.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
            figure.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            self._grid.addWidget(figure, row, 1)
            self._figures.append(figure)


def _make_label(text: str, role: str) -> QLabel:
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    # A figure may be a sentence or a model's name, which would be cut.
    label.setWordWrap(True)
    label.setProperty("role", role)
    return label
