"""The picture of a table: all of it, however little of it there is room for on the screen."""

from __future__ import annotations

import math

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QFont, QFontMetricsF, QPainter
from PySide6.QtWidgets import QTableView

from app.theme import current_tokens, font

_AROUND = 14.0
_TITLE_PIXELS = 26.0
_BESIDE, _ABOVE = 9.0, 5.0
"""Around the words of a cell."""
_GAP = 2.0


class TablePicture:
    """Paint a table with its title, every column as wide as its words."""

    def __init__(self, table: QTableView, title: str) -> None:
        """Paint what `table` holds now."""
        self._table, self._model, self._title = table, table.model(), title
        self._rows, self._columns = range(self._model.rowCount()), range(self._model.columnCount())
        self._names = [self._head(row, Qt.Orientation.Vertical) for row in self._rows]
        self._heads = [self._head(column, Qt.Orientation.Horizontal) for column in self._columns]
        words = [[self._word(row, column) for row in self._rows] for column in self._columns]
        named, figures = font("text"), table.font()
        self._widths = [_measure(self._names, named).width() + 2 * _BESIDE]
        for head, cells in zip(self._heads, words, strict=True):
            self._widths.append(max(_measure([head], named).width(), _measure(cells, figures).width()) + 2 * _BESIDE)
        self._heights = [_measure(self._heads, named).height() + 2 * _ABOVE]
        for row, name in enumerate(self._names):
            figure = _measure([cells[row] for cells in words], figures)
            self._heights.append(max(_measure([name], named).height(), figure.height()) + 2 * _ABOVE)

    def size(self) -> QSize:
        """Return the size that all of it takes."""
        title = QFontMetricsF(font("title")).horizontalAdvance(self._title)
        width = max(sum(self._widths), title) + 2 * _AROUND
        return QSize(math.ceil(width), math.ceil(sum(self._heights) + _TITLE_PIXELS + 2 * _AROUND))

    def draw(self, painter: QPainter) -> None:
        """Paint title, heads, names and figures."""
        colours = current_tokens()
        painter.setPen(colours.text)
        painter.setFont(font("title"))
        flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRectF(_AROUND, _AROUND, self.size().width() - 2 * _AROUND, _TITLE_PIXELS), flags, self._title)
        painter.setFont(font("text"))
        for column, head in enumerate(self._heads):
            painter.drawText(self._inside(0, column + 1), self._alignment(column), head)
        for row, name in enumerate(self._names):
            painter.drawText(self._inside(row + 1, 0), flags, name)
        painter.fillRect(QRectF(_AROUND, self._place(0, 0).bottom() - _GAP / 2, sum(self._widths), 1), colours.line)
        painter.setFont(self._table.font())
        for row in self._rows:
            for column in self._columns:
                self._draw_cell(painter, row, column)

    def _draw_cell(self, painter: QPainter, row: int, column: int) -> None:
        index = self._model.index(row, column)
        back, front = index.data(Qt.ItemDataRole.BackgroundRole), index.data(Qt.ItemDataRole.ForegroundRole)
        if isinstance(back, QBrush):
            painter.fillRect(self._place(row + 1, column + 1).adjusted(0, 0, -_GAP, -_GAP), back)
        painter.setPen(front.color() if isinstance(front, QBrush) else current_tokens().text)
        painter.drawText(self._inside(row + 1, column + 1), self._alignment(column), self._word(row, column))

    def _place(self, line: int, column: int) -> QRectF:
        """Return where a cell lies; line and column 0 are the heads and the names."""
        left, top = _AROUND + sum(self._widths[:column]), _AROUND + _TITLE_PIXELS + sum(self._heights[:line])
        return QRectF(left, top, self._widths[column], self._heights[line])

    def _inside(self, line: int, column: int) -> QRectF:
        return self._place(line, column).adjusted(_BESIDE, 0, -_BESIDE, -_GAP)

    def _alignment(self, column: int) -> int:
        """Return how a column's figures are aligned, its head like them."""
        found = self._model.index(0, column).data(Qt.ItemDataRole.TextAlignmentRole)
        return int(found) if found is not None else int(Qt.AlignmentFlag.AlignCenter)

    def _word(self, row: int, column: int) -> str:
        return str(self._model.index(row, column).data() or "")

    def _head(self, section: int, orientation: Qt.Orientation) -> str:
        return str(self._model.headerData(section, orientation) or "")


def _measure(words: list[str], written: QFont) -> QRectF:
    """Return the room that the widest and the highest of some words take, of several lines perhaps."""
    metrics = QFontMetricsF(written)
    sizes = [metrics.size(0, word) for word in words]
    return QRectF(0, 0, max((size.width() for size in sizes), default=0.0), max((size.height() for size in sizes), default=0.0))
