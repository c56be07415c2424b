"""What strength searches have measured: curves, pairs and numbers of vectors, and the button that puts the choice into the graph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QWidget

from app.canvas.connection import name_node
from app.helper_ranking import rank_for_spreadsheet, rank_in_table
from app.panels.figure_view import FigureView
from app.panels.similarity_plot import make_plot_colours
from app.panels.sweep_plot import plot_sizes, plot_tries, write_strengths
from app.session import Session
from app.strength_use import Setting, StrengthUse, find_use, is_of_same_models, use_strengths
from app.sweeps import SUBSET_MODES, Sweep
from app.widgets.curve_plot import CurvePlot
from app.widgets.narrow_button import NarrowButton
from app.widgets.pair_table import PairTable
from app.widgets.plot import Plot
from app.widgets.rank_table import RankTable
from app.widgets.table_picture import TablePicture
from app.word_table import Table
from engine.subset_scores import tabulate_pairs

_SEVERAL = 3
"""More nodes than these are not named on the button."""
_PAIR = 2


class SweepView(FigureView):
    """Show one search at a time, live while it goes on."""

    file_name = "strength.svg"

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        """Show nothing yet."""
        super().__init__(parent)
        self.plot = CurvePlot(make_plot_colours())
        self.pairs = PairTable()
        self.pairs.setAccessibleName(self.tr("Pairs of vectors"))
        self.shown.addWidget(self.plot)
        self.shown.addWidget(self.pairs)
        self.ranking = RankTable(self.tr("Helpers, the best first"))
        self.shown.addWidget(self.ranking)
        self._session = session
        self._sweeps: tuple[Sweep, ...] = ()
        self._use: StrengthUse | None = None
        self._is_following = True
        """Whether the panel comes to a search that begins to try: the user has not chosen another than the one that tries."""
        self._trying = ""
        self.views.activated.connect(self._note_choice)
        self.setAccessibleName(self.tr("Strength searches"))
        self.use_button = NarrowButton()
        self.use_button.setAccessibleName(self.tr("Use the chosen strengths"))
        self.use_button.clicked.connect(self._use_strengths)
        self.column.addWidget(self.use_button)
        session.document_changed.connect(self._offer_use)
        self.show_sweeps(())

    def follow_run(self) -> None:
        """Come to each search of the run that begins as it begins to try, until the user chooses one."""
        self._is_following, self._trying = True, ""

    def choose(self, node: str) -> bool:
        """Show what a search has measured, for the user; return whether there is anything."""
        row = self._find_search(node)
        if row >= 0:
            self.views.setCurrentIndex(row)
            self._note_choice()
            self._draw()
        return row >= 0

    def show_sweeps(self, sweeps: Sequence[Sweep], trying: str = "") -> None:
        """Show these searches in place of the others; what was looked at stays chosen, unless another search has begun to try."""
        before = self._current()
        self._sweeps = tuple(sweeps)
        self._views = tuple((number, view) for number, sweep in enumerate(sweeps) for view in _list_views(sweep))
        names = [self._name_view(sweeps[number], view) for number, view in self._views]
        if names != [self.views.itemText(row) for row in range(self.views.count())]:
            self.views.clear()
            self.views.addItems(names)
            self.views.setCurrentIndex(max(self._find_view(*before), 0) if names else -1)
        if trying not in ("", self._trying):
            self._trying = trying
            if self._is_following:
                self.views.setCurrentIndex(max(self._find_search(trying), 0))
        self.views.setVisible(len(names) > 1)
        for button in (self.copy_button, self.save_button):
            button.setEnabled(bool(names))
        self._draw()

    def restyle(self) -> None:
        """Take the colours of the present theme."""
        self.plot.restyle(make_plot_colours())
        self.pairs.restyle()

    def text(self, separator: str = "\t") -> str:
        """Return the figures that are shown, for a spreadsheet."""
        sweep, view = self._current()
        if sweep is None:
            return ""
        if view == "pairs":
            return self.pairs.text(separator)
        if view == "ranking":
            return self.ranking.text(separator)
        return _tabulate(self._make_plot(sweep, view)).write(separator)

    def drawn(self) -> CurvePlot | TablePicture:
        """Return the figure that is shown; of a table all that it holds, with its title."""
        sweep, view = self._current()
        shown = self._find_widget(view)
        return shown if isinstance(shown, CurvePlot) else TablePicture(shown, self._name_view(sweep, view) if sweep is not None else "")

    def _find_view(self, sweep: Sweep | None, view: str) -> int:
        """Return the line of a search's figure, or of any of its figures; −1 where it has none."""
        rows = [row for row, (number, kind) in enumerate(self._views) if sweep and (self._sweeps[number].node, kind) == (sweep.node, view)]
        return rows[0] if rows else self._find_search(sweep.node if sweep else "")

    def _find_search(self, node: str) -> int:
        """Return the line of what is looked at of a search, or of its first figure; −1 where it has measured nothing."""
        rows = [row for row, (number, _) in enumerate(self._views) if self._sweeps[number].node == node and self._sweeps[number].is_own]
        return self.views.currentIndex() if self.views.currentIndex() in rows else next(iter(rows), -1)

    def _note_choice(self, _row: int = 0) -> None:
        sweep, _ = self._current()
        self._is_following = sweep is not None and sweep.node == self._trying

    def _find_widget(self, view: str) -> CurvePlot | PairTable | RankTable:
        return self.pairs if view == "pairs" else self.ranking if view == "ranking" else self.plot

    def _current(self) -> tuple[Sweep | None, str]:
        chosen = self._chosen_view()
        return (self._sweeps[chosen[0]], chosen[1]) if chosen else (None, "")

    def _draw(self, _row: int = 0) -> None:
        sweep, view = self._current()
        self.shown.setCurrentWidget(self._find_widget(view))
        if sweep is None:
            self.plot.show_plot(Plot(self.tr("How figures change with the strength (λ)")))
        elif view == "pairs":
            values = tabulate_pairs(sweep.trials, len(sweep.vector_names), higher_is_better=sweep.higher_is_better)
            self.pairs.show_values(sweep.vector_names, values, is_share=sweep.is_normalized)
            self.pairs.setAccessibleDescription(self._name_view(sweep, view))
        elif view == "ranking":
            self.ranking.show_table(rank_in_table(sweep), rank_for_spreadsheet(sweep))
            self.ranking.setAccessibleDescription(self._name_view(sweep, view))
        else:
            self.plot.show_plot(self._make_plot(sweep, view))
        self._offer_use()

    def _make_plot(self, sweep: Sweep, view: str) -> Plot:
        title = self._name_view(sweep, view)
        plot = plot_sizes(sweep, title) if view == "sizes" else plot_tries(sweep, title)
        return replace(plot, short_title=self._name_search(sweep) if len(self._sweeps) > 1 else "")

    def _name_view(self, sweep: Sweep, view: str) -> str:
        """Return what of a search is shown; of several searches also which."""
        kind = self._name_kind(sweep, view)
        return kind if len(self._sweeps) == 1 else f"{self._name_search(sweep)} · {kind}"

    def _name_kind(self, sweep: Sweep, view: str) -> str:
        if view == "pairs":
            words = self.tr("Pairs, {0}") if sweep.is_normalized else self.tr("Pairs, single vectors on the diagonal")
            return words.format(_name_share(sweep))
        if view == "ranking":
            return self.tr("Who helps ‘{0}’ most").format(sweep.vector_names[0])
        if view == "sizes":
            words = self.tr("By number of vectors, {0}") if sweep.is_normalized else self.tr("By number of vectors")
            return words.format(_name_share(sweep))
        return self.tr("Figures try by try") if sweep.vector_names else self.tr("Figures by strength (λ)")

    def _name_search(self, sweep: Sweep) -> str:
        document = self._session.document if sweep.is_own else sweep.document
        return name_node(document, sweep.node) if document is not None and sweep.node in document.nodes else sweep.node

    def _offer_use(self, *_change: object) -> None:
        """Say on the button what it would do with the choice."""
        sweep, _ = self._current()
        self._use = self._find_use(sweep) if sweep is not None and sweep.choice else None
        self.use_button.setVisible(self._use is not None)
        if sweep is None or self._use is None:
            return
        self.use_button.setText(self._word_use(self._use, is_final=sweep.is_final))
        self.use_button.setToolTip(f"{self.use_button.text()}\n{self._explain_use(self._use)}")
        self.use_button.setAccessibleName(self.use_button.text())
        self.use_button.setAccessibleDescription(self._explain_use(self._use))
        self.use_button.setEnabled(not self._use.is_in_use)

    def _find_use(self, sweep: Sweep) -> StrengthUse | None:
        document = self._session.document
        is_same = sweep.document is None or is_of_same_models(document, sweep.document, sweep.node)
        return find_use(document, sweep.node, sweep.choice) if is_same and sweep.is_own else None

    def _word_use(self, use: StrengthUse, *, is_final: bool) -> str:
        if not use.settings:
            words = self.tr("Add an Apply with λ = {0}") if is_final else self.tr("Add an Apply with the best so far, λ = {0}")
            return words.format(write_strengths(use.strengths))
        strengths = write_strengths(use.strengths) if is_final else self.tr("{0}, the best so far,").format(write_strengths(use.strengths))
        nodes = list(dict.fromkeys(setting.node for setting in use.settings if not _is_neutral(setting)))
        names = [f"‘{name_node(self._session.document, node)}’" for node in nodes or [use.settings[0].node]]
        where = ", ".join(names) if len(names) <= _SEVERAL else self.tr("{0} nodes").format(len(names))
        words = self.tr("λ = {0} is in use in {1}") if use.is_in_use else self.tr("Use λ = {0} in {1}")
        return words.format(strengths, where)

    def _explain_use(self, use: StrengthUse) -> str:
        """Say what changes, node by node."""
        if not use.settings:
            return self.tr("No Apply makes the edit of this search yet: one is added beside it, with the same base and vectors.")
        document = self._session.document
        return "\n".join(
            f"{name_node(document, setting.node)}: {setting.parameter} = {_write_value(setting.value) or self.tr('1 each')}"
            for setting in use.settings
        )

    def _use_strengths(self) -> None:
        use = self._use
        if use is not None:
            step = self.tr("Use λ = {0}").format(write_strengths(use.strengths))
            self._session.apply(step, lambda document: use_strengths(document, use))


def _name_share(sweep: Sweep) -> str:
    """Return what a normalized figure is; more of it is better, of whichever metric."""
    if not sweep.is_inverted:
        return QCoreApplication.translate("SweepView", "normalized")
    return QCoreApplication.translate("SweepView", "reference’s {0} ÷ model’s").format(sweep.metric)


def _list_views(sweep: Sweep) -> tuple[str, ...]:
    if sweep.mode == "helpers":
        return ("ranking", "tries")
    if sweep.mode not in SUBSET_MODES:
        return ("tries",)
    # Two numbers of vectors make no curve.
    has_curve = sweep.mode == "subsets" and len(sweep.vector_names) > _PAIR
    return ("pairs", "sizes", "tries") if has_curve else ("pairs", "tries")


def _tabulate(plot: Plot) -> Table:
    """Return a line for each point of each curve."""
    lines = tuple((_name_place(plot, x), curve.name, f"{y:.6g}") for curve in plot.curves for x, y in curve.points)
    return Table((plot.quantity, "curve", "figure"), lines)


def _name_place(plot: Plot, place: float) -> str:
    """Return what stands for a place of the axis in a table."""
    return plot.places[int(place)] if plot.places else plot.hints.get(place, f"{place:g}")


def _is_neutral(setting: Setting) -> bool:
    return setting.value in (1.0, ())


def _write_value(value: float | tuple[float, ...]) -> str:
    return write_strengths(value) if isinstance(value, tuple) else f"{value:g}"
