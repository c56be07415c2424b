"""The plot beside the heat map: norms layer by layer, or what was chosen in the map, layer by layer."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from PySide6.QtWidgets import QComboBox, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from app.live_view import FamilyView
from app.saving import ask_and_save
from app.similarity_figures import (
    LayerCurve,
    Quantity,
    Row,
    chance_by_layer,
    conflicts_by_layer,
    cosines_by_layer,
    layer_names,
    norms_by_layer,
)
from app.theme import current_tokens, font
from app.widgets.curve_plot import CurvePlot, Plot, PlotColours, PlotCurve
from app.widgets.picture_saving import save_figure

_CHOICE_PIXELS = 100
_MOST_CURVES = 8
"""More can't be told apart."""


class SimilarityPlot(QWidget):
    """Show curves over the layers."""

    def __init__(self, parent: QWidget | None = None) -> None:
        """Show nothing yet."""
        super().__init__(parent)
        self._view: FamilyView | None = None
        self._rows: tuple[Row, ...] = ()
        self._quantity: Quantity = "cosine"
        self._pair: tuple[str, str] | None = None
        self._plot = Plot("")
        self.kind = QComboBox()
        self.kind.setAccessibleName(self.tr("What the plot shows"))
        self.kind.addItems([self.tr("Norm of τ by layer"), self.tr("The chosen cell by layer")])
        self.kind.activated.connect(self._draw)
        self.kind.setMinimumWidth(_CHOICE_PIXELS)
        self.save_button = QPushButton(self.tr("Save plot…"))
        self.save_button.clicked.connect(self._ask_save)
        self.curves = CurvePlot(make_plot_colours())
        self.curves.setFont(font("text"))
        head = QHBoxLayout()
        head.addWidget(self.kind)
        head.addStretch(1)
        head.addWidget(self.save_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(head)
        layout.addWidget(self.curves, 1)
        self.show_nothing()

    def show_rows(self, view: FamilyView, rows: Sequence[Row], quantity: Quantity) -> None:
        """Show these lines of a heat map."""
        self._view, self._rows, self._quantity = view, tuple(rows), quantity
        self._draw()

    def show_pair(self, first: Row, second: Row) -> None:
        """Show one cell layer by layer; of the diagonal, the line's norm."""
        self._pair = (first.name, second.name)
        self.kind.setCurrentIndex(1)
        self._draw()

    def show_nothing(self) -> None:
        """Show no curve."""
        self._view, self._rows, self._pair = None, (), None
        self.kind.setCurrentIndex(0)
        self._draw()

    def restyle(self) -> None:
        """Take the colours of the present theme."""
        self.curves.restyle(make_plot_colours())

    def table_text(self) -> str:
        """Return the curves as CSV, a line for each layer."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["layer", *(curve.name for curve in self._plot.curves)])
        heights = [dict(curve.points) for curve in self._plot.curves]
        for place, name in enumerate(self._plot.places):
            writer.writerow([name, *(each.get(place, "") for each in heights)])
        return text.getvalue()

    def save(self, path: str) -> bool:
        """Write the plot as PNG or SVG, or its figures as CSV, as the path's ending says."""
        return save_figure(self.curves, self.table_text, path)

    def _draw(self, _row: int = 0) -> None:
        view = self._view
        self.save_button.setEnabled(view is not None)
        self.kind.setEnabled(view is not None)
        if view is None:
            self._plot = Plot(self.tr("Norm of τ by layer"), empty=self.tr("nothing measured yet"))
        elif self.kind.currentIndex() == 0:
            self._plot = self._plot_norms(view, self._rows)
        else:
            self._plot = self._plot_pair(view)
        self.curves.show_plot(self._plot)

    def _plot_norms(self, view: FamilyView, rows: Sequence[Row]) -> Plot:
        known = [row for row in rows if view.figures.is_known[row.index]]
        shown = known[:_MOST_CURVES]
        title = self.tr("‖τ‖ by layer")
        if len(known) > len(shown):
            title = self.tr("‖τ‖ by layer, the first {0} of {1}").format(len(shown), len(known))
        return Plot(title, _as_curves(norms_by_layer(view, shown)), places=_shorten(layer_names(view)))

    def _plot_pair(self, view: FamilyView) -> Plot:
        found = self._find_pair()
        places = _shorten(layer_names(view))
        if found is None:
            return Plot(self.tr("The chosen cell by layer"), places=places, empty=self.tr("click a cell of the heat map"))
        first, second = found
        if self._quantity == "conflict":
            title = self.tr("Exactly 0, by layer") if first == second else self.tr("Sign conflicts by layer")
            return Plot(title, _as_curves([conflicts_by_layer(view, first, second)]), places=places)
        if first == second:
            return self._plot_norms(view, [first])
        band = tuple(enumerate(map(float, chance_by_layer(view))))
        title = self.tr("Cosine by layer; grey: could be chance")
        return Plot(title, _as_curves([cosines_by_layer(view, first, second)]), places=places, band=band)

    def _find_pair(self) -> tuple[Row, Row] | None:
        rows = {row.name: row for row in self._rows}
        if self._pair is None or not all(name in rows for name in self._pair):
            return None
        return rows[self._pair[0]], rows[self._pair[1]]

    def _ask_save(self) -> None:
        kinds = self.tr("Pictures (*.svg *.png);;Tables (*.csv)")
        ask_and_save(self, self.tr("Save the plot"), "layers.svg", kinds, self.save)


def make_plot_colours() -> PlotColours:
    """Return the colours of plots in the present theme."""
    colours = current_tokens()
    curves = (colours.vector, colours.checkpoint, colours.metrics, colours.accent, colours.ok, colours.error)
    return PlotColours(colours.background, colours.line, colours.text, colours.dim, curves)


def _as_curves(found: Sequence[LayerCurve]) -> tuple[PlotCurve, ...]:
    most = len(make_plot_colours().curves)
    return tuple(PlotCurve(curve.name, tuple(enumerate(curve.values)), number >= most) for number, curve in enumerate(found))


def _shorten(layers: Sequence[str]) -> tuple[str, ...]:
    """Return the numbers of layers alone, where all layers are of one stack."""
    stacks = {name.rpartition(" ")[0] for name in layers if name.rpartition(" ")[2].isdigit()}
    return tuple(name.rpartition(" ")[2] for name in layers) if len(stacks) <= 1 else tuple(layers)
