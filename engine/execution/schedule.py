"""Which worker does what next: tensors in file order, their pieces round by round, a little ahead so that nobody waits."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from engine.errors import Cancelled
from engine.execution.pieces import Kept
from engine.planning.work import TensorWork


@dataclass(eq=False)
class TensorTask:
    """Hold how far one tensor has come; only the schedule changes it."""

    work: TensorWork
    index: int
    """Its position in the pass."""
    piece_entries: int
    kept_bytes: int = 0
    """What its kernels' operands take if they are kept from round to round."""
    visits: Sequence[int] = ()
    """The pieces of this round, by number."""
    taken: int = 0
    """Pieces of this round given out."""
    finished: int = 0
    """Pieces of this round done."""
    kept: dict[int, Kept] | None = None
    """Per piece the kernels' operands; None when they are computed anew in every round."""

    @property
    def pieces(self) -> int:
        """Return the number of pieces; an empty tensor has one, of no entries."""
        return max(-(-self.work.entries // self.piece_entries), 1)

    @property
    def is_repeated(self) -> bool:
        """Tell whether pieces are visited in several rounds; one worker takes a tensor of one piece through all of them."""
        return self.pieces > 1 and self.work.needs.rounds > 1

    def piece(self, number: int) -> tuple[int, int]:
        """Return (offset, entries) of a piece."""
        offset = number * self.piece_entries
        return offset, min(self.piece_entries, self.work.entries - offset)


@dataclass(frozen=True)
class ScheduleSettings:
    """Hold what a schedule is run with."""

    window: int
    """How many tensors may be open at once."""
    kept_bytes: int
    """How much memory operands kept between rounds may take in all."""
    next_round: Callable[[TensorTask], Sequence[int]]
    """Called when a tensor is opened, and once all pieces of a round are done by the worker that did the last: ends that round, and
    returns the pieces to visit in the next one; none when the tensor is done."""
    stops: Callable[[], bool]
    """Tells whether the user wants to stop."""


class Schedule:
    """Hand pieces out to workers; the only place where they wait for one another."""

    def __init__(self, tasks: Iterable[TensorTask], settings: ScheduleSettings) -> None:
        """Begin with no tensor open; the tasks come in file order."""
        self._waiting = iter(tasks)
        self._settings = settings
        self._kept_left = settings.kept_bytes
        self._open: list[TensorTask] = []
        self._changed = threading.Condition()
        self._failure: BaseException | None = None

    def take(self) -> tuple[TensorTask, int] | None:
        """Return a piece to work on (the task and the piece's number); None when all is done or something failed."""
        with self._changed:
            while self._failure is None:
                if self._settings.stops():
                    self._failure = Cancelled("The run was stopped.")
                    self._changed.notify_all()
                    return None
                found = self._find()
                if found or not self._open:
                    return found
                self._changed.wait(0.05)
            return None

    def done(self, task: TensorTask) -> None:
        """Note that a piece of a task is done; the last one of a round ends it."""
        with self._changed:
            task.finished += 1
            if task.finished < len(task.visits):
                return
        visits = self._settings.next_round(task)
        with self._changed:
            task.visits, task.taken, task.finished = visits, 0, 0
            if not visits:
                self._close(task)
            self._changed.notify_all()

    def fail(self, failure: BaseException) -> None:
        """Stop everyone; the first failure counts."""
        with self._changed:
            self._failure = self._failure or failure
            self._changed.notify_all()

    @property
    def failure(self) -> BaseException | None:
        """Return what stopped the schedule, if anything did."""
        return self._failure

    def _find(self) -> tuple[TensorTask, int] | None:
        for task in self._open:
            if task.taken < len(task.visits):
                task.taken += 1
                return task, task.visits[task.taken - 1]
        if len(self._open) >= self._settings.window:
            return None
        task = next(self._waiting, None)
        if task is None:
            return None
        self._open_task(task)
        task.taken = 1
        return task, task.visits[0]

    def _open_task(self, task: TensorTask) -> None:
        """Let a tensor of several rounds keep its operands while there is room for them."""
        self._open.append(task)
        task.visits = self._settings.next_round(task)
        if task.is_repeated and task.kept_bytes <= self._kept_left:
            self._kept_left -= task.kept_bytes
            task.kept = {}

    def _close(self, task: TensorTask) -> None:
        self._open.remove(task)
        if task.kept is not None:
            self._kept_left += task.kept_bytes
            task.kept = None
