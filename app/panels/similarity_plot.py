"""The plot beside the heat map: norms part by part, or what was chosen in the map, part by part; and the same as a table."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QWidget

from app.live_view import FamilyView
from app.panels.figure_view import FigureView
from app.similarity_choice import choose_rows
from app.similarity_figures import (
    PartCurve,
    Quantity,
    Row,
    chance_by_part,
    conflicts_by_part,
    cosines_by_part,
    magnitude_curves,
    norms_by_part,
)
from app.similarity_parts import GRAINS, Grain, list_parts
from app.similarity_tables import tabulate_curves, tabulate_magnitudes
from app.theme import current_tokens, font
from app.widgets.curve_plot import CurvePlot
from app.widgets.figure_table import FigureTable
from app.widgets.plot import Plot, PlotColours, PlotCurve
from app.word_table import Table

_MOST_CURVES = 8
"""More can't be told apart."""
_KINDS = ("norm", "pair")


class SimilarityPlot(FigureView):
    """Show curves over the parts of the model."""

    file_name = "layers.svg"

    def __init__(self, parent: QWidget | None = None) -> None:
        """Show nothing yet."""
        super().__init__(parent)
        self._view: FamilyView | None = None
        self._rows: tuple[Row, ...] = ()
        self._quantity: Quantity = "cosine"
        self._pair: tuple[str, str] | None = None
        self._plot, self._table = Plot(""), Table()
        self.curves = CurvePlot(make_plot_colours())
        self.curves.setFont(font("text"))
        self.table = FigureTable(self.tr("The plot as a table"))
        self.shown.addWidget(self.curves)
        self.shown.addWidget(self.table)
        self._views = (*((number, kind) for kind in _KINDS for number in range(len(GRAINS))), (0, "magnitude"))
        self.views.addItems([self._name_view(GRAINS[number], kind) for number, kind in self._views])
        self.show_nothing()

    def show_rows(self, view: FamilyView, rows: Sequence[Row], quantity: Quantity) -> None:
        """Show these lines of a heat map."""
        self._view, self._rows, self._quantity = view, tuple(rows), quantity
        self._draw()

    def show_pair(self, first: Row, second: Row) -> None:
        """Show one cell part by part; of the diagonal, the line's norm."""
        self._pair = (first.name, second.name)
        grain, _ = self._views[max(self.views.currentIndex(), 0)]
        self.views.setCurrentIndex(self._views.index((grain, "pair")))
        self._draw()

    def show_nothing(self) -> None:
        """Show no curve."""
        self._view, self._rows, self._pair = None, (), None
        self.views.setCurrentIndex(0)
        self._draw()

    def show_table(self, is_shown: bool) -> None:
        """Show the curves as a table, or as curves."""
        self.shown.setCurrentWidget(self.table if is_shown else self.curves)
        self._fill_table()

    def restyle(self) -> None:
        """Take the colours of the present theme."""
        self.curves.restyle(make_plot_colours())

    def text(self, separator: str = "\t") -> str:
        """Return the curves, of all lines, a line for each part."""
        return self._table.write(separator)

    def drawn(self) -> CurvePlot:
        """Return the plot, also while its table is shown."""
        return self.curves

    def _name_view(self, grain: Grain, kind: str) -> str:
        words = {"norm": self.tr("‖τ‖ {0}"), "pair": self.tr("Chosen cell {0}"), "magnitude": self.tr("Sizes of single changes")}
        return words[kind].format(self._name_grain(grain))

    def _name_grain(self, grain: Grain) -> str:
        return {"layer": self.tr("by layer"), "section": self.tr("by attention, MLP, norm"), "tensor": self.tr("by tensor")}[grain]

    def _draw(self, _row: int = 0) -> None:
        view = self._view
        for widget in (self.views, self.copy_button, self.save_button):
            widget.setEnabled(view is not None)
        if view is None:
            self._plot, self._table = Plot(self.views.currentText(), empty=self.tr("nothing measured yet")), Table()
        else:
            number, kind = self._chosen_view() or (0, "norm")
            if kind == "magnitude":
                found = self._plot_magnitudes(view)
            else:
                found = self._plot_norms(view, GRAINS[number]) if kind == "norm" else self._plot_pair(view, GRAINS[number])
            self._plot, self._table = found
        self.curves.show_plot(self._plot)
        self._fill_table()

    def _fill_table(self) -> None:
        if self.shown.currentWidget() is self.table:
            self.table.show_lines(self._table.head, self._table.lines)

    def _plot_norms(self, view: FamilyView, grain: Grain, rows: Sequence[Row] | None = None) -> tuple[Plot, Table]:
        known = [row for row in (self._rows if rows is None else rows) if view.figures.is_known[row.index]]
        found = norms_by_part(view, known, grain)
        title = self._name_view(grain, "norm")
        if len(known) > _MOST_CURVES:
            title = self.tr("{0}: {1} of {2}, all in the table").format(title, _MOST_CURVES, len(known))
        return self._make_plot(view, grain, title, self._choose(view, known, found)), tabulate_curves(view, grain, found)

    def _plot_magnitudes(self, view: FamilyView) -> tuple[Plot, Table]:
        sizes, found = magnitude_curves(view, self._rows)
        title = self.tr("Share of entries by the size of their change")
        counted = [row for row in self._rows if row.column is not None]
        return Plot(title, as_curves(self._choose(view, counted, found)), places=sizes), tabulate_magnitudes(sizes, found)

    def _plot_pair(self, view: FamilyView, grain: Grain) -> tuple[Plot, Table]:
        pair = self._find_pair()
        if pair is None:
            return Plot(self._name_view(grain, "pair"), empty=self.tr("click a cell of the heat map")), Table()
        first, second = pair
        how = self._name_grain(grain)
        if self._quantity == "conflict":
            title = (self.tr("Exactly 0, {0}") if first == second else self.tr("Sign conflicts, {0}")).format(how)
            found = conflicts_by_part(view, first, second, grain)
            return self._make_plot(view, grain, title, [found]), tabulate_curves(view, grain, [found])
        if first == second:
            return self._plot_norms(view, grain, [first])
        found = cosines_by_part(view, first, second, grain)
        chance = chance_by_part(view, grain)
        title = self.tr("Cosine {0}; grey: ±1/√d").format(how)
        return self._make_plot(view, grain, title, [found], tuple(enumerate(chance))), tabulate_curves(view, grain, [found], chance)

    def _make_plot(
        self, view: FamilyView, grain: Grain, title: str, found: Sequence[PartCurve], band: tuple[tuple[float, float], ...] = ()
    ) -> Plot:
        title = f"≈ {title}" if any(curve.errors for curve in found) else title
        titles = [part.title for part in list_parts(view, grain)]
        return Plot(title, as_curves(found), places=shorten_titles(titles), apart=_find_apart(titles), band=band)

    def _choose(self, view: FamilyView, rows: Sequence[Row], found: Sequence[PartCurve]) -> list[PartCurve]:
        """Return the curves that are drawn, of those of some lines."""
        names = {row.name for row in choose_rows(view.space.family, rows, _MOST_CURVES, self._pair or ())}
        return [curve for curve in found if curve.name in names]

    def _find_pair(self) -> tuple[Row, Row] | None:
        rows = {row.name: row for row in self._rows}
        if self._pair is None or not all(name in rows for name in self._pair):
            return None
        return rows[self._pair[0]], rows[self._pair[1]]


def make_plot_colours() -> PlotColours:
    """Return the colours of plots in the present theme."""
    colours = current_tokens()
    curves = (colours.vector, colours.checkpoint, colours.metrics, colours.accent, colours.ok, colours.error)
    return PlotColours(colours.background, colours.line, colours.text, colours.dim, curves)


def as_curves(found: Sequence[PartCurve]) -> tuple[PlotCurve, ...]:
    """Return figures part by part as curves of a plot; those beyond the colours are dashed."""
    most = len(make_plot_colours().curves)
    return tuple(PlotCurve(curve.name, tuple(enumerate(curve.values)), number >= most, curve.errors) for number, curve in enumerate(found))


def _find_apart(titles: Sequence[str]) -> frozenset[int]:
    """Return the places that do not go on from the one before: only layers of one stack are in a row."""
    stacks = [title.rpartition(" ")[0] if title.rpartition(" ")[2].isdigit() else None for title in titles]
    return frozenset(place for place, stack in enumerate(stacks) if stack is None or place == 0 or stacks[place - 1] != stack)


def shorten_titles(titles: Sequence[str]) -> tuple[str, ...]:
    """Return the titles of parts without the name of the stack, where all layers are of one stack."""
    numbers = [title.partition(" · ")[0] for title in titles]
    stacks = {name.rpartition(" ")[0] for name in numbers if name.rpartition(" ")[2].isdigit()}
    if len(stacks) > 1:
        return tuple(titles)
    stack = next(iter(stacks), "")
    return tuple(title.removeprefix(f"{stack} ") if stack else title for title in titles)
