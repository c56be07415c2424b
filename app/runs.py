"""The runs of this session: the one that goes on and those that are over."""

from __future__ import annotations

import time
from dataclasses import replace

import psutil
from PySide6.QtCore import QObject, QTimer, Signal

from app.engine_thread import EngineThread
from app.run_progress import RunProgress, changed_nodes, follow_event
from app.session import Session
from app.window_words import Retry, in_window_words, list_retries
from engine.document.model import Document, NodeId
from engine.events import Event
from engine.planning.options import RunOptions
from engine.worker_messages import Outcome

_MEMORY_MILLISECONDS = 500


class Runs(QObject):
    """Start and stop runs, and remember how far each came."""

    progressed = Signal()
    """`current` says something new."""
    told = Signal(object)
    """(Event): the run that goes on told something."""
    began = Signal()
    ended = Signal(object)
    """(RunProgress): a run is over, whatever way."""
    stale_changed = Signal()
    """Other nodes than before have changed since they were run."""

    def __init__(self, session: Session, engine: EngineThread, parent: QObject | None = None) -> None:
        """Follow the engine thread."""
        super().__init__(parent)
        self.current: RunProgress | None = None
        """The run that goes on, or else the last one."""
        self.past: tuple[RunProgress, ...] = ()
        """The runs that are over, the latest first."""
        self.memory_bytes = 0
        """What the engine's process takes now."""
        self.stale: frozenset[NodeId] = frozenset()
        """Nodes of the document that have changed since they were run."""
        self.retries: tuple[Retry, ...] = ()
        """What could be done about what an earlier run left in the way of the last one."""
        self._own_jobs: set[int] = set()
        """The runs that were begun since the document was opened."""
        self._upto: NodeId | None = None
        self._session = session
        self._engine = engine
        self._memory = QTimer(self)
        self._memory.setInterval(_MEMORY_MILLISECONDS)
        self._memory.timeout.connect(self._measure_memory)
        session.document_changed.connect(self._follow)
        session.leaving.connect(self._forget)
        engine.run_event.connect(self._take_event)
        engine.run_ended.connect(self._take_end)

    @property
    def own(self) -> RunProgress | None:
        """Return the current run if it is one of the open document: of another's nodes it tells nothing, whatever they are called."""
        return self.current if self.current is not None and self.is_own(self.current) else None

    def is_own(self, run: RunProgress) -> bool:
        """Tell whether a run was begun since the document was opened."""
        return run.job in self._own_jobs

    @property
    def is_running(self) -> bool:
        """Tell whether a run goes on."""
        return self.current is not None and not self.current.ending

    def start(self, options: RunOptions, upto: NodeId | None = None) -> None:
        """Run the document as it is now, or what one of its nodes needs."""
        if self.is_running:
            return
        self.retries, self._upto = (), upto
        document, folder, name = self._session.document, self._session.folder, self._session.document.title or self._session.name
        job = self._engine.run(document, folder, options, upto, revision=self._session.revision)
        self.current = RunProgress(job, document, folder, name, stage=self.tr("Waits for the engine"), begun_at=time.time())
        self._own_jobs.add(job)
        self._update_stale()
        self._memory.start()
        self.began.emit()
        self.progressed.emit()

    def retry(self, retry: Retry, options: RunOptions) -> None:
        """Run anew as far as the last time, going on with what lies there or throwing it away."""
        upto = self._upto if self._upto in self._session.document.nodes else None
        self.start(replace(options, staging=retry.staging), upto)

    def stop(self) -> None:
        """Stop the run that goes on."""
        if self.current is not None and not self.current.ending:
            self.current = replace(self.current, stage=self.tr("Stops"))
            self._engine.stop(self.current.job)
            self.progressed.emit()

    def _take_event(self, job: int, event: Event) -> None:
        if self.current is not None and self.current.job == job:
            self.current = follow_event(self.current, event)
            self.told.emit(event)
            self.progressed.emit()

    def _take_end(self, job: int, outcome: Outcome) -> None:
        if self.current is None or self.current.job != job:
            return
        failed_node = outcome.location.node or self.current.failed_node
        message = in_window_words(outcome.message)
        ended = {"ending": outcome.kind, "message": message, "failed_node": failed_node, "ended_at": time.time()}
        self.current = replace(self.current, working=(), **ended)
        is_mendable = outcome.kind == "failed" and self.is_own(self.current)
        self.retries = list_retries(outcome.message) if is_mendable else ()
        self.past = (self.current, *self.past)
        self._memory.stop()
        self._measure_memory()
        self._update_stale()
        self.progressed.emit()
        self.ended.emit(self.current)

    def _follow(self, _before: Document, _after: Document) -> None:
        self._update_stale()

    def _forget(self) -> None:
        """Show no states of another document's run; one that goes on is told of beside the graph only."""
        self._own_jobs, self.retries = set(), ()
        if not self.is_running:
            self.current = None
        self._update_stale()
        self.progressed.emit()

    def _update_stale(self) -> None:
        run = self.own
        stale = changed_nodes(run.document, self._session.document) if run is not None else frozenset[NodeId]()
        if stale != self.stale:
            self.stale = stale
            self.stale_changed.emit()

    def _measure_memory(self) -> None:
        try:
            self.memory_bytes = psutil.Process(self._engine.worker_pid).memory_info().rss if self._engine.worker_pid else 0
        except psutil.Error:
            self.memory_bytes = 0
        self.progressed.emit()
