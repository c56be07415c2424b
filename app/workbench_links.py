"""The wires between the workbench's parts: who hears whom."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, QPointF
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QFileDialog, QMenu

from app.accessible_canvas import AccessibleCanvas
from app.actions import ACTIONS
from app.canvas.alignment import find_room
from app.canvas.wishes import FileDrop, MenuWish, SearchWish
from app.file_drops import FileDrops
from app.guide import GuideWindow
from app.hints import Hints
from app.live_choices import read_choices
from app.live_facts import shorten_live_facts
from app.live_gaps import list_gap_problems
from app.mends import Mend
from app.node_marks import gather_facts, mark_nodes, shorten_facts
from app.preferences import WheelChoice
from app.report_figures import Figures
from app.run_control import RunControl
from app.run_progress import RunProgress
from app.searches import Searches
from app.widgets.path_field import shorten_path
from app.workbench import Workbench
from engine.document.edits import set_parameter
from engine.document.model import NodeId, Position
from engine.problems import Problem

if TYPE_CHECKING:
    from app.main_window import MainWindow


class WorkbenchLinks(QObject):
    """Connect canvas, panels, checks and runs."""

    def __init__(self, window: MainWindow, workbench: Workbench) -> None:
        """Connect everything."""
        super().__init__(workbench)
        self._window = window
        self._bench = workbench
        self._session = window.session
        self.searches = Searches(window.session, workbench)
        self.guide: GuideWindow | None = None
        self._known_facts: Mapping[NodeId, str] = {}
        self.control = RunControl(window, workbench)
        self.drops = FileDrops(window.session, window.files, workbench)
        self.voice = AccessibleCanvas(workbench.scene, workbench.view)
        self.hints = Hints(window.session, window.preferences, workbench.view)
        self._connect_actions()
        self._connect_canvas()
        self._connect_panels()
        self.show_marks()
        workbench.checker.check_now()

    def take_files(self, paths: Sequence[Path], place: Position) -> None:
        """Let dropped files become what they are."""
        self.drops.take(FileDrop(tuple(paths), place))

    def show_marks(self) -> None:
        """Bring states, facts and problems up to date everywhere."""
        bench, document = self._bench, self._session.document
        run, stale, summary = bench.runs.own, bench.runs.stale, bench.checker.summary
        bench.live.choose(read_choices(bench.live.model, run, stale))
        states = mark_nodes(document, run, stale)
        facts = gather_facts(document, summary, run, stale)
        bench.scene.set_states(states)
        self._known_facts = shorten_facts(facts)
        self._show_short_facts()
        bench.inspector.show_facts(facts, summary.formulas if summary is not None else {})
        bench.status.show_run(bench.runs.current, bench.runs.memory_bytes)
        bench.status.show_graph(document, summary)
        problems = self._list_problems()
        if summary is not None:
            self._show_problems(problems)
        self.voice.refresh()
        bench.outline.show_states(states, problems)

    def _show_problems(self, problems: Sequence[Problem]) -> None:
        bench, count = self._bench, len(problems)
        bench.scene.set_problems(problems)
        bench.inspector.show_problems(problems)
        bench.problems.show_problems(problems)
        bench.docks["problems"].setWindowTitle(self.tr("Problems ({0})").format(count) if count else self.tr("Problems"))

    def _list_problems(self) -> tuple[Problem, ...]:
        """Return what the check found, and what the figures leave out; an empty canvas is a beginning, not a mistake."""
        summary = self._bench.checker.summary
        if summary is None or not self._session.document.nodes:
            return ()
        return (*summary.problems, *list_gap_problems([view.gaps for view in self._bench.live.families]))

    def _show_short_facts(self) -> None:
        """Let each node say what was measured of it or, where nothing was, where it is in weight space."""
        self._bench.scene.set_facts({**shorten_live_facts(self._bench.live.families), **self._known_facts})

    def reveal(self, node: str) -> None:
        """Show a node on the canvas."""
        self._bench.scene.reveal(NodeId(node))

    def mend(self, problem: Problem, mend: Mend) -> None:
        """Do what mends a problem."""
        if mend.edit is not None:
            self._session.apply(mend.title, mend.edit)
        elif mend.permission:
            self.control.grant(mend.permission)
        elif mend.asks_path is not None:
            self._ask_path(problem, mend)

    def show_guide(self, page: str) -> None:
        """Open the guide at a page."""
        if self.guide is None:
            self.guide = GuideWindow(self._bench)
        self.guide.open_page(page)

    def _connect_actions(self) -> None:
        actions = self._window.declared_actions
        handlers: Mapping[str, Callable[[], object]] = {
            **self._bench.view.commands(),
            "find": partial(self.searches.search_nodes, self._find),
            "commands": partial(self.searches.search_actions, actions),
            "check": self._check,
            "menus": self._bench.top_bar.brand.showMenu,
            "wheel_auto": partial(self._choose_wheel, "auto"),
            "wheel_mouse": partial(self._choose_wheel, "mouse"),
            "wheel_touchpad": partial(self._choose_wheel, "touchpad"),
        }
        for declared in ACTIONS:
            if declared.on_canvas:
                self._bench.view.addAction(actions[declared.id])
            if declared.id in handlers:
                self._window.connect_action(declared.id, handlers[declared.id])
        minimap = actions["minimap"]
        minimap.setChecked(self._window.preferences.shows_minimap)
        minimap.toggled.connect(self._show_minimap)
        self._show_minimap(minimap.isChecked())
        self._bench.view.wheel_mode = self._window.preferences.wheel
        live = actions["live_figures"]
        live.setChecked(self._window.preferences.shows_live)
        live.toggled.connect(self._switch_live)
        self._bench.live.switch(is_on=live.isChecked())

    def _connect_canvas(self) -> None:
        scene = self._bench.scene
        scene.selection_ids_changed.connect(self._follow_selection)
        scene.wish_help.connect(self.show_guide)
        scene.wish_search.connect(self._search)
        scene.wish_inspector.connect(self._inspect)
        scene.wish_connect.connect(self._connect_by_list)
        scene.wish_menu.connect(self._open_menu)
        scene.files_dropped.connect(self.drops.take)
        self._session.refused.connect(self._bench.status.say)
        self.drops.said.connect(self._bench.status.say)

    def _connect_panels(self) -> None:
        bench = self._bench
        bench.checker.changed.connect(self.show_marks)
        bench.runs.progressed.connect(self.show_marks)
        bench.runs.stale_changed.connect(self.show_marks)
        bench.live.model_changed.connect(self.show_marks)
        bench.live.moved.connect(self._show_short_facts)
        bench.runs.ended.connect(self._take_run)
        bench.metrics.figures_shown.connect(self._show_sweeps)
        self._session.leaving.connect(self._forget_document)
        bench.similarity.try_again_wanted.connect(self._measure_again)
        bench.palette_panel.wanted.connect(self._add_operation)
        for panel in (bench.inspector, bench.problems):
            panel.mend_wanted.connect(self.mend)
        bench.inspector.guide_wanted.connect(self.show_guide)
        bench.problems.reveal_wanted.connect(self.reveal)
        bench.weight_map.reveal_wanted.connect(self.reveal)
        bench.outline.chosen.connect(self._bench.scene.reveal)
        bench.outline.connect_wanted.connect(self._connect_by_list)
        bench.outline.inspector_wanted.connect(self._inspect)

    def _follow_selection(self, ids: tuple[NodeId, ...]) -> None:
        self._bench.inspector.show_nodes(ids)
        self._bench.outline.select(ids)
        if len(ids) == 1:
            self._bench.metrics.choose_search(ids[0])
        self._window.declared_actions["run_to_node"].setEnabled(len(ids) == 1)

    def _search(self, wish: SearchWish) -> None:
        view, scene = self._bench.view, self._bench.scene

        def add(operation: str) -> None:
            if wish.is_pointed:
                scene.add_operation(operation, wish.position, end=wish.end)
            else:
                self._add_operation(operation)
            view.setFocus()

        place = self._on_screen(wish.position) if wish.is_pointed else view.viewport().mapToGlobal(view.viewport().rect().center())
        self.searches.search_operations(place, wish.end, add)

    def _add_operation(self, operation: str) -> None:
        """Put a node where nothing is: right of what is selected, else in the middle of the view."""
        view, scene = self._bench.view, self._bench.scene
        centre = view.mapToScene(view.viewport().rect().center())
        place = find_room(scene.boxes, scene.selected_ids, (centre.x() - 84, centre.y() - 36))
        scene.reveal(scene.add_operation(operation, place))

    def _inspect(self, node_id: NodeId) -> None:
        self._bench.scene.select([node_id])
        self._bench.show_panel("inspector")
        self._bench.inspector.focus_first()

    def _connect_by_list(self, node_id: NodeId) -> None:
        x, y, width, _ = self._bench.scene.boxes.get(node_id, (0.0, 0.0, 0.0, 0.0))
        self.searches.search_connections(self._on_screen((x + width, y)), node_id)

    def _open_menu(self, wish: MenuWish) -> None:
        actions = self._window.declared_actions
        menu = QMenu(self._bench)
        menu.setAccessibleName(self.tr("What can be done here"))
        on_node = ("rename", "connect", "run_to_node", "mute", "duplicate", "copy", "cut", "delete", "frame", "guide")
        on_canvas = ("add_node", "paste", "paste_with_wires", "note", "tidy", "fit_all", "select_all")
        for name in on_node if wish.node is not None else on_canvas:
            menu.addAction(actions[name])
        menu.exec(QCursor.pos())

    def _ask_path(self, problem: Problem, mend: Mend) -> None:
        folder = str(self._session.folder)
        if mend.asks_path == "file":
            chosen = QFileDialog.getOpenFileName(self._bench, mend.title, folder)[0]
        else:
            chosen = QFileDialog.getExistingDirectory(self._bench, mend.title, folder)
        if chosen:
            text = shorten_path(Path(chosen), self._session.folder)
            node_id, name = NodeId(problem.node), problem.field
            self._session.apply(mend.title, lambda document: set_parameter(document, node_id, name, text))

    def _find(self, node: str) -> None:
        self.reveal(node)
        self._bench.focus_canvas()

    def _check(self) -> None:
        self._bench.show_panel("problems")
        self._bench.checker.check_now()

    def _show_minimap(self, is_shown: bool) -> None:
        self._bench.view.minimap.setVisible(is_shown)
        self._window.preferences.set_shows_minimap(is_shown)

    def _switch_live(self, is_on: bool) -> None:
        self._bench.live.switch(is_on=is_on)
        self._window.preferences.set_shows_live(is_on)

    def _measure_again(self) -> None:
        if self._bench.live.is_on:
            self._bench.live.try_again()
        else:
            self._window.declared_actions["live_figures"].setChecked(True)

    def _show_sweeps(self, figures: Figures) -> None:
        self._bench.inspector.show_sweeps([sweep for sweep in figures.sweeps if sweep.is_own])

    def _forget_document(self) -> None:
        """Show no problems of another document, and no figures of its runs: the Run panel gives these back."""
        # What is being typed still goes to the node it was typed for.
        self._bench.scene.select([])
        self._show_problems(())
        self._bench.metrics.show_figures(Figures())

    def _take_run(self, run: RunProgress) -> None:
        """Measure what a run has downloaded, and what it made of nodes that are not linear."""
        bench = self._bench
        if bench.live.missing:
            bench.live.try_again()
        elif run.ending == "done" and bench.runs.is_own(run):
            bench.live.take_run(bench.runs.stale)

    def _choose_wheel(self, choice: WheelChoice) -> None:
        self._bench.view.wheel_mode = choice
        self._window.preferences.set_wheel(choice)

    def _on_screen(self, place: Position) -> QPoint:
        view = self._bench.view
        return view.viewport().mapToGlobal(view.mapFromScene(QPointF(*place)))
