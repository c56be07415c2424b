"""The small map of one analogy in the inspector: A is to B as C is to D, drawn as its parallelogram."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from app.live_view import LiveView
from app.map_drawing import draw_analogy
from app.session import Session
from app.widgets.map_plot import MapPlot
from app.widgets.map_scene import MapScene, tell_parallelogram
from app.widgets.presence import show_where_owned
from engine.document.model import NodeId


class AnalogyMap(QWidget):
    """Show an analogy's map while the figures of its corners are known, and nothing else."""

    def __init__(self, session: Session, live: LiveView, node: NodeId, parent: QWidget | None = None) -> None:
        """Follow the live figures of one analogy node."""
        super().__init__(parent)
        self._session = session
        self._live = live
        self._node = node
        self.setAccessibleName(self.tr("Map of the analogy"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        self.plot = MapPlot(is_small=True)
        self.plot.setFixedHeight(self.plot.sizeHint().height())
        self.plot.setAccessibleName(self.tr("A, B, C and D in weight space"))
        self.figures = QLabel()
        self.figures.setTextFormat(Qt.TextFormat.PlainText)
        self.figures.setWordWrap(True)
        self.figures.setProperty("role", "dim")
        layout.addWidget(self.plot)
        layout.addWidget(self.figures)
        live.model_changed.connect(self._draw)
        live.moved.connect(self._draw)
        self._draw()

    def _draw(self) -> None:
        found = (draw_analogy(view, self._session.document, self._node) for view in self._live.families)
        scene = next((scene for scene in found if scene is not None), None)
        show_where_owned(self, scene is not None)
        if scene is not None:
            self.plot.show_scene(scene, self._caption(scene))
            told = "\n".join(filter(None, (tell_parallelogram(shape) for shape in scene.parallelograms)))
            self.figures.setText(told)
            self.figures.setVisible(bool(told))

    def _caption(self, scene: MapScene) -> str:
        if scene.has_estimates:
            return self.tr("Weight-space map (estimated distances)")
        if scene.shown_share >= 1:
            return self.tr("Weight-space map (exact distances)")
        return self.tr("Map of {1} models ({0} of their variance)").format(scene.shown_text, scene.models)
