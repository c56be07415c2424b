"""Check as you draw: the document is checked 150 ms after its last change, by the engine thread."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, QTimer, Signal

from app.check_lane import CheckSummary
from app.engine_thread import EngineThread
from app.session import Session
from engine.document.model import Document
from engine.planning.options import RunOptions

QUIET_MILLISECONDS = 150


class Checker(QObject):
    """Keep the latest verdict on the document."""

    changed = Signal()
    """There is another verdict, or none because the document has changed since."""

    def __init__(self, session: Session, engine: EngineThread, parent: QObject | None = None) -> None:
        """Follow the session."""
        super().__init__(parent)
        self.summary: CheckSummary | None = None
        """The verdict on the document as it is now; None while it is awaited."""
        self.options = RunOptions(overwrite=True)
        """What a run is started with; part of what is checked. Whoever starts one asks before it replaces an export."""
        self._session = session
        self._engine = engine
        self._quiet = QTimer(self)
        self._quiet.setSingleShot(True)
        self._quiet.setInterval(QUIET_MILLISECONDS)
        self._quiet.timeout.connect(self.check_now)
        session.document_changed.connect(self._follow)
        session.path_changed.connect(self._await_verdict)
        session.opened.connect(self._await_verdict)
        engine.checked.connect(self._take)

    def check_now(self) -> None:
        """Ask for the check without waiting for quiet."""
        self._quiet.stop()
        self._engine.check(self._session.document, self._session.folder, self._session.revision, self.options)

    def set_options(self, options: RunOptions) -> None:
        """Check with other run options from now on."""
        if options != self.options:
            self.options = options
            self._await_verdict()

    def forget_permissions(self) -> None:
        """Take back what the user allowed for one graph: writing outside its folder."""
        self.set_options(replace(self.options, allow_outside=False))

    def _follow(self, _before: Document, _after: Document) -> None:
        self._await_verdict()

    def _await_verdict(self) -> None:
        if self.summary is not None:
            self.summary = None
            self.changed.emit()
        self._quiet.start()

    def _take(self, revision: int, summary: CheckSummary) -> None:
        if revision == self._session.revision and not self._quiet.isActive():
            self.summary = summary
            self.changed.emit()
