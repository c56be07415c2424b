"""A table of figures as a model for Qt: laid out anew only where its names change, so that it keeps up with a moving slider."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QAbstractButton, QTableView, QWidget

from app.theme import font

_ROW_PIXELS = 24
_NAME_PIXELS = 190
_Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()


class FigureModel(QAbstractTableModel):
    """Hold a head and lines of words; the first word of each line is its name."""

    def __init__(self, parent: QObject | None = None) -> None:
        """Hold nothing yet."""
        super().__init__(parent)
        self._head: tuple[str, ...] = ()
        self._lines: tuple[tuple[str, ...], ...] = ()

    def show_lines(self, head: Sequence[str], lines: Sequence[tuple[str, ...]]) -> None:
        """Show other figures."""
        is_alike = tuple(head) == self._head and [line[0] for line in lines] == [line[0] for line in self._lines]
        if is_alike and lines:
            self._lines = tuple(lines)
            last = self.index(self.rowCount() - 1, self.columnCount() - 1)
            self.dataChanged.emit(self.index(0, 0), last, [Qt.ItemDataRole.DisplayRole])
            return
        self.beginResetModel()
        self._head, self._lines = tuple(head), tuple(lines)
        self.endResetModel()

    def rowCount(self, parent: _Index = _NOWHERE) -> int:  # noqa: N802  (Qt's name, as all that follow)
        """Return the number of lines; a cell holds no table of its own."""
        return 0 if parent.isValid() else len(self._lines)

    def columnCount(self, parent: _Index = _NOWHERE) -> int:  # noqa: N802
        """Return the number of figures of a line."""
        return 0 if parent.isValid() else max(len(self._head) - 1, 0)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return one figure."""
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if role != Qt.ItemDataRole.DisplayRole or not index.isValid():
            return None
        return self._lines[index.row()][index.column() + 1]

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:  # noqa: N802
        """Return the name of a line or of a column."""
        if role == Qt.ItemDataRole.TextAlignmentRole and orientation is Qt.Orientation.Vertical:
            return int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return None
        return self._head[section + 1] if orientation is Qt.Orientation.Horizontal else self._lines[section][0]


class FigureTable(QTableView):
    """Show such a table; names too long for their place are cut in the middle and told whole on hover."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        """Show nothing yet; `name` is for those who hear the window."""
        super().__init__(parent)
        self._model = FigureModel(self)
        self.setModel(self._model)
        self.setObjectName("plain")
        self.setAccessibleName(name)
        for corner in self.findChildren(QAbstractButton):
            corner.setAccessibleName(self.tr("Select all figures"))
        self.setFont(font("mono"))
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.verticalHeader().setDefaultSectionSize(_ROW_PIXELS)
        self.verticalHeader().setMaximumWidth(_NAME_PIXELS)
        for header in (self.verticalHeader(), self.horizontalHeader()):
            header.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setHorizontalScrollMode(QTableView.ScrollMode.ScrollPerPixel)

    def show_lines(self, head: Sequence[str], lines: Sequence[tuple[str, ...]]) -> None:
        """Show other figures."""
        is_new = self._model.columnCount() != max(len(head) - 1, 0) or not self._model.rowCount()
        self._model.show_lines(head, lines)
        if is_new:
            self.resizeColumnsToContents()
