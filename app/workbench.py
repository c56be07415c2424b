"""The place where a graph is built: the canvas with its panels around it."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QMainWindow, QMenu, QTabBar, QTabWidget, QWidget

from app.actions import GROUPS, fill_menu, group_title
from app.canvas.scene import Scene
from app.canvas.view import CanvasView
from app.checking import Checker
from app.docks import Dock
from app.engine_thread import EngineThread
from app.live_view import LiveView
from app.panels.inspector import InspectorPanel
from app.panels.log import LogPanel
from app.panels.metrics import MetricsPanel
from app.panels.outline import OutlinePanel
from app.panels.palette import PalettePanel
from app.panels.problems import ProblemsPanel
from app.panels.run import RunPanel
from app.panels.similarity import SimilarityPanel
from app.panels.weight_map import WeightMapPanel
from app.preferences import Preferences
from app.runs import Runs
from app.session import Session
from app.status_line import StatusLine
from app.top_bar import TopBar
from app.window_parts import step_by_tab, walk_parts

_LAYOUT_VERSION = 2
"""Rises when docks are added or renamed: an older layout is then left alone."""
_PALETTE_WIDTH = 232
_INSPECTOR_WIDTH = 300
_LEAST_BOTTOM, _BOTTOM_SHARE = 300, 1 / 3
"""The panels below the canvas: pixels at least, else this share of the window."""


class Workbench(QMainWindow):
    """Hold the canvas, the docks, the top bar and the status line."""

    def __init__(self, session: Session, engine: EngineThread, actions: Mapping[str, QAction], parent: QWidget | None = None) -> None:
        """Lay everything out."""
        super().__init__(parent, Qt.WindowType.Widget)
        self.setObjectName("workbench")
        self.setAccessibleName(self.tr("Workbench"))
        self._actions = actions
        self.checker = Checker(session, engine, self)
        self.runs = Runs(session, engine, self)
        self.live = LiveView(session, self.checker, engine, self)
        self.scene = Scene(session)
        self.view = CanvasView(self.scene)
        self.setCentralWidget(self.view)
        self.status = StatusLine(self)
        self.setStatusBar(self.status)
        self.palette_panel = PalettePanel()
        self.palette_panel.setMinimumWidth(_PALETTE_WIDTH * 3 // 4)
        self.inspector = InspectorPanel(session, self.live)
        self.inspector.setMinimumWidth(_INSPECTOR_WIDTH * 3 // 4)
        self.problems = ProblemsPanel(session)
        self.run_panel = RunPanel(self.runs)
        self.weight_map = WeightMapPanel(session, self.live)
        self.metrics = MetricsPanel(session)
        self.similarity = SimilarityPanel(self.live)
        self.outline = OutlinePanel(session)
        self.log = LogPanel()
        self.docks = self._make_docks()
        self._arrange_docks()
        self.menu = self._make_menu()
        self.top_bar = TopBar(actions, self.menu, self)
        self.setMenuWidget(self.top_bar)

    def show_panel(self, name: str) -> None:
        """Show a panel, in front of those that share its place."""
        self.docks[name].show()
        self.docks[name].raise_()

    def focus_canvas(self) -> None:
        """Let the keyboard act on the canvas."""
        self.view.activateWindow()
        self.view.setFocus()

    def walk(self, *, forward: bool) -> None:
        """Lead the keyboard to the next part of the window: palette, canvas, inspector, the other panels in front."""
        shown = {name: dock.panel for name, dock in self.docks.items() if dock.is_in_front}
        palette = [shown.pop("palette")] if "palette" in shown else []
        walk_parts((*palette, self.view, *shown.values()), self._find_chosen(), forward=forward)

    def focusNextPrevChild(self, forward: bool) -> bool:  # noqa: N802  (Qt's name)
        """Lead through one part after the other, from the tabs of the docks into the panel that is chosen there."""
        return step_by_tab(self, self._part_of, forward=forward) or super().focusNextPrevChild(forward)

    def restyle(self) -> None:
        """Take the colours of the present theme."""
        self.top_bar.restyle()
        self.weight_map.restyle()
        self.metrics.restyle()
        self.similarity.restyle()
        self.problems.restyle()

    def remember(self, preferences: Preferences) -> None:
        """Store where the docks are."""
        preferences.set_layout("docks", self.saveState(_LAYOUT_VERSION))

    def recall(self, preferences: Preferences) -> None:
        """Put the docks where they were, or where they are usual; to be called when the workbench has its size."""
        if not self.restoreState(preferences.layout("docks"), _LAYOUT_VERSION):
            sides = [self.docks["palette"], self.docks["inspector"]]
            self.resizeDocks(sides, [_PALETTE_WIDTH, _INSPECTOR_WIDTH], Qt.Orientation.Horizontal)
            bottom = max(_LEAST_BOTTOM, round(self.height() * _BOTTOM_SHARE))
            self.resizeDocks([self.docks["problems"]], [bottom], Qt.Orientation.Vertical)

    def _find_chosen(self) -> QWidget | None:
        """Return the panel whose tab has the keyboard; None where no tab has it."""
        focused = QApplication.focusWidget()
        part = self._part_of(focused) if isinstance(focused, QTabBar) else self
        return part if part is not self else None

    def _part_of(self, widget: QWidget) -> QWidget:
        """Return the canvas or the panel that a widget is in, for tabs the panel in front; the workbench for all others."""
        if isinstance(widget, QTabBar) and widget.parentWidget() is self:
            title = widget.tabText(widget.currentIndex())
            return next((dock.panel for dock in self.docks.values() if dock.windowTitle() == title and dock.is_in_front), self)
        parts = (self.view, *(dock.panel for dock in self.docks.values()))
        return next((part for part in parts if part is widget or part.isAncestorOf(widget)), self)

    def _make_docks(self) -> Mapping[str, Dock]:
        panels: tuple[tuple[str, str, QWidget], ...] = (
            ("palette", self.tr("Palette"), self.palette_panel),
            ("inspector", self.tr("Inspector"), self.inspector),
            ("problems", self.tr("Problems"), self.problems),
            ("similarity", self.tr("Similarity"), self.similarity),
            ("weight_map", self.tr("Weight map"), self.weight_map),
            ("metrics", self.tr("Metrics"), self.metrics),
            ("run", self.tr("Run"), self.run_panel),
            ("outline", self.tr("Outline"), self.outline),
            ("log", self.tr("Log"), self.log),
        )
        docks = {name: Dock(name, title, panel, self) for name, title, panel in panels}
        for dock in docks.values():
            dock.escaped.connect(self.focus_canvas)
        docks["weight_map"].visibilityChanged.connect(self.weight_map.wake)
        docks["similarity"].visibilityChanged.connect(self.similarity.wake)
        return docks

    def _arrange_docks(self) -> None:
        areas = Qt.DockWidgetArea
        options = QMainWindow.DockOption
        self.setDockOptions(options.AllowTabbedDocks | options.AllowNestedDocks | options.GroupedDragging)
        self.setTabPosition(areas.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        for corner, area in (
            (Qt.Corner.BottomLeftCorner, areas.LeftDockWidgetArea),
            (Qt.Corner.BottomRightCorner, areas.RightDockWidgetArea),
        ):
            self.setCorner(corner, area)
        self.addDockWidget(areas.LeftDockWidgetArea, self.docks["palette"])
        self.addDockWidget(areas.RightDockWidgetArea, self.docks["inspector"])
        bottom = [self.docks[name] for name in ("problems", "similarity", "weight_map", "metrics", "run", "outline", "log")]
        self.addDockWidget(areas.BottomDockWidgetArea, bottom[0])
        for before, after in pairwise(bottom):
            self.tabifyDockWidget(before, after)
        bottom[0].raise_()

    def _make_menu(self) -> QMenu:
        menu = QMenu(self)
        menu.setAccessibleName(self.tr("Menus"))
        for group in GROUPS:
            part = menu.addMenu(group_title(group))
            fill_menu(part, group, self._actions)
            if group == "View":
                part.addSeparator()
                panels = part.addMenu(self.tr("Panels"))
                panels.setAccessibleName(panels.title())
                for dock in self.docks.values():
                    panels.addAction(dock.toggleViewAction())
        return menu
