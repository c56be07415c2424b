"""The Similarity panel: how alike the graph's differences are, whole and layer by layer, while the slider moves."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.live_view import FamilyView, LiveView
from app.panels.similarity_plot import SimilarityPlot
from app.run_progress import format_bytes
from app.saving import ask_and_save
from app.similarity_figures import (
    HeatMap,
    Quantity,
    Row,
    cluster,
    layer_names,
    list_rows,
    make_heat_map,
    make_table,
)
from app.theme import font
from app.widgets.clipboard import copy_figure
from app.widgets.heat_map import HeatMapPlot, HeatSquare
from app.widgets.picture_saving import make_image, save_figure

_CHOICE_PIXELS = 96
_QUIET_MILLISECONDS = 400
"""After the last move: lines that jump to other places under a moving slider can't be read."""


class SimilarityPanel(QWidget):
    """Show the heat map with its plot; both follow the live view."""

    try_again_wanted = Signal()
    """The user wants to measure again what failed, or to switch live figures on."""

    def __init__(self, live: LiveView, parent: QWidget | None = None) -> None:
        """Follow a live view."""
        super().__init__(parent)
        self._live = live
        self._rows: tuple[Row, ...] = ()
        self._order: tuple[int, ...] = ()
        self._is_outdated = True
        self.setAccessibleName(self.tr("Similarity"))
        self._resting = QTimer(self)
        self._resting.setSingleShot(True)
        self._resting.setInterval(_QUIET_MILLISECONDS)
        self._resting.timeout.connect(self._rearrange)
        self.heat = HeatMapPlot(HeatSquare(self.tr("Cosines")))
        self.heat.cell_chosen.connect(self._choose_cell)
        self.plot = SimilarityPlot()
        self.table = QTableWidget()
        self.table.setObjectName("plain")
        self.table.setAccessibleName(self.tr("Similarities as a table"))
        self.table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.table.setFont(font("mono"))
        self.views = QStackedWidget()
        self.views.addWidget(self.heat)
        self.views.addWidget(self.table)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 8, 14, 8)
        layout.setSpacing(16)
        column = QVBoxLayout()
        column.setSpacing(6)
        column.addLayout(self._make_head())
        column.addLayout(self._make_state())
        column.addWidget(self.views, 1)
        layout.addLayout(column, 4)
        layout.addWidget(self.plot, 3)
        live.model_changed.connect(self.refresh)
        live.moved.connect(self._follow_move)
        live.progressed.connect(self._tell_progress)
        self.refresh()

    @property
    def view(self) -> FamilyView | None:
        """Return the family that is shown."""
        families = self._live.families
        return families[min(max(self.family.currentIndex(), 0), len(families) - 1)] if families else None

    @property
    def quantity(self) -> Quantity:
        """Return what the cells show."""
        return "conflict" if self.figure.currentIndex() == 1 else "cosine"

    def refresh(self) -> None:
        """Show everything anew; while the panel is hidden, when it is next seen."""
        if not self.isVisible():
            self._is_outdated = True
            return
        self._is_outdated = False
        self._name_families()
        self._tell_state()
        view = self.view
        self._rows = list_rows(view, self.quantity) if view is not None else ()
        self._name_layers(layer_names(view) if view is not None else ())
        self._order = self._arrange()
        for widget in (self.figure, self.part, self.order, self.as_table, self.copy_button, self.save_button):
            widget.setEnabled(bool(self._rows))
        self._show_figures()

    def restyle(self) -> None:
        """Take the colours of the present theme."""
        self.plot.restyle()
        self.heat.update()

    def table_text(self, separator: str = "\t") -> str:
        """Return the whole table, for a spreadsheet."""
        text = io.StringIO()
        writer = csv.writer(text, delimiter=separator, lineterminator="\n")
        if self.view is not None:
            head, lines = make_table(self.view, self._in_order())
            writer.writerow(head)
            writer.writerows(lines)
        return text.getvalue()

    def save(self, path: str) -> bool:
        """Write the heat map as PNG or SVG, or the table as CSV, as the path's ending says."""
        return save_figure(self.heat, lambda: self.table_text(","), path)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802  (Qt's name)
        """Bring up to date what has changed while the panel was hidden."""
        super().showEvent(event)
        if self._is_outdated:
            self.refresh()

    def _make_head(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        self.family = self._make_choice(self.tr("Which family of checkpoints"), ())
        self.figure = self._make_choice(self.tr("What the cells show"), (self.tr("Cosines"), self.tr("Signs")))
        self.part = self._make_choice(self.tr("Which layer"), (self.tr("Whole model"),))
        self.order = QPushButton(self.tr("Sort"))
        self.order.setCheckable(True)
        self.order.setAccessibleName(self.tr("Put together what is alike"))
        self.order.setToolTip(self.order.accessibleName())
        self.order.toggled.connect(self.refresh)
        self.as_table = QPushButton(self.tr("Table"))
        self.as_table.setCheckable(True)
        self.as_table.setAccessibleName(self.tr("Show the figures as a table"))
        self.as_table.toggled.connect(self._switch_table)
        self.copy_button = QPushButton(self.tr("Copy"))
        self.copy_button.setAccessibleName(self.tr("Copy the heat map, and its table as text"))
        self.copy_button.clicked.connect(self._copy)
        self.save_button = QPushButton(self.tr("Save…"))
        self.save_button.setAccessibleName(self.tr("Save the heat map or its table"))
        self.save_button.clicked.connect(self._ask_save)
        for widget in (self.family, self.figure, self.part):
            row.addWidget(widget)
        row.addStretch(1)
        for button in (self.order, self.as_table, self.copy_button, self.save_button):
            row.addWidget(button)
        return row

    def _make_state(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self.state = QLabel()
        self.state.setProperty("role", "dim")
        self.state.setTextFormat(Qt.TextFormat.PlainText)
        self.state.setWordWrap(True)
        self.again = QPushButton(self.tr("Try again"))
        self.again.clicked.connect(self.try_again_wanted)
        row.addWidget(self.state, 1)
        row.addWidget(self.again)
        return row

    def _make_choice(self, name: str, words: Sequence[str]) -> QComboBox:
        made = QComboBox()
        made.setAccessibleName(name)
        made.setToolTip(name)
        made.addItems(list(words))
        made.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        made.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        made.setMinimumWidth(_CHOICE_PIXELS)
        made.activated.connect(self._change_choice)
        return made

    def _change_choice(self, _row: int) -> None:
        self.refresh()

    def _name_families(self) -> None:
        names = [view.names.get(view.space.family.family.base, "") for view in self._live.families]
        if names != [self.family.itemText(row) for row in range(self.family.count())]:
            kept = max(self.family.currentIndex(), 0)
            self.family.clear()
            self.family.addItems(names)
            self.family.setCurrentIndex(min(kept, len(names) - 1))
        self.family.setVisible(len(names) > 1)

    def _name_layers(self, layers: Sequence[str]) -> None:
        wanted = [self.tr("Whole model"), *layers]
        if wanted != [self.part.itemText(row) for row in range(self.part.count())]:
            kept = self.part.currentText()
            self.part.clear()
            self.part.addItems(wanted)
            self.part.setCurrentIndex(max(self.part.findText(kept), 0))

    def _tell_state(self) -> None:
        live, view = self._live, self.view
        self.again.setVisible(bool(live.message) or not live.is_on)
        self.again.setText(self.tr("Try again") if live.is_on else self.tr("Switch on"))
        if live.message and view is not None:
            text = live.message
        elif view is not None and view.is_estimate:
            text = self.tr("≈ estimated from a sample; exact figures follow") if live.is_measuring else self.tr("≈ estimated")
        else:
            text = self.tr("What is not linear is being estimated …") if live.is_measuring and view is not None else ""
        self._say(text)

    def _say(self, text: str) -> None:
        self.state.setText(text)
        self.state.setVisible(bool(text))

    def _tell_progress(self, done: int, total: int) -> None:
        view = self.view
        mark = "≈ " if view is not None and view.is_estimate else ""
        self._say(self.tr("{0}exact figures: {1} of {2} read").format(mark, format_bytes(done), format_bytes(total)))

    def _explain_nothing(self) -> str:
        """Say why there is nothing, and what to do."""
        live = self._live
        if not live.is_on:
            return self.tr("Live figures are switched off. Switch them on here or in the View menu.")
        if live.message:
            return live.message
        if live.is_measuring:
            return self.tr("The checkpoints are being read …")
        if live.missing:
            return self.tr("The checkpoints are not on this machine yet. A run downloads them; then their figures come here.")
        return self.tr("Wire checkpoints of one base together, by task vectors for example: then you see here how alike they are.")

    def _arrange(self) -> tuple[int, ...]:
        view = self.view
        if view is None or not self.order.isChecked() or self.quantity != "cosine":
            return tuple(range(len(self._rows)))
        return cluster(make_heat_map(view, self._rows, "cosine", self._layer()).values)

    def _rearrange(self) -> None:
        order = self._arrange()
        if order != self._order:
            self._order = order
            self._show_figures()

    def _layer(self) -> int | None:
        return self.part.currentIndex() - 1 if self.part.currentIndex() > 0 else None

    def _in_order(self) -> tuple[Row, ...]:
        return tuple(self._rows[place] for place in self._order)

    def _follow_move(self) -> None:
        if not self.isVisible():
            self._is_outdated = True
            return
        self._show_figures()
        if self.order.isChecked():
            self._resting.start()

    def _show_figures(self) -> None:
        view, rows = self.view, self._in_order()
        if view is None or not rows:
            self.heat.show_message(self._explain_nothing())
            self.plot.show_nothing()
            self.table.setRowCount(0)
            return
        found = make_heat_map(view, rows, self.quantity, self._layer())
        self.heat.show_square(self._make_square(found))
        self.plot.show_rows(view, rows, self.quantity)
        if self.as_table.isChecked():
            self._fill_table(view, rows)

    def _make_square(self, found: HeatMap) -> HeatSquare:
        where = self.part.currentText()
        if found.quantity == "conflict":
            title = self.tr("Share of conflicting signs, {0}").format(where)
            legend = self.tr("50 %: as by chance · on the diagonal: entries that are exactly 0")
            return HeatSquare(title, found.names, found.values, is_signed=False, legend=legend, tell=partial(self._tell_conflict, found))
        title = self.tr("Cosines, {0}").format(where)
        legend = self.tr("with dots: within 1/√d = {0:.2g}, could be chance").format(found.band)
        return HeatSquare(title, found.names, found.values, band=found.band, legend=legend, tell=partial(self._tell_cosine, found))

    def _tell_cosine(self, found: HeatMap, row: int, column: int) -> str:
        value, spread = float(found.values[row, column]), float(found.errors[row, column])
        if math.isnan(value):
            figure = self.tr("not known yet: its search or its estimate has yet to run")
        elif spread > 0:
            figure = self.tr("cosine ≈ {0:.4f} ± {1:.2g}").format(value, spread)
        else:
            figure = self.tr("cosine {0:.4f}").format(value)
        chance = "\n" + self.tr("within 1/√d: could be chance") if abs(value) <= found.band and row != column else ""
        return f"{found.names[row]} · {found.names[column]}\n{figure}{chance}"

    def _tell_conflict(self, found: HeatMap, row: int, column: int) -> str:
        value = float(found.values[row, column])
        if row == column:
            return found.names[row] + "\n" + self.tr("{0:.2%} of the entries are exactly 0").format(value)
        figure = self.tr("signs differ in {0:.2%} of the entries where neither is 0").format(value)
        return f"{found.names[row]} · {found.names[column]}\n{figure}"

    def _choose_cell(self, row: int, column: int) -> None:
        rows = self._in_order()
        self.heat.choose((row, column))
        self.plot.show_pair(rows[row], rows[column])

    def _switch_table(self, is_shown: bool) -> None:
        self.views.setCurrentIndex(1 if is_shown else 0)
        if is_shown and self.view is not None:
            self._fill_table(self.view, self._in_order())

    def _fill_table(self, view: FamilyView, rows: Sequence[Row]) -> None:
        head, lines = make_table(view, rows)
        if (self.table.rowCount(), self.table.columnCount()) != (len(lines), len(head) - 1):
            self.table.clear()
            self.table.setRowCount(len(lines))
            self.table.setColumnCount(len(head) - 1)
        self.table.setHorizontalHeaderLabels(list(head[1:]))
        self.table.setVerticalHeaderLabels([line[0] for line in lines])
        for row, line in enumerate(lines):
            for column, text in enumerate(line[1:]):
                item = self.table.item(row, column)
                if item is None:
                    item = QTableWidgetItem()
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                    self.table.setItem(row, column, item)
                item.setText(text)

    def _copy(self) -> None:
        """Copy the table as text and, unless the table is what is seen, the picture."""
        copy_figure(self.table_text(), None if self.as_table.isChecked() else make_image(self.heat))

    def _ask_save(self) -> None:
        kinds = self.tr("Pictures (*.svg *.png);;Tables (*.csv)")
        ask_and_save(self, self.tr("Save the similarities"), "similarity.svg", kinds, self.save)
