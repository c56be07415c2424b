"""Lane two of the engine thread: runs, one after the other, in a process that is started anew whenever it dies."""

from __future__ import annotations

import signal
from collections import deque
from collections.abc import Callable, Sequence

from PySide6.QtCore import QCoreApplication, QObject, Qt, QTimer, Signal

from app.worker_process import Gone, Heard, Report, Said, WorkerProcess
from engine.worker_messages import (
    PROTOCOL,
    GramJob,
    GramMoved,
    GramReady,
    Greeting,
    JobEnded,
    Outcome,
    Ready,
    RunJob,
    StopJob,
    StopSeen,
    TidyJob,
    Told,
)

STOP_MILLISECONDS = 200
"""What has not stopped by then is ended with its process."""
BACK_OFF_SECONDS = (0.0, 1.0, 3.0, 10.0, 30.0)
"""Before the first, second … start after deaths in a row; after the last no more, until a run is asked for."""
_HANDSHAKE_MILLISECONDS = 60_000
"""An interpreter on a cold, busy disk takes some seconds; one that is silent for a minute never speaks."""
_CLOSING_SECONDS = 5.0


class WorkerLane(QObject):
    """Hold the process, the jobs that wait for it and the one it does; lives in the thread of the window."""

    told = Signal(int, object)
    """(job, event): a run says something."""
    ended = Signal(int, object)
    """(job, Outcome): a run is over; its last signal."""
    stop_seen = Signal(int)
    """The process has heard that a run is to stop."""
    died = Signal(str)
    """The process ended by itself; the message says what happened and what follows."""
    ready = Signal(object)
    """(Ready): the process can run things now."""
    said = Signal(str)
    """The process printed a line: for the log."""
    gram_told = Signal(object)
    """(GramReady or GramMoved): the measuring of similarities has found something, or goes on."""
    gram_ended = Signal(int, object)
    """(job, Outcome): it is over; none follows when another job took its place."""
    _reported = Signal(object, object)
    """(WorkerProcess, Report): from that process's threads."""

    def __init__(self, command: Sequence[str], back_off: Sequence[float] = BACK_OFF_SECONDS, parent: QObject | None = None) -> None:
        """Start nothing yet."""
        super().__init__(parent)
        self._command = command
        self._back_off = back_off
        self._process: WorkerProcess | None = None
        self._ended: list[WorkerProcess] = []
        """Processes that were told to end, until they are gone."""
        self._is_ready = False
        self._is_closed = False
        self._deaths = 0
        self._waiting: deque[RunJob | TidyJob] = deque()
        self._current: RunJob | TidyJob | None = None
        self._gram: GramJob | None = None
        """The similarities asked for last, beside the runs: the process lets each run through, and goes on after it."""
        self._is_gram_sent = False
        self._stopping = _make_timer(self, self._end_by_force)
        self._starting = _make_timer(self, self.start)
        self._greeting = _make_timer(self, self._give_up_greeting)
        # Queued, and to a method of an object of this thread: else it would run in the thread that reports.
        self._reported.connect(self._take, Qt.ConnectionType.QueuedConnection)

    @property
    def pid(self) -> int:
        """Return the process's number; 0 when there is none."""
        return self._process.pid if self._process is not None else 0

    @property
    def is_ready(self) -> bool:
        """Tell whether the process can begin with a run at once."""
        return self._is_ready

    @property
    def is_running(self) -> bool:
        """Tell whether a run goes on or waits."""
        return any(isinstance(job, RunJob) for job in (self._current, *self._waiting))

    def start(self) -> None:
        """Start the process, unless there is one."""
        if self._process is not None or self._is_closed:
            return
        self._starting.stop()
        self._greeting.start(_HANDSHAKE_MILLISECONDS)
        self._process = WorkerProcess(self._command, self._reported.emit)
        self._process.send(Greeting(PROTOCOL))

    def run(self, job: RunJob) -> None:
        """Run a document when all that was asked for before is over."""
        self._waiting.append(job)
        if not self._starting.isActive():
            self.start()
        self._begin_next()

    def stop(self, number: int) -> None:
        """Stop a run within 200 ms: by its own will, or with its process."""
        if isinstance(self._current, RunJob) and self._current.job == number and self._process is not None:
            self._process.send(StopJob(number))
            if not self._stopping.isActive():
                self._stopping.start(STOP_MILLISECONDS)
            return
        waiting = [job for job in self._waiting if job.job == number and isinstance(job, RunJob)]
        for job in waiting:
            self._waiting.remove(job)
            self.ended.emit(number, Outcome("stopped", self.tr("The run was stopped before it began.")))

    def measure(self, job: GramJob) -> None:
        """Measure similarities in the place of those asked for before."""
        self.stop_measuring()
        self._gram = job
        self._begin_gram()

    def stop_measuring(self) -> None:
        """Let go of the similarities that are being measured; what has been found is kept in the cache."""
        if self._gram is not None and self._is_gram_sent and self._process is not None:
            self._process.send(StopJob(self._gram.job))
        self._gram, self._is_gram_sent = None, False

    def close(self) -> None:
        """Stop what runs, end the process and wait until it is gone."""
        self._is_closed = True
        for timer in (self._stopping, self._starting, self._greeting):
            timer.stop()
        self._waiting.clear()
        processes = [process for process in (self._process, *self._ended) if process is not None]
        self._process = None
        for process in processes:
            process.end_input()
        for process in processes:
            if not process.wait(_CLOSING_SECONDS):
                process.kill()
                process.wait(_CLOSING_SECONDS)

    # --- what the process reports ---

    def _take(self, process: WorkerProcess, report: Report) -> None:
        if isinstance(report, Said):
            self.said.emit(report.line)
        if isinstance(report, Gone) and process in self._ended:
            self._ended.remove(process)
        if process is not self._process:
            return
        match report:
            case Heard(message):
                self._hear(message)
            case Gone():
                self._lose_process(report)
            case _:
                pass

    def _hear(self, message: object) -> None:
        match message:
            case Greeting(protocol):
                self._check_protocol(protocol)
            case Ready():
                self._is_ready = True
                self.ready.emit(message)
                self._begin_next()
                self._begin_gram()
            case StopSeen(job):
                self.stop_seen.emit(job)
            case Told(job, revision, events) if self._is_current(job, revision):
                for event in events:
                    self.told.emit(job, event)
            case JobEnded(job, revision, outcome) if self._is_current(job, revision):
                self._deaths = 0
                self._end_current(outcome)
            case _:
                self._hear_gram(message)

    def _hear_gram(self, message: object) -> None:
        match message:
            case GramReady(job) | GramMoved(job) if self._is_gram(job):
                self.gram_told.emit(message)
            case JobEnded(job, _, outcome) if self._is_gram(job):
                self._deaths = 0
                self._end_gram(outcome)
            case _:
                pass

    def _check_protocol(self, protocol: int) -> None:
        self._greeting.stop()
        if protocol != PROTOCOL:
            text = self.tr("The engine speaks protocol {0}, the window {1}. Install Weightloom again.")
            self._abandon(text.format(protocol, PROTOCOL))

    def _give_up_greeting(self) -> None:
        text = self.tr("The engine's process did not answer within {0} seconds.")
        self._abandon(text.format(_HANDSHAKE_MILLISECONDS // 1000))

    def _abandon(self, message: str) -> None:
        """End a process that is of no use, as if it had died."""
        self._end_process()
        self._recover_from_death(message)

    def _lose_process(self, gone: Gone) -> None:
        self._forget_process()
        reason = describe_status(gone.status)
        last = f" {gone.last_lines[-1]}" if gone.last_lines else ""
        text = self.tr("The engine's process ended unexpectedly ({0}).{1}")
        self._recover_from_death(text.format(reason, last))

    def _recover_from_death(self, message: str) -> None:
        """Fail the job that the process was there for, and start another one, later each time."""
        delays = self._back_off
        will_start = self._deaths < len(delays)
        advice = self.tr("Your graph is unchanged; a new process is started.") if will_start else self.tr("Your graph is unchanged.")
        message = f"{message} {advice}"
        if will_start:
            self._starting.start(int(1000 * delays[self._deaths]))
        self._deaths = self._deaths + 1 if will_start else 0
        job = self._current or next((job for job in self._waiting if isinstance(job, RunJob)), None)
        if job in self._waiting:
            self._waiting.remove(job)
        self._current = None
        if not will_start:
            self._fail_waiting(message)
        if isinstance(job, RunJob):
            self.ended.emit(job.job, Outcome("failed", message))
        if self._gram is not None and ((self._is_gram_sent and job is None) or not will_start):
            # Nothing else was being done: it would most likely end the next process, too.
            self._end_gram(Outcome("failed", message))
        self._is_gram_sent = False
        self.died.emit(message)

    def _fail_waiting(self, message: str) -> None:
        """Let nobody wait for a process that will not be started."""
        waiting, self._waiting = self._waiting, deque()
        for job in waiting:
            if isinstance(job, RunJob):
                self.ended.emit(job.job, Outcome("failed", message))

    # --- jobs ---

    def _begin_next(self) -> None:
        if self._process is not None and self._is_ready and self._current is None and self._waiting:
            self._current = self._waiting.popleft()
            self._process.send(self._current)

    def _begin_gram(self) -> None:
        if self._gram is not None and not self._is_gram_sent and self._process is not None and self._is_ready:
            self._is_gram_sent = True
            self._process.send(self._gram)

    def _end_gram(self, outcome: Outcome) -> None:
        job, self._gram, self._is_gram_sent = self._gram, None, False
        if job is not None:
            self.gram_ended.emit(job.job, outcome)

    def _is_gram(self, job: int) -> bool:
        return self._gram is not None and self._is_gram_sent and self._gram.job == job

    def _end_current(self, outcome: Outcome) -> None:
        job, self._current = self._current, None
        self._stopping.stop()
        self._begin_next()
        if isinstance(job, RunJob):
            self.ended.emit(job.job, outcome)

    def _end_by_force(self) -> None:
        """End a run that did not stop in time together with its process; a new one removes what it had begun to write."""
        job = self._current
        if job is None:
            return
        self._end_process()
        self._is_gram_sent = False
        self._waiting.appendleft(TidyJob(job.job, job.revision, job.document, job.folder, job.options))
        self.start()
        self._end_current(Outcome("stopped", self.tr("The run was stopped. Nothing was written.")))

    def _is_current(self, job: int, revision: int) -> bool:
        return self._current is not None and (self._current.job, self._current.revision) == (job, revision)

    def _end_process(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._ended.append(self._process)
        self._forget_process()

    def _forget_process(self) -> None:
        self._process = None
        self._is_ready = False
        self._stopping.stop()
        self._greeting.stop()


def describe_status(status: int) -> str:
    """Return an exit status in words; a process killed from outside was most often too large for the memory."""
    if status >= 0:
        return _tr("exit status {number}").format(number=status)
    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = _tr("signal {number}").format(number=-status)
    return _tr("{signal}, possibly for lack of memory").format(signal=name) if name == "SIGKILL" else name


def _tr(text: str) -> str:
    return QCoreApplication.translate("worker lane", text)


def _make_timer(parent: QObject, method: Callable[[], None]) -> QTimer:
    timer = QTimer(parent)
    timer.setSingleShot(True)
    timer.timeout.connect(method)
    return timer
