"""Run and Stop: what is asked before a run, what is shown of it, and where its report opens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
from PySide6.QtCore import QObject, QPoint, Qt, QTimer, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QMenu

from app.canvas.connection import name_node
from app.mends import Permission, find_mends
from app.questions import confirm
from app.report_figures import Figures, gather_figures, read_figures
from app.run_progress import RunProgress, describe_event, format_bytes
from app.window_words import Retry
from app.workbench import Workbench
from engine.document.model import NodeId
from engine.errors import EngineError
from engine.events import Event, MetricMeasured, StrengthChosen, StrengthTried
from engine.problems import Severity
from engine.worker_messages import Ready

if TYPE_CHECKING:
    from app.main_window import MainWindow

REPORT_PAGE = "report.html"
_FIGURES_MILLISECONDS = 100


class RunControl(QObject):
    """Begin runs and show how they end."""

    def __init__(self, window: MainWindow, workbench: Workbench) -> None:
        """Connect the run's actions, signals and panels."""
        super().__init__(workbench)
        self._window = window
        self._bench = workbench
        self._devices: tuple[str, ...] = window.ready.devices if window.ready is not None else ()
        self._replaceable: set[Path] = set()
        """Folders whose export the user allowed to replace; asked once for each."""
        self._figures_due = QTimer(self)
        """Figures come faster than anyone can read: they are shown together."""
        self._figures_due.setSingleShot(True)
        self._figures_due.setInterval(_FIGURES_MILLISECONDS)
        self._figures_due.timeout.connect(self._show_figures_so_far)
        handlers = {"run": self.run, "run_anew": self.run_anew, "run_to_node": self.run_to_node, "stop": workbench.runs.stop}
        for name, handler in handlers.items():
            window.connect_action(name, handler)
        window.declared_actions["stop"].setEnabled(False)
        window.declared_actions["run_to_node"].setEnabled(False)
        workbench.run_panel.stop_wanted.connect(workbench.runs.stop)
        workbench.run_panel.retry_wanted.connect(self.retry)
        workbench.run_panel.report_wanted.connect(self.open_report)
        workbench.run_panel.figures_wanted.connect(self.show_figures)
        workbench.top_bar.device.clicked.connect(self._choose_device)
        workbench.runs.told.connect(self._hear)
        workbench.runs.began.connect(self._show_begin)
        workbench.runs.ended.connect(self._show_end)
        engine = window.engine
        engine.worker_ready.connect(self._take_ready)
        engine.worker_died.connect(self._tell_death)
        engine.said.connect(workbench.log.add_line)
        engine.broken.connect(self._tell_fault)
        engine.stalled.connect(self._note_stall)
        self._set_device(window.preferences.device)
        self._show_device()
        window.session.opened.connect(workbench.checker.forget_permissions)

    def run(self) -> None:
        """Run the whole graph."""
        if self._may_begin():
            self._bench.runs.start(self._bench.checker.options)

    def run_anew(self) -> None:
        """Run the whole graph, and take no figure from earlier runs."""
        if self._may_begin():
            self._bench.runs.start(replace(self._bench.checker.options, measure_again=True))

    def run_to_node(self) -> None:
        """Run only what the selected node needs."""
        ids = self._bench.scene.selected_ids
        if len(ids) == 1 and self._may_replace(ids[0]):
            self._bench.runs.start(self._bench.checker.options, ids[0])

    def retry(self, retry: Retry) -> None:
        """Run again what an earlier run's leavings kept from running."""
        self._bench.runs.retry(retry, self._bench.checker.options)

    def grant(self, permission: Permission) -> None:
        """Allow what the command line calls --allow-outside, for this graph."""
        if permission:
            self._bench.checker.set_options(replace(self._bench.checker.options, allow_outside=True))

    def open_report(self, run: RunProgress) -> None:
        """Open the report of a run in the browser; of several exports ask whose."""
        pages = [page for folder in run.folders if (page := Path(folder) / REPORT_PAGE).is_file()]
        if len(pages) > 1:
            self._offer_reports(pages)
        elif pages:
            _open_page(pages[0])
        else:
            self._bench.status.say(self.tr("This run wrote no report, or it has been moved."))

    def _offer_reports(self, pages: Sequence[Path]) -> None:
        menu = QMenu(self._bench)
        menu.setAccessibleName(self.tr("Whose report"))
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for page in pages:
            action = menu.addAction(page.parent.name)
            action.setToolTip(str(page.parent))
            action.triggered.connect(partial(_open_page, page))
        menu.setToolTipsVisible(True)
        button = self._bench.run_panel.report
        menu.popup(button.mapToGlobal(QPoint(0, button.height() + 4)))
        menu.setActiveAction(menu.actions()[0])

    def show_figures(self, run: RunProgress) -> None:
        """Show the figures of a run in the Metrics panel."""
        figures = self._find_figures(run)
        if not self._bench.runs.is_own(run):
            figures = figures.of_another_graph(self.tr("{0}, a run of another graph").format(figures.title or self.tr("Untitled")))
        self._bench.metrics.show_figures(figures)
        self._bench.show_panel("metrics")

    def _find_figures(self, run: RunProgress) -> Figures:
        """Return those of a report, which says most, unless another run, perhaps of the command line, has written over it."""
        for folder in run.folders:
            try:
                figures = read_figures(Path(folder), run.document)
            except EngineError as failure:
                self._bench.log.add_line(str(failure))
                continue
            if int(run.begun_at) <= figures.started_at <= run.ended_at:
                return replace(figures, title=run.name or figures.title)
        return _gather_figures(run)

    def _may_begin(self) -> bool:
        """Ask for what only the user can allow; lead to the problems where there are others."""
        summary = self._bench.checker.summary
        errors = [problem for problem in summary.problems if problem.severity is Severity.ERROR] if summary is not None else []
        if not errors:
            return not self._bench.runs.is_running and self._may_replace()
        document = self._window.session.document
        is_allowable = all(any(mend.permission for mend in find_mends(document, problem)) for problem in errors)
        if not is_allowable or not self._ask("\n\n".join(problem.message for problem in errors), self.tr("Write there all the same")):
            self._bench.show_panel("problems")
            self._bench.status.say(self.tr("The graph has problems that stop a run."))
            return False
        self.grant("allow_outside")
        return True

    def _may_replace(self, upto: NodeId | None = None) -> bool:
        """Ask before an export is replaced, once for each folder."""
        summary = self._bench.checker.summary
        targets = (summary.targets or {}) if summary is not None else {}
        taken = [path for node, path in targets.items() if upto in (None, node) and path.is_dir() and path not in self._replaceable]
        if not taken:
            return True
        fact = self.tr("There is an export already in {0}.").format(", ".join(str(path) for path in taken))
        more = self.tr("Overwriting it replaces only files that Weightloom wrote; others stay.")
        if not self._ask(f"{fact} {more}", self.tr("Overwrite")):
            return False
        self._replaceable.update(taken)
        return True

    def _ask(self, fact: str, act: str) -> bool:
        return confirm(self._bench, self.tr("Before the run"), fact, act)

    def _hear(self, event: Event) -> None:
        run = self._bench.runs.current
        document = run.document if run is not None else self._window.session.document
        self._bench.log.add_line(describe_event(event, {node_id: name_node(document, node_id) for node_id in document.nodes}))
        if isinstance(event, MetricMeasured | StrengthTried | StrengthChosen) and not self._figures_due.isActive():
            self._figures_due.start()

    def _show_figures_so_far(self) -> None:
        run = self._bench.runs.own
        if run is not None and run.measured:
            self._bench.metrics.show_figures(_gather_figures(run))

    def _show_begin(self) -> None:
        self._show_running(is_running=True)
        self._bench.metrics.searches.follow_run()
        self._bench.show_panel("run")

    def _show_end(self, run: RunProgress) -> None:
        self._show_running(is_running=False)
        self._bench.log.add_line(run.message or self.tr("Done: {0}").format(", ".join(run.folders) or self.tr("nothing was written")))
        self._bench.status.say(run.message.partition("\n")[0] or self.tr("The run is done."))
        self._figures_due.stop()
        if self._bench.runs.is_own(run) and run.ending == "done" and (run.folders or run.measured):
            self._bench.metrics.show_figures(self._find_figures(run))
        else:
            self._show_figures_so_far()
        self._bench.checker.check_now()

    def _show_running(self, *, is_running: bool) -> None:
        self._bench.top_bar.show_running(is_running)
        for name in ("run", "run_anew"):
            self._window.declared_actions[name].setEnabled(not is_running)
        self._window.declared_actions["stop"].setEnabled(is_running)

    def _take_ready(self, ready: Ready) -> None:
        self._devices = ready.devices
        self._bench.log.add_line(self.tr("The engine is ready after {0:.1f} s.").format(ready.seconds))
        self._show_device()

    def _choose_device(self) -> None:
        menu = QMenu(self._bench)
        menu.setAccessibleName(self.tr("Device"))
        for device in ("auto", *self._devices):
            act = menu.addAction(_name_device(device) if device != "auto" else self.tr("Choose by itself"))
            act.setCheckable(True)
            act.setChecked(device == self._bench.checker.options.device)
            act.setData(device)
        pill = self._bench.top_bar.device
        chosen = menu.exec(pill.mapToGlobal(QPoint(0, pill.height() + 4)))
        if chosen is not None:
            self._set_device(chosen.data())
            self._window.preferences.set_device(chosen.data())
            self._show_device()

    def _set_device(self, device: str) -> None:
        self._bench.checker.set_options(replace(self._bench.checker.options, device=device))

    def _show_device(self) -> None:
        chosen = self._bench.checker.options.device
        device = self._devices[0] if chosen == "auto" and self._devices else chosen
        if not self._devices:
            self._bench.top_bar.show_device(self.tr("Engine starts …"), is_ready=False)
            return
        free = self.tr(" · {0} free").format(format_bytes(psutil.virtual_memory().available)) if device == "cpu" else ""
        self._bench.top_bar.show_device(_name_device(device) + free, is_ready=True)

    def _tell_death(self, message: str) -> None:
        self._devices = ()
        self._show_device()
        self._bench.log.add_line(message)
        self._bench.status.say(message)

    def _note_stall(self, seconds: float) -> None:
        self._bench.log.add_line(self.tr("The window did not react for {0:.0f} ms.").format(seconds * 1000))

    def _tell_fault(self, trace: str) -> None:
        self._bench.log.add_line(trace)
        self._bench.status.say(self.tr("A fault in Weightloom itself: see the log."))
        self._bench.show_panel("log")


def _gather_figures(run: RunProgress) -> Figures:
    """Return what a run has told, under the name that its graph has in the top bar."""
    figures = gather_figures(run.document, run.measured, run.tried, run.chosen)
    return replace(figures, title=run.name or figures.title)


def _open_page(page: Path, _checked: bool = False) -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(page)))


def _name_device(device: str) -> str:
    kind, _, number = device.partition(":")
    names = {"cpu": "CPU", "cuda": "GPU", "mps": "GPU (Metal)", "auto": "…"}
    return f"{names.get(kind, kind)} {number}".strip()
