"""The four roles of an analogy as rows: who plays each, to be chosen from the graph's checkpoints and vectors."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app.analogy_roles import Role, list_candidates, read_roles, say_analogy
from app.canvas.connection import name_node
from engine.document.model import Document, NodeId, PortRef


class RoleRows(QWidget):
    """Show who plays A, B, C and D, and the sentence that follows."""

    role_chosen = Signal(str, object)
    """(letter, PortRef): the user lets this output play a role."""

    def __init__(self, parent: QWidget | None = None) -> None:
        """Make the rows, empty."""
        super().__init__(parent)
        self.setAccessibleName(self.tr("Roles"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(5)
        self._combos: dict[str, QComboBox] = {}
        for letter in "abcd":
            layout.addLayout(self._make_row(letter))
        self.sentence = QLabel()
        self.sentence.setWordWrap(True)
        self.sentence.setTextFormat(Qt.TextFormat.PlainText)
        self.sentence.setProperty("role", "dim")
        layout.addWidget(self.sentence)

    def show_roles(self, document: Document, node_id: NodeId) -> None:
        """Show the roles of an analogy node."""
        roles = read_roles(document, node_id)
        for role in roles:
            self._fill(role, document, node_id)
        self.sentence.setText(say_analogy(roles))

    def _make_row(self, letter: str) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(7)
        sign = QLabel(letter.upper())
        sign.setFixedWidth(16)
        sign.setAlignment(Qt.AlignmentFlag.AlignCenter)
        sign.setProperty("role", "title")
        combo = QComboBox()
        combo.setAccessibleName(self.tr("Who plays {0}").format(letter.upper()))
        combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        combo.setMinimumContentsLength(8)
        combo.activated.connect(partial(_choose, self.role_chosen.emit, letter, combo))
        sign.setBuddy(combo)
        self._combos[letter] = combo
        row.addWidget(sign)
        row.addWidget(combo, 1)
        return row

    def _fill(self, role: Role, document: Document, node_id: NodeId) -> None:
        combo = self._combos[role.letter]
        combo.clear()
        nobody = self.tr("what this node makes (no data)") if role.letter == "d" else self.tr("choose…")
        if role.source is None:
            combo.addItem(nobody, None)
        for source in list_candidates(document, node_id, role.letter):
            combo.addItem(name_node(document, source.node), source)
        place = next((row for row in range(combo.count()) if combo.itemData(row) == role.source), -1)
        if place < 0 and role.source is not None:
            combo.addItem(role.name, role.source)
            place = combo.count() - 1
        combo.setCurrentIndex(place)


def _choose(announce: Callable[[str, PortRef], None], letter: str, combo: QComboBox, row: int) -> None:
    source = combo.itemData(row)
    if source is not None:
        announce(letter, source)
