"""The metrics panel: models × test sets with their intervals, and how figures change with the strength."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

from PySide6.QtCore import QCoreApplication, Qt, QTimer, Signal
from PySide6.QtGui import QFontMetrics, QGuiApplication, QResizeEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QStackedWidget,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.figure_cells import Figure
from app.panels.angle_view import AngleView
from app.panels.sweep_view import SweepView
from app.report_figures import Figures
from app.saving import ask_and_save
from app.session import Session
from app.theme import font
from app.widgets.head_words import fit_columns, write_head
from app.word_table import Table

_ROW_PIXELS = 42
"""Two lines: the figure, and its interval under it."""
_HEAD_PIXELS = 42
"""Two lines of a model's name."""
_NARROWEST, _WIDEST, _LONGEST_HEAD = 80, 120, 140
"""Of a model's column, without need and for its name: as many as can be stand beside one another."""
_NAME_PIXELS, _LONGEST_NAME = 122, 210
"""Of the column of test sets: as wide as their names take."""
_PADDING = 10
_LONG = 100
"""From here on a perplexity is told with one decimal."""


class MetricsPanel(QWidget):
    """Show the figures of a run."""

    figures_shown = Signal(object)
    """(Figures): others are shown now."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        """Show nothing yet."""
        super().__init__(parent)
        self._session = session
        self._figures = Figures()
        self.setAccessibleName(self.tr("Metrics"))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 8, 14, 10)
        layout.setSpacing(16)
        self.note = QLabel()
        self.note.setProperty("role", "dim")
        self.note.setWordWrap(True)
        layout.addLayout(self._make_table(), 5)
        self.searches = SweepView(session)
        self.angles = AngleView()
        self.shown = QStackedWidget()
        self.shown.addWidget(self.searches)
        self.shown.addWidget(self.angles)
        layout.addWidget(self.shown, 3)
        self.show_figures(Figures())

    def show_figures(self, figures: Figures) -> None:
        """Show these figures in place of the others."""
        self._figures = figures
        self._fill_table()
        self.searches.show_sweeps(figures.sweeps, figures.trying)
        self.angles.show_angles(figures.angles)
        self.which.setVisible(bool(figures.angles))
        self.which.setChecked(bool(figures.angles) and not figures.sweeps)
        self.save_table.setEnabled(bool(figures.cells))
        self.copy_table.setEnabled(bool(figures.cells))
        self.figures_shown.emit(figures)

    def choose_search(self, node: str) -> None:
        """Show what a search has measured, if it has; the user has chosen it."""
        if self.searches.choose(node):
            self.which.setChecked(False)

    def restyle(self) -> None:
        """Take the colours of the present theme."""
        self.searches.restyle()
        self.angles.restyle()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  (Qt's name)
        """Give the columns what room there is."""
        super().resizeEvent(event)
        QTimer.singleShot(0, self, self._fit_columns)

    def table_text(self, separator: str = "\t") -> str:
        """Return every figure of the table, one a line, for a spreadsheet."""
        head = ("model", "test set", "metric", "value", "low", "high", "n", "normalized", "control ratio", "split")
        return Table(head, tuple(_write_cell(cell) for cell in self._figures.cells)).write(separator)

    def _make_table(self) -> QVBoxLayout:
        column = QVBoxLayout()
        head = QHBoxLayout()
        self.title = QLabel()
        self.title.setProperty("role", "title")
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        self.copy_table = QPushButton(self.tr("Copy"))
        self.copy_table.setAccessibleName(self.tr("Copy the table"))
        self.copy_table.clicked.connect(self._copy)
        self.save_table = QPushButton(self.tr("Save CSV…"))
        self.save_table.clicked.connect(self._save_table)
        self.which = QPushButton(self.tr("Angles"))
        self.which.setAccessibleName(self.tr("Show the angles of the vectors, not the searches"))
        self.which.setToolTip(self.tr("The cosines, sign conflicts and norms that this run’s report tells"))
        self.which.setCheckable(True)
        self.which.toggled.connect(self._switch)
        head.addWidget(self.title, 1)
        head.addWidget(self.which)
        head.addWidget(self.copy_table)
        head.addWidget(self.save_table)
        self.table = QTableWidget()
        self.table.setObjectName("plain")
        self.table.setAccessibleName(self.tr("Models by test sets"))
        self.table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.table.setFont(font("mono"))
        self.table.verticalHeader().setDefaultSectionSize(_ROW_PIXELS)
        self.table.verticalHeader().setTextElideMode(Qt.TextElideMode.ElideNone)
        self.table.verticalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.table.horizontalHeader().setFixedHeight(_HEAD_PIXELS)
        self.table.horizontalHeader().setTextElideMode(Qt.TextElideMode.ElideNone)
        self.table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.table.setTextElideMode(Qt.TextElideMode.ElideNone)
        self.table.setWordWrap(False)
        self.table.setHorizontalScrollMode(QTableWidget.ScrollMode.ScrollPerPixel)
        column.addLayout(head)
        column.addWidget(self.note)
        column.addWidget(self.table, 1)
        self._rest = QWidget()
        column.addWidget(self._rest, 1)
        return column

    def _fill_table(self) -> None:
        cells = self._figures.cells
        models = _order_models(cells)
        columns = list(dict.fromkeys((cell.test_set, _name_data(cell)) for cell in cells))
        self.title.setText(self._say_title())
        note = " ".join(_explain_table(cells))
        self.note.setText(note)
        self.note.setVisible(bool(note))
        self.table.clear()
        self.table.setRowCount(len(columns))
        self.table.setColumnCount(len(models))
        sets = [f"{test_set}\n{data}{_tell_count(cells, test_set, data)}" for test_set, data in columns]
        self.table.verticalHeader().setFixedWidth(self._width_of(sets))
        for number, name in enumerate(sets):
            self.table.setVerticalHeaderItem(number, _make_head(name, self._cut_name(name)))
        for cell in cells:
            self.table.setItem(columns.index((cell.test_set, _name_data(cell))), models.index(cell.model), _make_item(cell))
        self.table.setVisible(bool(cells))
        self._rest.setVisible(not cells)
        for button in (self.copy_table, self.save_table):
            button.setVisible(bool(cells))
        self._fit_columns()

    def _say_title(self) -> str:
        if self._figures.cells:
            return self._figures.title
        if self._figures.sweeps or self._figures.angles:
            return self.tr("{0}: nothing measured on test sets").format(self._figures.title).removeprefix(": ")
        return self.tr("Nothing measured yet. Run a graph with an Evaluate node or a Strength search.")

    def _width_of(self, names: Sequence[str]) -> int:
        """Return how wide the column of test sets is."""
        measure = self.table.verticalHeader().fontMetrics()
        widest = max((measure.horizontalAdvance(line) for name in names for line in name.split("\n")), default=0)
        return min(max(widest + 2 * _PADDING + 2, _NAME_PIXELS), _LONGEST_NAME)

    def _cut_name(self, name: str) -> str:
        """Return the lines beside the cells, each without its middle where there is no room for it."""
        header = self.table.verticalHeader()
        room = header.maximumWidth() - 2 * _PADDING
        return "\n".join(header.fontMetrics().elidedText(line, Qt.TextElideMode.ElideMiddle, room) for line in name.split("\n"))

    def _fit_columns(self) -> None:
        """Give each column the room that there is for its name, and write the name as far as it has room."""
        header, names, around = self.table.horizontalHeader(), _order_models(self._figures.cells), 2 * _PADDING
        measure = header.fontMetrics().horizontalAdvance
        least = [max(self._widest_cell(column), _NARROWEST - around) for column in range(len(names))]
        room, most = self.table.viewport().width() - len(names) * around, (_WIDEST - around, _LONGEST_HEAD - around)
        for column, width in enumerate(fit_columns(names, least, room, most, measure)):
            header.resizeSection(column, width + around)
            self.table.setHorizontalHeaderItem(column, _make_head(names[column], write_head(names[column], width, measure)))
        # Else a scroll bar stays that wider columns had called for.
        self.table.updateGeometries()

    def _widest_cell(self, column: int) -> int:
        """Return the pixels that a column's figures take."""
        cells = (self.table.item(row, column) for row in range(self.table.rowCount()))
        measure = QFontMetrics(self.table.font())
        lines = (line for cell in cells if cell is not None for line in cell.text().split("\n"))
        return max((measure.horizontalAdvance(line) for line in lines), default=0)

    def _switch(self, shows_angles: bool) -> None:
        self.shown.setCurrentIndex(1 if shows_angles else 0)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.table_text())

    def _save_table(self) -> None:
        ask_and_save(self, self.tr("Save the table"), "metrics.csv", self.tr("Tables (*.csv)"), self._write_table)

    def _write_table(self, path: str) -> None:
        Path(path).write_text(self.table_text(","), encoding="utf-8")


def _make_head(name: str, shown: str) -> QTableWidgetItem:
    """Return the head of a column or line; what is left out for lack of room is told on hover."""
    item, whole = QTableWidgetItem(shown), name.replace("\n", " · ")
    item.setToolTip(whole)
    item.setData(Qt.ItemDataRole.AccessibleTextRole, whole)
    return item


def _order_models(cells: Sequence[Figure]) -> list[str]:
    """Return the models as they came, but those last that the others are compared with."""
    references = {cell.model for cell in cells if cell.normalized == 1}
    return sorted(dict.fromkeys(cell.model for cell in cells), key=lambda model: model in references)


def _explain_table(cells: Sequence[Figure]) -> Iterator[str]:
    """Give what has to be known of the figures to read them rightly."""
    if cells and all(cell.is_validation for cell in cells):
        yield _tr("Validation data only: strengths are chosen by such figures, which flatter them.")
    for metric, higher_is_better in dict.fromkeys((cell.metric, cell.higher_is_better) for cell in cells):
        is_share = any(not math.isnan(cell.normalized) for cell in cells if cell.metric == metric)
        if is_share or not higher_is_better:
            what = _tr("%: {0} ÷ the reference’s; {1}.") if is_share else _tr("{0}: {1}.")
            better = _tr("higher is better") if higher_is_better else _tr("lower is better")
            told = what.format(metric.replace("_", " "), better)
            yield f"{told[0].upper()}{told[1:]}"


def _round(bound: float) -> str:
    """Return a bound of an interval, as long as it need be."""
    return f"{bound:.2f}" if abs(bound) < _LONG else f"{bound:.1f}"


def _write_cell(cell: Figure) -> tuple[str, ...]:
    figures = (cell.value, cell.low, cell.high, cell.n, cell.normalized, cell.control_ratio)
    split = "validation" if cell.is_validation else "test"
    return cell.model, cell.test_set, cell.metric, *("" if math.isnan(figure) else str(figure) for figure in figures), split


def _name_data(cell: Figure) -> str:
    """Return the metric of a cell in words, and whether it is of validation data."""
    metric = cell.metric.replace("_", " ")
    return _tr("{0} · validation").format(metric) if cell.is_validation else metric


def _tell_count(cells: Sequence[Figure], test_set: str, data: str) -> str:
    """Return the n of a line where all its figures have the same."""
    counts = {cell.n for cell in cells if (cell.test_set, _name_data(cell)) == (test_set, data)}
    return f" · n {next(iter(counts)):,}" if len(counts) == 1 else ""


def _make_item(cell: Figure) -> QTableWidgetItem:
    normalized = "" if math.isnan(cell.normalized) else f" {cell.normalized:.0%}"
    item = QTableWidgetItem(f"{cell.value:.3f}{normalized}\n{_round(cell.low)}–{_round(cell.high)}")
    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    item.setToolTip("\n".join(_explain_cell(cell)))
    return item


def _explain_cell(cell: Figure) -> Iterator[str]:
    metric = cell.metric.replace("_", " ")
    if cell.is_validation:
        yield _tr("validation data: strengths are chosen on it")
    yield _tr("{0} of {1} on {2}: {3:.4g}").format(metric, cell.model, cell.test_set, cell.value)
    yield f"n = {cell.n}"
    yield _tr("95 % interval {0:.4g} … {1:.4g}").format(cell.low, cell.high)
    if not math.isnan(cell.normalized):
        better = _tr("higher is better") if cell.higher_is_better else _tr("lower is better")
        yield _tr("normalized: {0:.1%} of the tuned reference's; {1}").format(cell.normalized, better)
    if not math.isnan(cell.control_ratio):
        yield _tr("control ratio: {0:.1%} of the base's").format(cell.control_ratio)


def _tr(text: str) -> str:
    return QCoreApplication.translate("metrics", text)
