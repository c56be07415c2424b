"""The curve of a search beside the slider: how the figures changed with the strength, and where the slider stands."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from app.canvas.connection import name_node
from app.live_view import LiveView
from app.node_parameter import NodeParameter
from app.panels.similarity_plot import make_plot_colours
from app.panels.sweep_plot import draw_curves, plot_tries
from app.parameter_words import parameter_title
from app.session import Session
from app.strength_tracks import StrengthTracks, Track
from app.sweeps import Sweep, tell_score
from app.theme import font
from app.widgets.curve_plot import CurvePlot
from app.widgets.plot import Plot, PlotCurve
from app.widgets.presence import show_where_owned
from engine.document.model import Document

_PIXELS = 150
_SLIDERS = (("apply", "strength"), ("scale", "factor"), ("add", "weights"), ("interpolate", "amount"))
_SEARCH = ("strength_search", "step")


def has_curve(parameter: NodeParameter) -> bool:
    """Tell whether a search can have measured what a parameter does."""
    return parameter.declared in {*_SLIDERS, _SEARCH}


class StrengthCurve(QWidget):
    """Show what a search has measured of the models that a parameter makes; nothing while none has."""

    def __init__(self, session: Session, parameter: NodeParameter, live: LiveView | None = None, parent: QWidget | None = None) -> None:
        """Follow a number of the document, or show what a search node found."""
        super().__init__(parent)
        self._session = session
        self._live = live
        self._parameter = parameter
        self._sweeps: tuple[Sweep, ...] = ()
        self._tracks: StrengthTracks | None = None
        self.plot = CurvePlot(make_plot_colours())
        self.plot.setFont(font("text"))
        self.plot.setFixedHeight(_PIXELS)
        self.setAccessibleName(self.tr("Figures by strength"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        layout.addWidget(self.plot)
        self.note = QLabel()
        self.note.setProperty("role", "dim")
        self.note.setTextFormat(Qt.TextFormat.PlainText)
        self.note.setWordWrap(True)
        layout.addWidget(self.note)
        session.document_changed.connect(self._follow)
        if live is not None:
            live.model_changed.connect(self._show)
        self._show()

    def show_sweeps(self, sweeps: Sequence[Sweep]) -> None:
        """Show the curve of other searches; of what has changed since they ran nothing is told but beside the searches themselves."""
        self._sweeps = tuple(sweeps)
        self._show()

    def _follow(self, _before: Document, _after: Document) -> None:
        self._show()

    def _show(self) -> None:
        plot, note = self._make_plot()
        show_where_owned(self, plot is not None)
        self.plot.show_plot(plot or Plot(self.tr("Figures by strength (λ)")))
        self.note.setText(note)
        self.note.setVisible(bool(note))

    def _make_plot(self) -> tuple[Plot | None, str]:
        """Return what there is to show, and what has to be said of it."""
        document, node = self._session.document, self._parameter.node
        if node not in document.nodes:
            return None, ""
        if self._parameter.declared == _SEARCH:
            own = next((sweep for sweep in self._sweeps if sweep.node == node and sweep.curves and sweep.mode == "one"), None)
            return (self._plot_search(own) if own is not None else None), ""
        tracks = self._find_tracks(document)
        if not tracks:
            return None, ""
        model = name_node(document, tracks[0].model)
        if tracks[0].number.index is not None:
            words = self.tr("Mean figure of ‘{0}’ by each weight, the others as they are: {1}.")
            return self._plot_weights(tracks), words.format(model, tell_score(tracks[0].sweep))
        return self._plot_number(tracks[0]), self.tr("Figures of ‘{0}’.").format(model) if tracks[0].model != node else ""

    def _find_tracks(self, document: Document) -> tuple[Track, ...]:
        """Return what was measured along the parameter, by searches over what is still as it was then."""
        model = self._live.structure if self._live is not None else None
        if model is None or not self._sweeps:
            return ()
        if self._tracks is None or self._tracks.model is not model:
            self._tracks = StrengthTracks(model)
        return self._tracks.find(document, self._parameter, self._sweeps)

    def _plot_search(self, sweep: Sweep) -> Plot:
        """Draw the search beside which it stands: it need not be named."""
        title = self.tr("Figures of the last run") if sweep.is_final else self.tr("Figures of the stopped run")
        return plot_tries(sweep, title)

    def _plot_number(self, track: Track) -> Plot:
        named = parameter_title(track.number.parameter)
        quantity = "λ" if "λ" in named else named.lower()
        value = track.number.read(self._session.document)
        mark = f"{quantity} = {value:g}"
        return Plot(self._name(track.sweep), draw_curves(track.curves), value, mark, track.sweep.limit, quantity=quantity)

    def _plot_weights(self, tracks: Sequence[Track]) -> Plot:
        """Draw a curve for each vector: what its weight does, the others as they are."""
        document = self._session.document
        names = dict(enumerate(name_node(document, wire.source.node) for wire in document.wires_into(self._parameter.node)))
        curves = tuple(PlotCurve(names.get(track.number.index or 0, ""), track.scores) for track in tracks)
        return Plot(self._name(tracks[0].sweep), curves, quantity=self.tr("weight"))

    def _name(self, sweep: Sweep) -> str:
        words = self.tr("‘{0}’, last run") if sweep.is_final else self.tr("‘{0}’, stopped")
        return words.format(name_node(self._session.document, sweep.node))
