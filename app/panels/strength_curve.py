"""The curve of a search beside the slider: how the figures changed with the strength, and where the slider stands."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.analogy_roles import find_searches
from app.canvas.connection import name_node
from app.panels.similarity_plot import make_plot_colours
from app.report_figures import Sweep
from app.session import Session
from app.theme import font
from app.widgets.curve_plot import CurvePlot, Plot, PlotCurve
from app.widgets.presence import show_where_owned
from engine.document.model import Document, NodeId

_PIXELS = 150


class StrengthCurve(QWidget):
    """Show the curves of the search over the same vector; nothing while none has run."""

    def __init__(self, session: Session, node: NodeId, sweeps: Sequence[Sweep], parent: QWidget | None = None) -> None:
        """Follow the strength of an Apply node, or show what a search node found."""
        super().__init__(parent)
        self._session = session
        self._node = node
        self._sweeps = tuple(sweeps)
        self.plot = CurvePlot(make_plot_colours())
        self.plot.setFont(font("text"))
        self.plot.setFixedHeight(_PIXELS)
        self.setAccessibleName(self.tr("Figures by strength"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.plot)
        session.document_changed.connect(self._follow)
        self._show()

    def show_sweeps(self, sweeps: Sequence[Sweep]) -> None:
        """Show the curve of other searches."""
        self._sweeps = tuple(sweeps)
        self._show()

    def _follow(self, _before: Document, _after: Document) -> None:
        self._show()

    def _show(self) -> None:
        document = self._session.document
        sweep = find_sweep(document, self._node, self._sweeps)
        show_where_owned(self, sweep is not None)
        if sweep is None:
            self.plot.show_plot(Plot(self.tr("Figures by strength (λ)")))
            return
        words = self.tr("‘{0}’, last run") if sweep.is_final else self.tr("‘{0}’, stopped")
        title = words.format(name_node(document, NodeId(sweep.title)))
        curves = tuple(PlotCurve(curve.name, curve.points, curve.is_control) for curve in sweep.curves)
        strength = read_strength(document, self._node)
        if math.isnan(strength):
            words = self.tr("chosen λ = {0:g}") if sweep.is_final else self.tr("best so far λ = {0:g}")
            self.plot.show_plot(Plot(title, curves, sweep.chosen, words.format(sweep.chosen), sweep.limit))
        else:
            self.plot.show_plot(Plot(title, curves, strength, self.tr("λ = {0:g}").format(strength), sweep.limit))


def find_sweep(document: Document, node: NodeId, sweeps: Sequence[Sweep]) -> Sweep | None:
    """Return the curves of the search that a node is, or of one that tries the same vector as an Apply adds."""
    if node not in document.nodes:
        return None
    makers = [wire.source.node for wire in document.wires_into(node, "vector")]
    searches = [node, *(search for maker in makers for search in find_searches(document, maker))]
    known = {sweep.title: sweep for sweep in sweeps if sweep.curves}
    return next((known[search] for search in searches if search in known and _tries_one(document, search)), None)


def read_strength(document: Document, node: NodeId) -> float:
    """Return the strength that an Apply node has; NaN for other nodes, whose strength is chosen."""
    own = document.nodes[node]
    value = own.parameters.get("strength", 1) if own.operation == "apply" else math.nan
    return float(value) if isinstance(value, int | float) else math.nan


def _tries_one(document: Document, search: NodeId) -> bool:
    """Tell whether a search tries one strength at a time, so that its curve runs over strengths."""
    return search in document.nodes and document.nodes[search].parameters.get("strengths", "one") == "one"
