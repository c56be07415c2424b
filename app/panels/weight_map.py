"""The weight map panel: where the graph's models lie, and how far from one another."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractButton,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from app.live_absences import explain_absences, tell_absences
from app.live_gaps import tell_gaps
from app.live_view import FamilyView, LiveView
from app.map_drawing import draw_family
from app.map_tables import tabulate_analogies, tabulate_paths
from app.panels.path_plots import PathSide, choose_colours, list_sides, plot_side
from app.saving import ask_and_save
from app.session import Session
from app.theme import font
from app.widgets.clipboard import copy_figure
from app.widgets.curve_plot import CurvePlot
from app.widgets.figure_table import FigureTable
from app.widgets.map_plot import MapPlot
from app.widgets.map_scene import MapHandle, MapScene, Place, tell_ends, tell_parallelogram
from app.widgets.map_table import MapTable, write_table
from app.widgets.narrow_choice import NarrowChoice
from app.widgets.narrow_label import NarrowLabel
from app.widgets.picture_saving import make_image, save_figure, save_picture
from app.widgets.plot import Plot
from engine.document.model import NodeId
from engine.planning.coefficient import Symbol

_KEY_STEP = 0.01
_FINEST = 4
"""Decimals of a number that is dragged, at most."""
_SIDE_WIDTH = 300
_COLUMN_PIXELS = 130
_NAME_PIXELS = 150


class WeightMapPanel(QWidget):
    """Show one family of checkpoints as a map, and as a table."""

    reveal_wanted = Signal(str)
    """The user wants to see this node on the canvas."""

    def __init__(self, session: Session, live: LiveView, parent: QWidget | None = None) -> None:
        """Follow the live figures; nothing is drawn while nobody looks."""
        super().__init__(parent)
        self._session = session
        self._live = live
        self._progress = (0, 0)
        self._is_seen = True
        self._is_outdated = False
        self.setAccessibleName(self.tr("Weight map"))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 8, 14, 10)
        layout.setSpacing(16)
        layout.addLayout(self._make_map(), 5)
        layout.addLayout(self._make_side(), 3)
        live.model_changed.connect(self._follow_model)
        live.moved.connect(self._follow_numbers)
        live.progressed.connect(self._follow_progress)
        self._follow_model()

    @property
    def view(self) -> FamilyView | None:
        """Return the family that is shown."""
        row = self.families.currentIndex()
        return self._live.families[row] if 0 <= row < len(self._live.families) else None

    def restyle(self) -> None:
        """Take the colours of the present theme."""
        self._draw_side()
        self.map.update()

    def wake(self, is_seen: bool) -> None:
        """Draw what has changed meanwhile; while another panel lies in front, nothing is drawn."""
        self._is_seen = is_seen
        if is_seen and self._is_outdated:
            self._draw()

    def _make_map(self) -> QVBoxLayout:
        column = QVBoxLayout()
        head = QHBoxLayout()
        self.families = QComboBox()
        self.families.setAccessibleName(self.tr("Which family of models"))
        self.families.activated.connect(self._choose_family)
        self.map = MapPlot()
        self.fit = self._make_button(self.tr("Fit"), self.tr("Show the whole map (F)"), self.map.fit)
        self.copy = self._make_button(self.tr("Copy"), self.tr("Copy the map as a picture and its distances as a table"), self._copy)
        self.save_map = self._make_button(self.tr("Save map…"), self.tr("Save the map as PNG or SVG"), self._save_map)
        self.state = NarrowLabel()
        self.state.setProperty("role", "dim")
        head.addWidget(self.families)
        head.addWidget(self.state, 1)
        for button in (self.fit, self.copy, self.save_map):
            head.addWidget(button)
        self.map.setAccessibleName(self.tr("Map of the models’ weights"))
        self.map.dragged.connect(self._drag)
        self.map.nudged.connect(self._nudge)
        self.map.drag_cancelled.connect(self._set)
        self.map.opened.connect(self._reveal)
        self.gaps = self._make_lines(self.tr("What the map leaves out"))
        column.addLayout(head)
        column.addWidget(self.gaps)
        column.addWidget(self.map, 1)
        return column

    def _make_side(self) -> QVBoxLayout:
        column = QVBoxLayout()
        head = QHBoxLayout()
        self.sides = NarrowChoice(self.tr("What to show beside the map"))
        self.sides.addItem(self.tr("Distances"))
        self.sides.activated.connect(self._draw_side)
        self.copy_side = self._make_button(self.tr("Copy"), self.tr("Copy what is beside the map"), self._copy_side)
        self.save_side = self._make_button(self.tr("Save…"), self.tr("Save what is beside the map: a curve, or a table"), self._save_side)
        self.copy_side.setAccessibleName(self.tr("Copy what is beside the map"))
        self.save_side.setAccessibleName(self.tr("Save what is beside the map"))
        for widget, stretch in ((self.sides, 1), (self.copy_side, 0), (self.save_side, 0)):
            widget.setProperty("compact", True)
            head.addWidget(widget, stretch)
        self.table = MapTable(self)
        self.distances = self._make_distances()
        self.curves = CurvePlot(choose_colours(Plot("")))
        self.pages = QStackedWidget()
        self.pages.addWidget(self.distances)
        self.pages.addWidget(self.curves)
        self.residuals = FigureTable(self.tr("Analogies against their true answers"))
        self.pages.addWidget(self.residuals)
        self.analogies = QLabel()
        self.analogies.setWordWrap(True)
        self.analogies.setAccessibleName(self.tr("Analogies against their true answers"))
        self.ends = self._make_lines(self.tr("How alike the trainings end"))
        column.addLayout(head)
        column.addWidget(self.pages, 1)
        column.addWidget(self.ends)
        column.addWidget(self.analogies)
        return column

    def _make_lines(self, name: str) -> QLabel:
        """Return a label that shows all of its words, in as many lines as they take, and asks for no width."""
        lines = QLabel()
        lines.setTextFormat(Qt.TextFormat.PlainText)
        lines.setWordWrap(True)
        lines.setProperty("role", "dim")
        lines.setAccessibleName(name)
        policy = lines.sizePolicy()
        policy.setHorizontalPolicy(QSizePolicy.Policy.Ignored)
        lines.setSizePolicy(policy)
        return lines

    def _make_distances(self) -> QTableView:
        distances = QTableView()
        distances.setObjectName("plain")
        distances.setAccessibleName(self.tr("Distances between the models"))
        distances.setModel(self.table)
        self.table.modelReset.connect(distances.resizeColumnsToContents)
        for corner in distances.findChildren(QAbstractButton):
            corner.setAccessibleName(self.tr("Select all distances"))
        distances.setFont(font("mono"))
        distances.setShowGrid(False)
        distances.setTabKeyNavigation(False)
        distances.verticalHeader().setDefaultSectionSize(24)
        distances.horizontalHeader().setMaximumSectionSize(_COLUMN_PIXELS)
        for header in (distances.horizontalHeader(), distances.verticalHeader()):
            header.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        distances.verticalHeader().setMaximumWidth(_NAME_PIXELS)
        distances.setHorizontalScrollMode(QTableView.ScrollMode.ScrollPerPixel)
        distances.setMinimumWidth(_SIDE_WIDTH // 2)
        return distances

    def _make_button(self, text: str, help_text: str, act: Callable[[], object]) -> QPushButton:
        button = QPushButton(text)
        button.setToolTip(help_text)
        button.setAccessibleName(text)
        button.setAccessibleDescription(help_text)
        button.clicked.connect(act)
        return button

    def _follow_model(self) -> None:
        self._progress = (0, 0)
        chosen = max(self.families.currentIndex(), 0)
        names = [view.names.get(view.space.family.family.base, "") for view in self._live.families]
        self.families.clear()
        self.families.addItems([self.tr("Models of {0}").format(name) for name in names])
        self.families.setCurrentIndex(min(chosen, len(names) - 1))
        self.families.setVisible(len(names) > 1)
        self._follow_numbers()

    def _follow_numbers(self) -> None:
        if self._is_seen:
            self._draw()
        else:
            self._is_outdated = True

    def _follow_progress(self, done: int, total: int) -> None:
        self._progress = (done, total)
        if self._is_seen:
            self._tell_state()

    def _choose_family(self, _row: int) -> None:
        self._draw()
        self.map.fit()

    def _draw(self) -> None:
        self._is_outdated = False
        view, before = self.view, self.map.scene
        scene = draw_family(view, self._session.document) if view is not None else MapScene()
        if scene.points:
            self.map.show_scene(scene, self._caption(scene), self._saved_caption(scene))
        else:
            self.map.show_message(self._explain())
        self.table.show_scene(scene)
        if scene.has_estimates != before.has_estimates:
            self.distances.resizeColumnsToContents()
        self._list_sides(scene)
        self._draw_side()
        told = [line for shape in scene.parallelograms if (line := tell_parallelogram(shape))]
        # One is a sentence under the table; more are a table of their own.
        self.analogies.setText("\n".join(told))
        self.analogies.setVisible(len(told) == 1)
        for button in (self.fit, self.copy, self.save_map, self.copy_side, self.save_side):
            button.setEnabled(bool(scene.points))
        self._tell_state()

    def _caption(self, scene: MapScene) -> str:
        """Return which distances are exact, and how much of them the plane shows."""
        return f"{self._rate_distances(scene)}; {self._tell_share(scene)}"

    def _saved_caption(self, scene: MapScene) -> str:
        """Return the same without the table, which a picture does not have."""
        rated = self._rate_distances(scene) if self._has_broken() else self.tr("≈ estimated from a sample") if scene.is_estimate else ""
        shown = self._tell_share(scene)
        return f"{rated}; {shown}" if rated else f"{shown[:1].upper()}{shown[1:]}"

    def _tell_share(self, scene: MapScene) -> str:
        if scene.is_one_place:
            return self.tr("all that is known lies at one place") if scene.unknown else self.tr("all models lie at one place")
        return self.tr("the plane shows {0} of the variance of these {1} models").format(scene.shown_text, scene.models)

    def _has_broken(self) -> bool:
        return self.view is not None and bool(self.view.gaps.broken)

    def _rate_distances(self, scene: MapScene) -> str:
        if self._has_broken():
            return self.tr("Without what holds NaN or infinity")
        if scene.is_estimate:
            return self.tr("≈ estimated distances in the table")
        if scene.has_estimates:
            return self.tr("Distances in the table are exact but for those with ≈")
        return self.tr("Exact distances in the table")

    def _explain(self) -> str:
        """Return why there is no map, and what to do."""
        if not self._live.is_on:
            return self.tr("Live figures are switched off. Switch them on in the View menu to see the map.")
        if self._live.message:
            return self._live.message
        if self._live.is_awaited:
            return self.tr("The graph is being checked; then its models are read.")
        if self._live.is_measuring:
            return self.tr("Reading the models: the first figures come within seconds.")
        if self._live.missing:
            return self.tr(
                "Nothing is known of these models yet: their files are not on this machine. Run the graph, or choose local files."
            )
        nothing = self.tr(
            "Wire a base and a fine-tuned checkpoint, or a series, into a task vector: the map of their weights appears here by itself."
        )
        return explain_absences(self._live.absences) or nothing

    def _tell_state(self) -> None:
        """Say whether the figures are final."""
        scene = self.map.scene
        parts: list[str] = []
        done, total = self._progress
        if self._live.is_measuring and total:
            parts.append(self.tr("reading the models: {0:.0%}").format(done / total))
        if scene.is_estimate:
            parts.append(self.tr("≈ estimated from a sample, exact figures follow"))
        if scene.unknown:
            parts.append(self.tr("known after a run: {0}").format(", ".join(scene.unknown)))
        self.state.say(" · ".join(parts))
        self._tell_gaps()

    def _tell_gaps(self) -> None:
        """Say what is in no figure; it stays as it is while numbers move, so its lines may take room from the map."""
        told = (tell_gaps(self.view.gaps), tell_absences(self._live.absences)) if self.view is not None else ()
        text = " · ".join(part for part in told if part)
        self.gaps.setText(text)
        self.gaps.setVisible(bool(text))

    def _list_sides(self, scene: MapScene) -> None:
        titles = [self.tr("Distances"), *(side.title for side in list_sides(scene.paths))]
        if any(shape.true_name for shape in scene.parallelograms):
            titles.append(self.tr("Analogies"))
        if titles == [self.sides.itemText(row) for row in range(self.sides.count())]:
            return
        chosen = self.sides.currentText()
        self.sides.clear()
        self.sides.addItems(titles)
        self.sides.setCurrentIndex(max(self.sides.findText(chosen), 0))

    def _find_side(self) -> PathSide | None:
        """Return the curves that are chosen; None for a table."""
        row, sides = self.sides.currentIndex() - 1, list_sides(self.map.scene.paths)
        return sides[row] if 0 <= row < len(sides) else None

    def _draw_side(self, _row: int = 0) -> None:
        side = self._find_side()
        self.ends.setText(tell_ends(self.map.scene.ends))
        self.ends.setVisible(side is not None and len(side.paths) > 1)
        if side is not None:
            plot = plot_side(side, is_estimate=self.map.scene.is_estimate)
            self.curves.restyle(choose_colours(plot))
            self.curves.show_plot(plot)
            self.pages.setCurrentWidget(self.curves)
        elif self.sides.currentIndex() > 0:
            found = tabulate_analogies(self.map.scene)
            self.residuals.show_lines(found.head, found.lines)
            self.pages.setCurrentWidget(self.residuals)
        else:
            self.pages.setCurrentWidget(self.distances)

    def _drag(self, node: NodeId, place: Place, gesture: int) -> None:
        """Set the live number of a point so that it comes as near as its arrow allows to where it is pulled."""
        view, handle = self.view, self._handle_of(node)
        if view is not None and handle is not None and handle.has_way:
            number = view.space.drag(view.values, node, Symbol(node, handle.parameter), np.array(place))
            self._set(node, round(number, self._decimals(handle)), gesture)

    def _nudge(self, node: NodeId, steps: int, gesture: int) -> None:
        handle = self._handle_of(node)
        if handle is not None:
            self._set(node, round(handle.value + steps * _KEY_STEP, _FINEST), gesture)

    def _set(self, node: NodeId, number: float, gesture: int) -> None:
        handle = self._handle_of(node)
        if handle is not None:
            self._live.set_number(node, handle.parameter, number, f"map {node}.{handle.parameter} {gesture}")

    def _decimals(self, handle: MapHandle) -> int:
        """Return as many decimals as a pixel tells apart."""
        pixels = math.dist(handle.zero, handle.one) * self.map.frame.scale
        return min(max(math.ceil(math.log10(max(pixels, 1.0))), 1), _FINEST)

    def _handle_of(self, node: NodeId) -> MapHandle | None:
        number = self.map.scene.find(node)
        return self.map.scene.points[number].handle if number is not None else None

    def _reveal(self, node: NodeId) -> None:
        if node in self._session.document.nodes:
            self.reveal_wanted.emit(str(node))

    def _copy(self) -> None:
        copy_figure(write_table(self.map.scene), make_image(self.map))

    def _save_map(self) -> None:
        kinds = self.tr("Pictures (*.png *.svg)")
        ask_and_save(self, self.tr("Save the map"), "weight-map.svg", kinds, lambda path: save_picture(self.map, path))

    def side_text(self, separator: str = "\t") -> str:
        """Return what is beside the map, for a spreadsheet: distances, a series or analogies."""
        side = self._find_side()
        if side is not None:
            return tabulate_paths(side.paths).write(separator)
        is_first = self.sides.currentIndex() <= 0
        return write_table(self.map.scene, separator) if is_first else tabulate_analogies(self.map.scene).write(separator)

    def save_beside(self, path: str) -> bool:
        """Write what is beside the map: as CSV, or a curve as PNG or SVG, as the path's ending says."""
        if self.pages.currentWidget() is self.curves:
            return save_figure(self.curves, lambda: self.side_text(","), path)
        Path(path).write_text(self.side_text(","), encoding="utf-8")
        return True

    def _copy_side(self) -> None:
        copy_figure(self.side_text(), make_image(self.curves) if self.pages.currentWidget() is self.curves else None)

    def _save_side(self) -> None:
        if self.pages.currentWidget() is self.curves:
            kinds, name = self.tr("Pictures and tables (*.svg *.png *.csv)"), "series.svg"
        else:
            kinds, name = self.tr("Tables (*.csv)"), "weight-map.csv"
        ask_and_save(self, self.tr("Save what is beside the map"), name, kinds, self.save_beside)
