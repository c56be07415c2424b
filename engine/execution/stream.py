"""Stream over tensors with several workers: each reads, computes and writes its own pieces, so that the three overlap.

Reading, arithmetic (torch's and the compiled loops') and writing release the GIL, so plain threads keep all cores and the disk busy. On a
GPU every worker has its own stream and pinned buffers, so that one worker's copies overlap another's arithmetic.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Protocol

import torch

from engine.errors import DeviceError
from engine.execution.buffers import Buffers, LastingArrays
from engine.execution.device import free_cached_memory, is_out_of_memory, wait_for
from engine.execution.pieces import Ground, Kept, PieceEvaluator, Reduced
from engine.execution.rounds import TensorReduction, TensorRounds
from engine.execution.schedule import Schedule, ScheduleSettings, TensorTask
from engine.operation import BLOCK_ENTRIES
from engine.planning.costs import operand_bytes
from engine.planning.work import TensorWork


class Consumer(Protocol):
    """Want the pieces of some tensors: a file, a similarity, a reduction over the model, a model in memory."""

    def look(self, evaluator: PieceEvaluator) -> object:
        """Use one piece (on several threads at once); what is returned is merged in the order of the entries."""
        ...

    def merge(self, task: TensorTask, number: int, partials: Sequence[object]) -> None:
        """Merge what a piece gave; pieces come in any order."""
        ...

    def close(self, work: TensorWork) -> None:
        """Note that all pieces of a tensor are done."""
        ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """Hold what is wanted of a piece in one round."""

    rounds: TensorRounds
    consumers: Sequence[Consumer]
    """Served in the last round only."""


@dataclass
class StreamSettings:
    """Hold how a stream is cut; the results do not depend on it."""

    piece_entries: int
    workers: int
    kept_bytes: int
    """How much memory may be spent on what would else be read and computed again in every round of a tensor."""
    stops: Callable[[], bool]
    remark: Callable[[str], None]
    """Called with what the user should know: a fallback to smaller pieces."""
    moved: Callable[[], None]
    """Called after every piece."""
    largest_piece: int = field(init=False)
    """Falls when the device runs out of memory."""

    def __post_init__(self) -> None:
        """Begin with whole pieces."""
        self.largest_piece = self.piece_entries


class Stream:
    """Run one pass over the tensors."""

    def __init__(self, ground: Ground, settings: StreamSettings, consumers_of: Callable[[TensorWork], Sequence[Consumer]]) -> None:
        """Keep what is shared; `consumers_of` tells who wants a tensor."""
        self._ground = ground
        self._settings = settings
        self._consumers_of = consumers_of
        self._rounds: dict[TensorTask, TensorRounds] = {}
        self._lasting = LastingArrays(settings.piece_entries, ground.device)

    def run(self, tasks: Sequence[TensorTask]) -> None:
        """Walk through the tasks; returns when every piece is done.

        Raises:
            EngineError: the first failure of any worker.
        """
        settings = self._settings
        schedule = Schedule(tasks, ScheduleSettings(2 * settings.workers, settings.kept_bytes, self._next_round, settings.stops))
        threads = [threading.Thread(target=self._work, args=(schedule,), name=f"stream-{n}") for n in range(self._settings.workers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if schedule.failure is not None:
            raise schedule.failure

    def _work(self, schedule: Schedule) -> None:
        # The workers are the parallelism; torch's own threads below them would only fight for the cores.
        torch.set_num_threads(1)
        device = self._ground.device
        buffers = Buffers(self._settings.piece_entries, device)
        evaluator = PieceEvaluator(self._ground, buffers, self._lasting)
        try:
            with _own_stream(device), torch.inference_mode():
                while taken := schedule.take():
                    self._do_piece(evaluator, *taken)
                    schedule.done(taken[0])
                    self._settings.moved()
        except BaseException as failure:  # noqa: BLE001  (handed to the caller's thread by the schedule)
            schedule.fail(failure)

    def _do_piece(self, evaluator: PieceEvaluator, task: TensorTask, number: int) -> None:
        if task.pieces > 1:
            self._do_round(evaluator, task, number, self._wanted(self._rounds[task], task.work))
            return
        rounds = TensorRounds(self._ground.planner, task.work, 1)
        while rounds.advance():
            self._do_round(evaluator, task, number, self._wanted(rounds, task.work))

    def _wanted(self, rounds: TensorRounds, work: TensorWork) -> Wanted:
        return Wanted(rounds, self._consumers_of(work) if rounds.is_last else ())

    def _do_round(self, evaluator: PieceEvaluator, task: TensorTask, number: int, wanted: Wanted) -> None:
        """Reduce and, in the last round, serve all consumers, for one piece; split where the device's memory ends."""
        partials: list[list[object]] = [[] for _ in (*wanted.rounds.active, *wanted.consumers)]
        offset, count = task.piece(number)
        start = offset
        while start < offset + count or start == offset:
            size = min(offset + count - start, self._settings.largest_piece)
            try:
                found = self._look(evaluator, task, number, (start, size), wanted)
            except (torch.OutOfMemoryError, MemoryError, RuntimeError) as failure:
                self._shrink(failure, size)
                continue
            for kept, partial in zip(partials, found, strict=True):
                kept.append(partial)
            start += max(size, 1)
        for item, parts in zip(wanted.rounds.active, partials, strict=False):
            wanted.rounds.push(item, number, parts)
        for consumer, parts in zip(wanted.consumers, partials[len(wanted.rounds.active) :], strict=True):
            consumer.merge(task, number, parts)

    def _look(self, evaluator: PieceEvaluator, task: TensorTask, number: int, span: tuple[int, int], wanted: Wanted) -> list[object]:
        """Return what the reductions and the consumers make of a stretch of entries (its offset and its size)."""
        start, size = span
        # What was read of a tensor of one piece still holds in its later rounds.
        if task.pieces > 1 or not evaluator.is_at(task.work, start, size):
            evaluator.begin(task.work, start, size, _kept_piece(task, number, size))
        evaluator.reduced = self._ground_results(wanted.rounds)
        reduced = [_reduce(evaluator, item, wanted.rounds) for item in wanted.rounds.active]
        looked = [consumer.look(evaluator) for consumer in wanted.consumers]
        # The next piece is read into the arrays that this one may still be copied from.
        wait_for(self._ground.device)
        return [*reduced, *looked]

    def _ground_results(self, rounds: TensorRounds) -> Reduced:
        return {**self._ground.model_results, **rounds.results}

    def _shrink(self, failure: Exception, count: int) -> None:
        """Go on with half the piece, but no less than a block, when the device is out of memory; raise anything else."""
        if not is_out_of_memory(failure):
            raise failure
        if count <= BLOCK_ENTRIES:
            fact = f"{self._ground.device} has no memory left even for pieces of {count:,} entries."
            raise DeviceError(fact, "Close what else uses it, or run with --device cpu.") from failure
        free_cached_memory(self._ground.device)
        smaller = max(count // 2 // BLOCK_ENTRIES * BLOCK_ENTRIES, BLOCK_ENTRIES)
        if smaller < self._settings.largest_piece:
            self._settings.largest_piece = smaller
            self._settings.remark(f"{self._ground.device} ran out of memory; going on with pieces of {smaller} entries.")

    def _next_round(self, task: TensorTask) -> Sequence[int]:
        """End a round of a tensor and return the pieces that the next visits."""
        if task.pieces == 1:
            # All rounds over a single piece are done in one go.
            visits = () if task.visits else (0,)
        else:
            rounds = self._rounds.get(task)
            if rounds is None:
                rounds = self._rounds[task] = TensorRounds(self._ground.planner, task.work, task.pieces)
            visits = rounds.visits if rounds.advance() else ()
        if not visits:
            self._rounds.pop(task, None)
            kept = (task.kept or {}).values()
            self._lasting.give_back(piece for kernels in kept for ports in kernels.values() for many in ports.values() for piece in many)
            for consumer in self._consumers_of(task.work):
                consumer.close(task.work)
        return visits


def make_tasks(ground: Ground, works: Iterable[TensorWork], piece_entries: int) -> list[TensorTask]:
    """Return the work cut into pieces."""
    return [TensorTask(work, index, piece_entries, operand_bytes(ground.planner, work)) for index, work in enumerate(works)]


def _kept_piece(task: TensorTask, number: int, count: int) -> Kept | None:
    """Return what a piece keeps between rounds; nothing when the device's memory has forced it into parts."""
    if task.kept is None or count != task.piece(number)[1]:
        return None
    return task.kept.setdefault(number, {})


def _reduce(evaluator: PieceEvaluator, item: TensorReduction, rounds: TensorRounds) -> object:
    operands = evaluator.operands(item.kernel)
    return item.reduction.update(operands, rounds.results[item.kernel], evaluator.spot(item.kernel))


def _own_stream(device: torch.device) -> AbstractContextManager[object]:
    return torch.cuda.stream(torch.cuda.Stream(device)) if device.type == "cuda" else nullcontext()
