"""The Similarity panel: how alike the graph's differences are, whole and layer by layer, while the slider moves."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from app.live_absences import explain_absences, tell_absences
from app.live_gaps import tell_gaps
from app.live_view import FamilyView, LiveView
from app.panels.similarity_plot import SimilarityPlot
from app.panels.similarity_square import make_square
from app.run_progress import format_bytes
from app.saving import ask_and_save
from app.similarity_figures import Quantity, Row, cluster, list_rows, make_heat_map
from app.similarity_parts import Part, list_parts
from app.similarity_tables import tabulate_rows
from app.widgets.clipboard import copy_figure
from app.widgets.figure_table import FigureTable
from app.widgets.heat_map import HeatMapPlot, HeatSquare
from app.widgets.heat_picture import HeatPicture
from app.widgets.narrow_choice import NarrowChoice
from app.widgets.picture_saving import make_image, save_figure
from app.word_table import Table

_QUANTITIES: tuple[Quantity, ...] = ("cosine", "share", "conflict")
_WIDEST_CHOICE = 240
_INDENT = "    "
"""Before a part of a layer, in the list of parts."""
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
        self._parts: tuple[Part | None, ...] = (None,)
        """What the lines of the list of parts stand for."""
        self._is_seen = self._is_outdated = True
        self.setAccessibleName(self.tr("Similarity"))
        self._resting = QTimer(self)
        self._resting.setSingleShot(True)
        self._resting.setInterval(_QUIET_MILLISECONDS)
        self._resting.timeout.connect(self._rearrange)
        self.heat = HeatMapPlot(HeatSquare(self.tr("Cosines")))
        self.heat.cell_chosen.connect(self._choose_cell)
        self.plot = SimilarityPlot()
        self.table = FigureTable(self.tr("Similarities as a table"))
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
        layout.addLayout(column, 8)
        layout.addWidget(self.plot, 5)
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
        return _QUANTITIES[max(self.figure.currentIndex(), 0)]

    def refresh(self) -> None:
        """Show everything anew; while the panel is hidden, when it is next seen."""
        if not self._is_awake():
            self._is_outdated = True
            return
        self._is_outdated = False
        self._name_families()
        self._tell_state()
        view = self.view
        self._rows = list_rows(view, self.quantity) if view is not None else ()
        self._list_parts(view)
        self._order = self._arrange()
        for widget in (self.figure, self.part, self.order, self.as_table, self.copy_button, self.save_button):
            widget.setEnabled(bool(self._rows))
        self._show_figures()

    def _is_awake(self) -> bool:
        return self._is_seen and self.isVisible()

    def restyle(self) -> None:
        """Take the colours of the present theme."""
        self.plot.restyle()
        self.heat.update()

    def table_text(self, separator: str = "\t") -> str:
        """Return the whole table, for a spreadsheet."""
        return self._tabulate().write(separator)

    def save(self, path: str) -> bool:
        """Write the heat map as PNG or SVG, or the table as CSV, as the path's ending says."""
        return save_figure(HeatPicture(self.heat), lambda: self.table_text(","), path)

    def wake(self, is_seen: bool) -> None:
        """Show what has changed meanwhile; while another panel lies in front, nothing is computed."""
        self._is_seen = is_seen
        if is_seen and self._is_outdated:
            self.refresh()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802  (Qt's name)
        """Bring up to date what has changed while the panel was hidden."""
        super().showEvent(event)
        if self._is_outdated:
            self.refresh()

    def _make_head(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(6)
        self.family = self._make_choice(self.tr("Which family of checkpoints"), ())
        self.figure = self._make_choice(self.tr("What the cells show"), (self.tr("Cosines"), self.tr("Shares"), self.tr("Signs")))
        self.part = self._make_choice(self.tr("Which part of the model"), (self.tr("Whole model"),))
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
        for widget, stretch in ((self.family, 3), (self.figure, 3), (self.part, 4)):
            row.addWidget(widget, stretch)
        row.addStretch(0)
        for button in (self.order, self.as_table, self.copy_button, self.save_button):
            button.setProperty("compact", True)
            row.addWidget(button)
        return row

    def _make_state(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self.state = QLabel()
        self.state.setProperty("role", "dim")
        self.state.setTextFormat(Qt.TextFormat.PlainText)
        self.state.setWordWrap(True)
        # A line is kept free for it: what comes and goes must not move the figures.
        self.state.setMinimumHeight(self.state.fontMetrics().height())
        self.again = QPushButton(self.tr("Try again"))
        self.again.clicked.connect(self.try_again_wanted)
        row.addWidget(self.state, 1)
        row.addWidget(self.again)
        return row

    def _make_choice(self, name: str, words: Sequence[str]) -> NarrowChoice:
        made = NarrowChoice(name)
        made.setMaximumWidth(_WIDEST_CHOICE)
        made.addItems(list(words))
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

    def _list_parts(self, view: FamilyView | None) -> None:
        """Offer the whole model, each layer, and under a layer its attention, MLP and norms."""
        layers = list_parts(view, "layer") if view is not None else ()
        sections = list_parts(view, "section") if view is not None else ()
        words, found = [self.tr("Whole model")], list[Part | None]([None])
        for layer in layers:
            own = [section for section in sections if section.layer == layer.title]
            words += [layer.title, *(_INDENT + section.title for section in own if len(own) > 1)]
            found += [layer, *(section for section in own if len(own) > 1)]
        if words != [self.part.itemText(row) for row in range(self.part.count())]:
            kept = self.part.currentText()
            self.part.clear()
            self.part.addItems(words)
            self.part.setCurrentIndex(max(self.part.findText(kept), 0))
        self._parts = tuple(found)

    def _tell_state(self) -> None:
        live, view = self._live, self.view
        self.again.setVisible(bool(live.message) or not live.is_on)
        self.again.setText(self.tr("Try again") if live.is_on else self.tr("Switch on"))
        if live.message and view is not None:
            text = live.message
        elif view is not None and view.is_estimate:
            text = self.tr("≈ estimated from a sample; exact figures follow") if live.is_measuring else self.tr("≈ estimated from a sample")
        else:
            text = self.tr("What is not linear is being estimated …") if live.is_measuring and view is not None else ""
        self._say(text)

    def _say(self, text: str) -> None:
        gaps = tell_gaps(self.view.gaps) if self.view is not None else ""
        absences = tell_absences(self._live.absences) if self.view is not None else ""
        self.state.setText(" · ".join(part for part in (text, gaps, absences) if part))

    def _tell_progress(self, done: int, total: int) -> None:
        if not self._is_awake():
            return
        view = self.view
        words = self.tr("reading the models: {0} of {1}")
        if view is not None and view.is_estimate:
            words = self.tr("≈ estimated from a sample · exact when all is read: {0} of {1}")
        self._say(words.format(format_bytes(done), format_bytes(total)))

    def _explain_nothing(self) -> str:
        """Say why there is nothing, and what to do."""
        live = self._live
        if not live.is_on:
            return self.tr("Live figures are switched off. Switch them on here or in the View menu.")
        if live.message:
            return live.message
        if live.is_awaited:
            return self.tr("The graph is being checked; then its checkpoints are read …")
        if live.is_measuring:
            return self.tr("The checkpoints are being read …")
        if live.missing:
            return self.tr("The checkpoints are not on this machine yet. A run downloads them; then their figures come here.")
        nothing = self.tr("Wire checkpoints of one base together, by task vectors for example: then you see here how alike they are.")
        return explain_absences(live.absences) or nothing

    def _arrange(self) -> tuple[int, ...]:
        view = self.view
        if view is None or not self.order.isChecked() or self.quantity == "conflict":
            return tuple(range(len(self._rows)))
        return cluster(make_heat_map(view, self._rows, "cosine", self._part()).values)

    def _rearrange(self) -> None:
        order = self._arrange()
        if order != self._order:
            self._order = order
            self._show_figures()

    def _part(self) -> Part | None:
        row = self.part.currentIndex()
        return self._parts[row] if 0 <= row < len(self._parts) else None

    def _in_order(self) -> tuple[Row, ...]:
        return tuple(self._rows[place] for place in self._order)

    def _follow_move(self) -> None:
        if not self._is_awake():
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
            self.table.show_lines((), ())
            return
        found = make_heat_map(view, rows, self.quantity, self._part())
        self.heat.show_square(make_square(found, self.part.currentText().strip()))
        self.plot.show_rows(view, rows, self.quantity)
        if self.as_table.isChecked():
            self._fill_table()

    def _choose_cell(self, row: int, column: int) -> None:
        rows = self._in_order()
        self.heat.choose((row, column))
        self.plot.show_pair(rows[row], rows[column])

    def _switch_table(self, is_shown: bool) -> None:
        self.views.setCurrentIndex(1 if is_shown else 0)
        self.plot.show_table(is_shown)
        if is_shown:
            self._fill_table()

    def _tabulate(self) -> Table:
        view, rows = self.view, self._in_order()
        return tabulate_rows(view, rows, self.quantity, self._part()) if view is not None and rows else Table()

    def _fill_table(self) -> None:
        found = self._tabulate()
        self.table.show_lines(found.head, found.lines)

    def _copy(self) -> None:
        """Copy the table as text and, unless the table is what is seen, the picture."""
        copy_figure(self.table_text(), None if self.as_table.isChecked() else make_image(HeatPicture(self.heat)))

    def _ask_save(self) -> None:
        kinds = self.tr("Pictures (*.svg *.png);;Tables (*.csv)")
        ask_and_save(self, self.tr("Save the similarities"), "similarity.svg", kinds, self.save)
