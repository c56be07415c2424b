"""A template asks for its checkpoints and data by role."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QPushButton, QVBoxLayout, QWidget

from app.templates import RoleField, Template, fill_template, list_roles
from app.widgets.page_scroll import PageScroll
from app.widgets.path_field import PathField
from engine.document.model import Document, NodeId


class TemplateDialog(QDialog):
    """Ask who plays each role of a template."""

    def __init__(self, template: Template, document: Document, parent: QWidget | None = None) -> None:
        """Make the dialog; `wants_sample` tells afterwards whether the sample's models were chosen instead."""
        super().__init__(parent)
        self._template = template
        self._document = document
        self.wants_sample = False
        self.fields: dict[NodeId, PathField] = {}
        self.setWindowTitle(template.title)
        self.setAccessibleName(template.title)
        self.resize(620, 560)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(22, 18, 22, 16)
        layout.setSpacing(10)
        layout.addWidget(_make_line(template.title, "panel"))
        layout.addWidget(_make_line(template.sentence, "dim"))
        layout.addWidget(self._make_fields(list_roles(template, document)), 1)
        layout.addWidget(_make_line(self.tr("A role left empty can be chosen later, on its node."), "dim"))
        layout.addWidget(self._make_buttons())

    def make_document(self) -> Document:
        """Return the template's graph with what the user chose."""
        sources = {node_id: field.field.text().strip() for node_id, field in self.fields.items()}
        return fill_template(self._template, self._document, sources)

    def _make_fields(self, roles: tuple[RoleField, ...]) -> PageScroll:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 14, 0)
        column.setSpacing(5)
        was_checkpoint: bool | None = None
        for role in roles:
            if role.is_checkpoint is not was_checkpoint:
                was_checkpoint = role.is_checkpoint
                column.addSpacing(6)
                column.addWidget(_make_line(self.tr("CHECKPOINTS") if was_checkpoint else self.tr("DATA"), "caption"))
            text = role.text[0].upper() + role.text[1:]
            label = _make_line(text, "")
            field = PathField("either", text, Path.home)
            label.setBuddy(field)
            self.fields[role.node] = field
            column.addWidget(label)
            column.addWidget(field)
        column.addStretch(1)
        return PageScroll(self.tr("Who plays each role"), page)

    def _make_buttons(self) -> QDialogButtonBox:
        buttons = QDialogButtonBox()
        roles = QDialogButtonBox.ButtonRole
        sample = QPushButton(self.tr("Use the sample’s models"))
        sample.clicked.connect(self._choose_sample)
        create = QPushButton(self.tr("Make the graph"))
        create.setProperty("primary", True)
        create.setDefault(True)
        buttons.addButton(sample, roles.ActionRole)
        buttons.addButton(QDialogButtonBox.StandardButton.Cancel)
        buttons.addButton(create, roles.AcceptRole)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        return buttons

    def _choose_sample(self) -> None:
        self.wants_sample = True
        self.accept()


def _make_line(text: str, role: str) -> QLabel:
    line = QLabel(text)
    line.setWordWrap(True)
    line.setTextFormat(Qt.TextFormat.PlainText)
    line.setProperty("role", role)
    return line
