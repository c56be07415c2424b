"""The window: it connects session, engine thread, canvas and panels, and decides nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QShowEvent
from PySide6.QtWidgets import QApplication, QMainWindow, QMessageBox, QStackedWidget

from app.actions import ACTIONS, make_actions
from app.files import Files
from app.preferences import Preferences
from app.questions import confirm
from app.recovery import Recovery, RecoveryCopy, find_recoveries
from app.session import Session
from app.theme import apply_theme, system_theme
from app.welcome import Welcome
from engine.errors import DocumentError

if TYPE_CHECKING:
    from app.engine_thread import EngineThread
    from app.workbench import Workbench
    from app.workbench_links import WorkbenchLinks
    from engine.worker_messages import Ready

_SIZE = (1440, 900)
_WORKER_DELAY_MILLISECONDS = 300
"""After the first paint: the engine's process takes a core for seconds, the window shall be there before."""


class MainWindow(QMainWindow):
    """Show the welcome page or the workbench, and guard what is unsaved."""

    _is_painted = False
    _is_closed = False
    painted = Signal()
    """The window has been painted for the first time."""

    def __init__(self, preferences: Preferences, recovery_folder: Path | None = None, engine: EngineThread | None = None) -> None:
        """Make the window with the welcome page; the workbench is made when it is wanted.

        Args:
            preferences: what is remembered from the last time.
            recovery_folder: where unsaved changes are kept against a crash; None keeps none.
            engine: does the slow work; None for one of this window's own.
        """
        super().__init__()
        self.preferences = preferences
        self._recovery_folder = recovery_folder
        self.session = Session(RecoveryCopy(recovery_folder) if recovery_folder is not None else None, self)
        self._engine = engine
        self.declared_actions = make_actions(self)
        self.files = Files(self.session, preferences, self)
        self.workbench: Workbench | None = None
        self.links: WorkbenchLinks | None = None
        self.ready: Ready | None = None
        """What the engine's process said when it was ready for a run; None before."""
        self.setWindowTitle("Weightloom")
        self.setAccessibleName("Weightloom")
        self.setAcceptDrops(True)
        self.resize(*_SIZE)
        self.stack = QStackedWidget()
        self.welcome = Welcome(preferences)
        self.stack.addWidget(self.welcome)
        self.setCentralWidget(self.stack)
        self._connect()
        self.restoreGeometry(preferences.layout("window"))

    @property
    def engine(self) -> EngineThread:
        """Return the door to slow work, opened when it is first asked for."""
        if self._engine is None:
            # Here and below not at the top: planning takes numpy along, and the window shall be painted before.
            from app.engine_thread import EngineThread  # noqa: PLC0415

            self._engine = EngineThread(parent=self)
            self._engine.worker_ready.connect(self._take_ready)
        return self._engine

    def open_workbench(self) -> Workbench:
        """Show the canvas with its panels; return them."""
        if self.workbench is None:
            from app.workbench import Workbench  # noqa: PLC0415
            from app.workbench_links import WorkbenchLinks  # noqa: PLC0415

            self.workbench = Workbench(self.session, self.engine, self.declared_actions, self)
            self.links = WorkbenchLinks(self, self.workbench)
            self.stack.addWidget(self.workbench)
            self.stack.setCurrentWidget(self.workbench)
            # Now, not in the event loop: docks get their widths and the view its size before the graph is fitted into it.
            self.workbench.recall(self.preferences)
            QApplication.sendPostedEvents(self.workbench, QEvent.Type.LayoutRequest.value)
            self.workbench.view.show_opened()
        self.stack.setCurrentWidget(self.workbench)
        self._tell_title()
        self.workbench.view.setFocus()
        return self.workbench

    def show_welcome(self) -> None:
        """Show the welcome page with what is recent now."""
        self.welcome.refresh()
        self.welcome.back.setVisible(self.workbench is not None)
        self.stack.setCurrentWidget(self.welcome)

    def offer_recoveries(self) -> None:
        """Ask about what crashed sessions left, the latest first, until one is taken."""
        for recovery in find_recoveries(self._recovery_folder) if self._recovery_folder is not None else ():
            if self._offer_recovery(recovery):
                return

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802  (Qt's name)
        """Start the engine's process once the window is there."""
        super().showEvent(event)
        if not self._is_painted:
            self._is_painted = True
            QTimer.singleShot(0, self.painted.emit)
            QTimer.singleShot(_WORKER_DELAY_MILLISECONDS, self._start_worker)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802
        """Ask about a run and about unsaved changes, then end cleanly."""
        if self._is_closed:
            event.accept()
            return
        if not (self._confirm_stopping() and self.files.confirm_leaving()):
            event.ignore()
            return
        self.preferences.set_layout("window", self.saveGeometry())
        if self.workbench is not None:
            self.workbench.remember(self.preferences)
        self.session.close()
        self._is_closed = True
        if self._engine is not None:
            self._engine.shutdown()
        self.welcome.finish()
        event.accept()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802
        """Take files on the welcome page, too."""
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802
        """Open what was dropped."""
        paths = tuple(Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile())
        if paths:
            self.open_workbench()
            if self.links is not None:
                self.links.take_files(paths, (0.0, 0.0))
        event.acceptProposedAction()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Tell of another theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self._is_painted and self.workbench is not None:
            self.workbench.restyle()

    def _start_worker(self) -> None:
        if not self._is_closed:
            self.engine.start_worker()

    def _take_ready(self, ready: Ready) -> None:
        self.ready = ready

    def _connect(self) -> None:
        self.session.modified_changed.connect(self._tell_title)
        self.session.path_changed.connect(self._tell_title)
        self.session.document_changed.connect(self._tell_title)
        self.files.opened.connect(self.open_workbench)
        self.welcome.new_wanted.connect(self.files.new)
        self.welcome.open_wanted.connect(self.files.ask_open)
        self.welcome.file_wanted.connect(self.files.open)
        self.welcome.template_made.connect(self.files.new)
        self.welcome.back_wanted.connect(self.open_workbench)
        QApplication.styleHints().colorSchemeChanged.connect(self._dress)
        handlers: Mapping[str, Callable[[], object]] = {
            "new": self.files.new,
            "open": self.files.ask_open,
            "save": self.files.save,
            "save_as": self.files.save_as,
            "templates": self.show_welcome,
            "quit": self.close,
            "undo": self.session.undo_stack.undo,
            "redo": self.session.undo_stack.redo,
            "next_part": partial(self._walk, forward=True),
            "previous_part": partial(self._walk, forward=False),
            "theme_system": partial(self._choose_theme, "system"),
            "theme_dark": partial(self._choose_theme, "dark"),
            "theme_light": partial(self._choose_theme, "light"),
        }
        for declared in ACTIONS:
            if not declared.on_canvas:
                self.addAction(self.declared_actions[declared.id])
            if declared.id in handlers:
                self.connect_action(declared.id, handlers[declared.id])
        self.session.undo_stack.canUndoChanged.connect(self.declared_actions["undo"].setEnabled)
        self.session.undo_stack.canRedoChanged.connect(self.declared_actions["redo"].setEnabled)
        for name in ("undo", "redo"):
            self.declared_actions[name].setEnabled(False)

    def connect_action(self, name: str, handler: Callable[[], object]) -> None:
        """Let an action do something."""
        self.declared_actions[name].triggered.connect(lambda _checked=False: handler())

    def _walk(self, *, forward: bool) -> None:
        if self.workbench is not None and self.stack.currentWidget() is self.workbench:
            self.workbench.walk(forward=forward)

    def _choose_theme(self, choice: str) -> None:
        self.preferences.set_theme("dark" if choice == "dark" else "light" if choice == "light" else "system")
        self._dress()

    def _dress(self) -> None:
        application = QApplication.instance()
        if isinstance(application, QApplication):
            choice = self.preferences.theme
            apply_theme(application, system_theme() if choice == "system" else choice)

    def _tell_title(self, *_news: object) -> None:
        name = self.session.document.title or self.session.name or self.tr("Untitled")
        mark = "• " if self.session.is_modified else ""
        self.setWindowTitle(f"{mark}{name} – Weightloom" if self.workbench is not None else "Weightloom")
        if self.workbench is not None:
            self.workbench.top_bar.show_title(name, is_modified=self.session.is_modified)

    def _confirm_stopping(self) -> bool:
        if self.workbench is None or not self.workbench.runs.is_running:
            return True
        text = self.tr("Closing stops the run; what it has written so far is removed.")
        return confirm(self, self.tr("A run is going on"), text, self.tr("Stop and close"))

    def _offer_recovery(self, recovery: Recovery) -> bool:
        buttons = QMessageBox.StandardButton
        name = recovery.path.name if recovery.path is not None else recovery.title
        kept = self.tr("It kept unsaved changes of ‘{0}’.").format(name) if name else self.tr("It kept a graph that was never saved.")
        answer = QMessageBox.question(
            self,
            self.tr("Recover unsaved changes?"),
            self.tr("Weightloom ended unexpectedly. {0} Open what it kept?").format(kept),
            buttons.Open | buttons.Discard | buttons.Ignore,
            buttons.Open,
        )
        if answer == buttons.Discard:
            recovery.discard()
        if answer != buttons.Open:
            return False
        try:
            self.session.recover(recovery)
        except DocumentError as failure:
            QMessageBox.critical(self, self.tr("The changes can’t be opened"), str(failure))
            return False
        self.open_workbench()
        return True
