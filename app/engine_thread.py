"""The one door to slow work: jobs go in, signals come out, all in the window's thread; no widget ever waits.

Lane one checks documents in a thread of this process (`check_lane`), lane two computes in another process (`worker_lane`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QObject, Qt, Signal

from app.check_lane import Answer, Checked, CheckLane, CheckTask
from app.heartbeat import Heartbeat
from app.worker_lane import BACK_OFF_SECONDS, WorkerLane
from app.worker_process import worker_command
from engine.document.branches import keep_branch
from engine.document.model import Document, NodeId
from engine.document.storage import format_document
from engine.planning.options import RunOptions
from engine.worker_messages import GramJob, Outcome, RunJob


class EngineThread(QObject):
    """Take jobs and give signals; made in the window's thread, shut down before the application ends."""

    checked = Signal(int, object)
    """(revision, CheckSummary): the last document given to `check` is checked."""
    run_event = Signal(int, object)
    """(job, engine.events.Event): a run says something; none comes after `run_ended`."""
    run_ended = Signal(int, object)
    """(job, engine.worker_messages.Outcome): a run is over, whatever way."""
    gram_told = Signal(object)
    """(GramReady or GramMoved): the similarities asked for last are there, estimated or exact, or are on their way."""
    gram_ended = Signal(int, object)
    """(job, Outcome): they are all there, or will not be; none follows when others were asked for meanwhile."""
    stop_seen = Signal(int)
    """(job): the engine has heard that it is to stop."""
    worker_died = Signal(str)
    """The engine's process ended by itself; what happened and what follows, as sentences."""
    worker_ready = Signal(object)
    """(engine.worker_messages.Ready): a run can begin at once."""
    said = Signal(str)
    """A line that the engine's process printed: for the log."""
    broken = Signal(str)
    """(traceback): a check met a fault of Weightloom's own."""
    stalled = Signal(float)
    """(seconds): the window did not react for so long during a run."""
    _answered = Signal(object)
    """(Answer): from the thread of lane one."""

    def __init__(
        self, command: Sequence[str] | None = None, back_off: Sequence[float] = BACK_OFF_SECONDS, parent: QObject | None = None
    ) -> None:
        """Start lane one; lane two waits for `start_worker`.

        Args:
            command: what starts the engine's process; None for the engine that belongs to this window.
            back_off: seconds before it is started again, after one death, after two in a row …
            parent: the owner.
        """
        super().__init__(parent)
        self._last_job = 0
        self._last_check = -1
        self._is_shut = False
        # Queued, and to methods of objects of this thread: else they would run in the thread that answers.
        self._answered.connect(self._take_answer, Qt.ConnectionType.QueuedConnection)
        self._checks = CheckLane(self._answered.emit)
        self._worker = WorkerLane(command or worker_command(), back_off, self)
        self._worker.told.connect(self.run_event)
        self._worker.ended.connect(self._end_run)
        self._worker.gram_told.connect(self.gram_told)
        self._worker.gram_ended.connect(self.gram_ended)
        self._worker.stop_seen.connect(self.stop_seen)
        self._worker.died.connect(self.worker_died)
        self._worker.ready.connect(self.worker_ready)
        self._worker.said.connect(self.said)
        self._heartbeat = Heartbeat(self)
        self._heartbeat.stalled.connect(self.stalled)
        application = QCoreApplication.instance()
        if application is not None:
            application.aboutToQuit.connect(self.shutdown)

    @property
    def worker_pid(self) -> int:
        """Return the number of the engine's process; 0 when there is none."""
        return self._worker.pid

    @property
    def is_running(self) -> bool:
        """Tell whether a run goes on or waits to begin."""
        return self._worker.is_running

    def start_worker(self) -> None:
        """Start the engine's process, so that the first run need not wait for torch; to be called after the first paint."""
        if not self._is_shut:
            self._worker.start()

    def check(self, document: Document, folder: Path, revision: int, options: RunOptions | None = None) -> None:
        """Check a document; only the last one asked for is answered, by `checked`.

        Args:
            document: the graph.
            folder: what its relative paths count from.
            revision: says which document it is; comes back with the answer.
            options: what a run of it would be started with.
        """
        self._last_check = revision
        self._checks.ask(CheckTask(revision, document, folder, options or RunOptions()))

    def run(
        self, document: Document, folder: Path, options: RunOptions | None = None, upto: NodeId | None = None, *, revision: int = 0
    ) -> int:
        """Run a document as it is now, after the runs asked for before; return the job's number.

        Args:
            document: the graph; changes made to it later do not reach the run.
            folder: what its relative paths count from.
            options: what the user decides outside the graph.
            upto: the node to run up to: only it and what it depends on are run; None for the whole graph.
            revision: says which document it is.

        Raises:
            DocumentError: there is no node `upto`.
        """
        chosen = document if upto is None else keep_branch(document, upto)
        self._last_job += 1
        job = RunJob(self._last_job, revision, format_document(chosen), folder.absolute(), options or RunOptions())
        self._heartbeat.start()
        self._worker.run(job)
        return job.job

    def measure_similarities(self, document: Document, folder: Path, *, revision: int = 0, made: Iterable[NodeId] = ()) -> int:
        """Measure the similarities of a document's checkpoints, in the place of those asked for before; return the job's number.

        They are answered by `gram_told` and `gram_ended`. They wait until the engine's process is there, and never start it.

        Args:
            document: the graph.
            folder: what its relative paths count from.
            revision: says which document it is.
            made: kernels that a run has made of this very graph: they are worth their exact figures.
        """
        self._last_job += 1
        self._worker.measure(GramJob(self._last_job, revision, format_document(document), folder.absolute(), tuple(map(str, made))))
        return self._last_job

    def stop_measuring(self) -> None:
        """Let go of the similarities; nothing follows about them."""
        self._worker.stop_measuring()

    def stop(self, job: int) -> None:
        """Stop a run; `run_ended` follows within 200 ms."""
        self._worker.stop(job)

    def shutdown(self) -> None:
        """Stop everything and wait until no thread and no process is left; a second call does nothing."""
        if self._is_shut:
            return
        self._is_shut = True
        self._heartbeat.stop()
        self._worker.close()
        self._checks.close()

    def _end_run(self, job: int, outcome: Outcome) -> None:
        if not self._worker.is_running:
            self._heartbeat.stop()
        self.run_ended.emit(job, outcome)

    def _take_answer(self, answer: Answer) -> None:
        match answer:
            case Checked(revision, summary):
                if revision == self._last_check:
                    self.checked.emit(revision, summary)
            case _:
                self.broken.emit(answer.trace)
