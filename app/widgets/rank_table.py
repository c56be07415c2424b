"""A table of figures in their order of merit, to be copied and saved like a plot."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from PySide6.QtCore import QPoint
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from app.widgets.figure_table import FigureTable


class RankTable(FigureTable):
    """Show lines of words, the best first."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        """Show nothing yet; `name` is for those who hear the window."""
        super().__init__(name, parent)
        self._lines: tuple[tuple[str, ...], ...] = ()
        self.horizontalHeader().setStretchLastSection(True)

    def show_lines(self, head: Sequence[str], lines: Sequence[tuple[str, ...]]) -> None:
        """Show other figures."""
        super().show_lines(head, lines)
        self._lines = (tuple(head), *lines)
        self.resizeColumnsToContents()

    def draw(self, painter: QPainter) -> None:
        """Paint the table on any device of this widget's size."""
        self.render(painter, QPoint())

    def text(self, separator: str = "\t") -> str:
        """Return the lines for a spreadsheet."""
        text = io.StringIO()
        csv.writer(text, delimiter=separator, lineterminator="\n").writerows(self._lines)
        return text.getvalue()
