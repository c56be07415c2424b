"""A list of texts, one a row, that can be added to, changed, moved and removed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QToolButton, QVBoxLayout, QWidget

_ROWS_SHOWN = 4
_ROW_PIXELS = 26


class ListEditor(QWidget):
    """Edit a list of texts."""

    texts_changed = Signal(object)
    """The user changed the list; all its texts, in order."""

    def __init__(self, name: str, fresh_text: str, icons: Callable[[str], QIcon], parent: QWidget | None = None) -> None:
        """Make an empty list.

        Args:
            name: what the list holds, for screen readers.
            fresh_text: the text of a row that was just added.
            icons: gives the drawings named plus, minus, up and down.
            parent: the owner.
        """
        super().__init__(parent)
        self._fresh_text = fresh_text
        self.list = QListWidget()
        self.list.setAccessibleName(name)
        self.list.setFixedHeight(_ROWS_SHOWN * _ROW_PIXELS)
        self.list.itemChanged.connect(self._announce)
        row = QHBoxLayout()
        row.setSpacing(2)
        for drawing, title, act in (
            ("plus", self.tr("Add a row"), self._add),
            ("minus", self.tr("Remove the row"), self._remove),
            ("up", self.tr("Move the row up"), partial(self._move, -1)),
            ("down", self.tr("Move the row down"), partial(self._move, 1)),
        ):
            row.addWidget(self._make_button(icons(drawing), title, act))
        row.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        layout.addWidget(self.list)
        layout.addLayout(row)
        self.setFocusProxy(self.list)

    def show_texts(self, texts: Sequence[str]) -> None:
        """Show a list without announcing it."""
        if list(texts) == self.texts():
            return
        self.list.blockSignals(True)
        self.list.clear()
        for text in texts:
            self.list.addItem(_make_row(text))
        self.list.blockSignals(False)

    def texts(self) -> list[str]:
        """Return the rows' texts."""
        return [self.list.item(row).text() for row in range(self.list.count())]

    def _make_button(self, drawing: QIcon, title: str, act: Callable[[], None]) -> QToolButton:
        button = QToolButton()
        button.setIcon(drawing)
        button.setToolTip(title)
        button.setAccessibleName(title)
        button.setAutoRaise(True)
        button.clicked.connect(lambda _checked=False: act())
        return button

    def _add(self) -> None:
        row = self.list.currentRow() + 1 if self.list.currentRow() >= 0 else self.list.count()
        self.list.insertItem(row, _make_row(self._fresh_text))
        self.list.setCurrentRow(row)
        self._announce()
        self.list.editItem(self.list.item(row))

    def _remove(self) -> None:
        if self.list.currentRow() >= 0:
            self.list.takeItem(self.list.currentRow())
            self._announce()

    def _move(self, by: int) -> None:
        row = self.list.currentRow()
        if row < 0 or not 0 <= row + by < self.list.count():
            return
        self.list.blockSignals(True)
        self.list.insertItem(row + by, self.list.takeItem(row))
        self.list.setCurrentRow(row + by)
        self.list.blockSignals(False)
        self._announce()

    def _announce(self, _item: QListWidgetItem | None = None) -> None:
        self.texts_changed.emit(self.texts())


def _make_row(text: str) -> QListWidgetItem:
    row = QListWidgetItem(text)
    row.setFlags(row.flags() | Qt.ItemFlag.ItemIsEditable)
    return row
