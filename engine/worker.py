"""The engine's process behind the window: serves jobs over standard input and output, and alone imports torch.

A reader, a job and an event thread, so that a stop is seen during a run. The end of the input means stop. There is one lane: a Gram job
lets a run through as soon as it comes, and goes on after it.
"""

from __future__ import annotations

import itertools
import os
import queue
import sys
import threading
import time
from typing import TYPE_CHECKING, NoReturn

from engine.errors import WorkerError
from engine.worker_messages import (
    PROTOCOL,
    GramJob,
    Greeting,
    Job,
    JobEnded,
    Outcome,
    Ready,
    RunJob,
    StopJob,
    StopSeen,
    TidyJob,
    ToWorker,
    read_request,
)
from engine.worker_outbox import Outbox
from engine.worker_pipes import claim_output, read_lines, tie_to_window

if TYPE_CHECKING:
    from engine.execution.stop import Stop

_LONGEST_STOP_SECONDS = 4.0
"""After the end of the input; what has not stopped by then is ended with the process."""
_DONE, _MISUNDERSTOOD, _GAVE_UP = 0, 3, 4
_FIRST, _LAST, _END = range(3)


def main() -> NoReturn:
    """Serve the window until its end of the input closes, and end the process."""
    outbox = Outbox(claim_output())
    tie_to_window()
    outbox.start()
    outbox.send(Greeting(PROTOCOL))
    Worker(outbox).serve()
    outbox.close()
    sys.stderr.flush()
    # Nothing is left to do, and torch takes a second to take itself apart.
    os._exit(_DONE)


class Worker:
    """Take jobs from a reader thread and do them one after the other in the calling thread, the job thread."""

    def __init__(self, outbox: Outbox) -> None:
        """Read nothing yet."""
        # torch is not imported with it: a Stop is but a flag.
        from engine.execution.stop import Stop

        self._outbox = outbox
        self._make_stop = Stop
        self._stops: dict[int, Stop] = {}
        """The wish to stop of each job that is known and not over."""
        self._jobs: queue.PriorityQueue[tuple[int, int, Job | None]] = queue.PriorityQueue()
        """(rank, number, job): the lowest first, equals in their order; None ends the worker."""
        self._numbers = itertools.count()
        self._begun: set[int] = set()
        """Gram jobs that let a run through and have sent their estimates."""
        self._urgent = threading.Event()
        """Whether something waits that a Gram job must let through."""
        self._doing: int | None = None
        self._gram_stop = Stop()
        """What ends the Gram job that is being done: the user's wish, or something more urgent."""
        self._lock = threading.Lock()

    def serve(self) -> None:
        """Do jobs until the input ends."""
        threading.Thread(target=self._read, name="reader", daemon=True).start()
        self._outbox.send(_warm_up())
        while True:
            rank, number, job = self._jobs.get()
            if job is None:
                return
            with self._lock:
                stop = self._stops[job.job]
                self._doing = job.job
            outcome = self._do_gram(job, stop) if isinstance(job, GramJob) else self._do(job, stop)
            if outcome is None:
                self._jobs.put((rank, number, job))
            else:
                self._end_job(job, outcome)

    def _do(self, job: RunJob | TidyJob, stop: Stop) -> Outcome:
        from engine.worker_jobs import run_job, tidy_job  # noqa: PLC0415

        with self._lock:
            self._urgent.clear()
        return run_job(job, stop, lambda event: self._outbox.tell(job, event)) if isinstance(job, RunJob) else tidy_job(job)

    def _do_gram(self, job: GramJob, stop: Stop) -> Outcome | None:
        """Measure until it is done or stopped, or something more urgent has come (None)."""
        from engine.worker_gram import GramTalk, run_gram  # noqa: PLC0415

        ends = self._make_stop()
        with self._lock:
            self._gram_stop = ends
            if self._urgent.is_set() or stop.is_requested():
                ends.request()
        outcome = run_gram(job, GramTalk(ends, self._outbox.send), with_estimate=job.job not in self._begun)
        yields = outcome.kind == "stopped" and not stop.is_requested()
        self._begun |= {job.job} if yields else set()
        return None if yields else outcome

    def _end_job(self, job: Job, outcome: Outcome) -> None:
        with self._lock:
            del self._stops[job.job]
        self._outbox.end_job(JobEnded(job.job, job.revision, outcome))

    # --- the reader thread ---

    def _read(self) -> None:
        try:
            for line in read_lines():
                self._take(read_request(line))
        except WorkerError as error:
            sys.stderr.write(f"{error}\n")
            sys.stderr.flush()
            # Whoever speaks another protocol has not asked for anything that could be stopped.
            os._exit(_MISUNDERSTOOD)
        self._end()

    def _take(self, message: ToWorker) -> None:
        match message:
            case Greeting(protocol):
                if protocol != PROTOCOL:
                    fact = f"The window speaks protocol {protocol}, the engine {PROTOCOL}."
                    raise WorkerError(fact, "Install Weightloom again.")
            case StopJob(job):
                with self._lock:
                    stop = self._stops.get(job)
                    if stop is not None:
                        stop.request()
                    if job == self._doing:
                        self._gram_stop.request()
                self._outbox.send(StopSeen(job))
            case _:
                self._enqueue(message)

    def _enqueue(self, job: Job) -> None:
        is_gram = isinstance(job, GramJob)
        with self._lock:
            self._stops[job.job] = self._make_stop()
            self._jobs.put((_LAST if is_gram else _FIRST, next(self._numbers), job))
            if not is_gram:
                self._urgent.set()
                self._gram_stop.request()

    def _end(self) -> None:
        """Stop everything; what does not stop ends with the process."""
        with self._lock:
            for stop in (*self._stops.values(), self._gram_stop):
                stop.request()
        self._jobs.put((_END, next(self._numbers), None))
        time.sleep(_LONGEST_STOP_SECONDS)
        os._exit(_GAVE_UP)


def _warm_up() -> Ready:
    """Import what every run needs, so that the first one starts at once."""
    began = time.monotonic()
    from engine.worker_jobs import list_devices  # noqa: PLC0415

    devices = list_devices()
    return Ready(time.monotonic() - began, devices)


if __name__ == "__main__":
    main()
