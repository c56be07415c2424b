"""The angles that a run's report tells: cosines, sign conflicts and norms by layer, as they were when it ran."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
from PySide6.QtWidgets import QWidget

from app.panels.figure_view import FigureView
from app.panels.similarity_plot import make_plot_colours
from app.panels.similarity_square import explain_chance, write_limit
from app.report_angles import Angles, Rows
from app.widgets.curve_plot import CurvePlot
from app.widgets.heat_map import HeatMapPlot, HeatSquare
from app.widgets.plot import Plot, PlotCurve
from app.word_table import Table
from engine.similarity.geometry import chance_limit


class AngleView(FigureView):
    """Show one figure of a report's Similarity nodes at a time."""

    file_name = "angles.svg"

    def __init__(self, parent: QWidget | None = None) -> None:
        """Show nothing yet."""
        super().__init__(parent)
        self.heat = HeatMapPlot(HeatSquare(self.tr("Cosines")))
        self.curves = CurvePlot(make_plot_colours())
        self.shown.addWidget(self.heat)
        self.shown.addWidget(self.curves)
        self._angles: tuple[Angles, ...] = ()
        self.setAccessibleName(self.tr("Angles of the vectors"))

    def show_angles(self, angles: Sequence[Angles]) -> None:
        """Show the figures of these Similarity nodes in place of the others."""
        self._angles = tuple(angles)
        self._views = tuple((number, view) for number, each in enumerate(angles) for view in _list_views(each))
        self.views.clear()
        self.views.addItems([self._name_view(number, view) for number, view in self._views])
        self._draw()

    def restyle(self) -> None:
        """Take the colours of the present theme."""
        self.curves.restyle(make_plot_colours())

    def text(self, separator: str = "\t") -> str:
        """Return the figures that are shown, for a spreadsheet."""
        found, view = self._current()
        if found is None:
            return ""
        rows, titles = (found.layer_norms, found.layers) if view == "layers" else (_pick(found, view), found.names)
        lines = tuple((title, *map(str, row)) for title, row in zip(titles, rows, strict=True))
        return Table(("layer" if view == "layers" else "vector", *found.names), lines).write(separator)

    def drawn(self) -> HeatMapPlot | CurvePlot:
        """Return the figure that is shown."""
        return self.heat if self.shown.currentWidget() is self.heat else self.curves

    def _current(self) -> tuple[Angles | None, str]:
        chosen = self._chosen_view()
        return (self._angles[chosen[0]], chosen[1]) if chosen else (None, "")

    def _draw(self, _row: int = 0) -> None:
        found, view = self._current()
        if found is None:
            self.heat.show_message("")
        elif view == "layers":
            columns = list(zip(*found.layer_norms, strict=True))
            curves = tuple(PlotCurve(name, tuple(enumerate(column))) for name, column in zip(found.names, columns, strict=True))
            self.curves.show_plot(Plot(self.tr("‖τ‖ by layer"), curves, places=found.layers))
        else:
            self.heat.show_square(self._make_square(found, view))
        self.shown.setCurrentWidget(self.curves if view == "layers" else self.heat)

    def _make_square(self, found: Angles, view: str) -> HeatSquare:
        tell = partial(self._tell_cell, found, view)
        if view == "cosines":
            limit = chance_limit(found.entries)
            return HeatSquare(self.tr("Cosines"), found.names, np.array(found.cosines), band=limit, legend=write_limit(limit), tell=tell)
        legend = self.tr("50 %: as by chance · on the diagonal: entries that are exactly 0")
        return HeatSquare(
            self.tr("Sign conflicts"),
            found.names,
            np.array(found.conflicts),
            is_signed=False,
            legend=legend,
            has_own_diagonal=True,
            tell=tell,
        )

    def _tell_cell(self, found: Angles, view: str, row: int, column: int) -> str:
        value = _pick(found, view)[row][column]
        if row == column:
            return self.tr("{0}\n‖τ‖ = {1:.4g}").format(found.names[row], found.norms[row])
        figure = self.tr("cosine {0:.4f}").format(value) if view == "cosines" else self.tr("signs differ in {0:.2%}").format(value)
        figure += explain_chance(value, found.entries) if view == "cosines" else ""
        return f"{found.names[row]} · {found.names[column]}\n{figure}"

    def _name_view(self, number: int, view: str) -> str:
        titles = {"cosines": self.tr("Cosines"), "conflicts": self.tr("Sign conflicts"), "layers": self.tr("‖τ‖ by layer")}
        return titles[view] if len(self._angles) == 1 else f"{self._angles[number].name}: {titles[view]}"


def _list_views(found: Angles) -> Iterator[str]:
    yield from ("cosines", "conflicts")
    if found.layers:
        yield "layers"


def _pick(found: Angles, view: str) -> Rows:
    return found.cosines if view == "cosines" else found.conflicts
