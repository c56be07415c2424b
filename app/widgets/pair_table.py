"""A square of figures for pairs of things, each cell the stronger coloured the larger its figure."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from app.decimal_text import write_figure
from app.theme import current_theme, font
from app.widgets.heat_colours import cell_colours
from app.widgets.outlined_cells import OutlinedCells
from app.word_table import Table

_LEAST_WIDTH = 54
_NAME_PIXELS = 140


class PairTable(QTableWidget):
    """Show what every pair gave, and single things on the diagonal."""

    def __init__(self, parent: QWidget | None = None) -> None:
        """Show nothing yet."""
        super().__init__(parent)
        self.setObjectName("plain")
        self.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.setItemDelegate(OutlinedCells(self))
        self.setFont(font("mono"))
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.horizontalHeader().setMinimumSectionSize(_LEAST_WIDTH)
        self.verticalHeader().setMaximumWidth(_NAME_PIXELS)
        for header in (self.horizontalHeader(), self.verticalHeader()):
            header.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self._names: tuple[str, ...] = ()
        self._values: tuple[tuple[float, ...], ...] = ()
        self._is_share = False

    def show_values(self, names: Sequence[str], values: Sequence[Sequence[float]], *, is_share: bool) -> None:
        """Show a square of figures; NaN for one that is not known.

        Args:
            names: of the rows, which are the columns too.
            values: row by row.
            is_share: whether they are shares, to be told in percent.
        """
        self._names, self._values, self._is_share = tuple(names), tuple(map(tuple, values)), is_share
        self.setRowCount(len(names))
        self.setColumnCount(len(names))
        for number, name in enumerate(names):
            for place in (self.setVerticalHeaderItem, self.setHorizontalHeaderItem):
                item = QTableWidgetItem(name)
                item.setToolTip(name)
                place(number, item)
        self.restyle()

    def restyle(self) -> None:
        """Fill the cells anew, in the colours of the present theme."""
        largest = max((abs(value) for row in self._values for value in row if math.isfinite(value)), default=0.0) or 1.0
        for row, line in enumerate(self._values):
            for column, value in enumerate(line):
                colours = cell_colours(current_theme(), value / largest if math.isfinite(value) else math.nan, is_signed=True)
                item = QTableWidgetItem(self._spell(value))
                item.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
                item.setBackground(colours.back)
                item.setForeground(colours.text)
                item.setToolTip(self._tell(row, column, value))
                self.setItem(row, column, item)

    def text(self, separator: str = "\t") -> str:
        """Return the square for a spreadsheet."""
        lines = tuple(
            (name, *("" if math.isnan(value) else f"{value:.6g}" for value in row))
            for name, row in zip(self._names, self._values, strict=True)
        )
        return Table(("", *self._names), lines).write(separator)

    def _spell(self, value: float) -> str:
        if not math.isfinite(value):
            return "–"
        return write_figure(value, ".0%" if self._is_share else ".3g")

    def _tell(self, row: int, column: int, value: float) -> str:
        names = self._names[row] if row == column else f"{self._names[row]} + {self._names[column]}"
        return f"{names}: {self._spell(value) if math.isfinite(value) else self.tr('not measured yet')}"
