"""A table of figures in their order of merit, to be copied and saved like a plot."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from app.widgets.figure_table import FigureTable
from app.word_table import Table


class RankTable(FigureTable):
    """Show lines of words, the best first."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        """Show nothing yet; `name` is for those who hear the window."""
        super().__init__(name, parent)
        self._table = Table()
        self.horizontalHeader().setStretchLastSection(True)
        # Heads are of two lines, which Qt would measure as one.
        self.horizontalHeader().setTextElideMode(Qt.TextElideMode.ElideNone)

    def show_table(self, table: Table, written: Table) -> None:
        """Show other figures, each column and line as large as they are; `written` goes into spreadsheets."""
        self._table = written
        self.show_lines(table.head, table.lines)
        self.resizeColumnsToContents()
        self.resizeRowsToContents()

    def text(self, separator: str = "\t") -> str:
        """Return the lines for a spreadsheet."""
        return self._table.write(separator)
