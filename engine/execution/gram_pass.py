"""The exact Gram pass: read a family's checkpoints once, side by side, and keep the sums of each part as soon as it is done."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import torch

from engine.checkpoints.positioned_io import FileSet
from engine.execution.ordered_fold import OrderedFold
from engine.execution.piece_measuring import PieceMeasurer
from engine.similarity.family_files import FamilyFiles
from engine.similarity.gram_table import GramTable
from engine.similarity.known_sums import KnownSums, MissingTensor
from engine.similarity.missing_rows import Pair
from engine.similarity.pair_sums import PairSums
from engine.similarity.row_sums import RowSums, empty_rows, find_piece_entries
from engine.similarity.store import GramStore


def _never() -> bool:
    return False


@dataclass(frozen=True)
class PassSettings:
    """Hold how a pass is run; its figures do not depend on it."""

    workers: int = min(os.cpu_count() or 1, 4)
    """Threads that read and compute; more of them would wait for the memory."""
    stops: Callable[[], bool] = _never
    """Asked between blocks, by every worker, whether to give up."""
    moved: Callable[[int, int], None] | None = None
    """Called from the calling thread with the bytes of tensors that are done, and of those that are to be read in all."""


@dataclass(frozen=True)
class MeasuredGram:
    """Hold a table, and what it took."""

    table: GramTable
    pairs: frozenset[tuple[str, str]]
    """The pairs of checkpoints that were measured now; the others' sums came from the cache."""
    bytes_read: int

    @property
    def is_from_cache(self) -> bool:
        """Tell whether nothing had to be read."""
        return not self.pairs


def measure_gram(files: FamilyFiles, store: GramStore, settings: PassSettings | None = None) -> MeasuredGram:
    """Return the exact table of a family; what the store knows is not measured again.

    Raises:
        InputChangedError: a file changed since its header was read, or while it was measured.
        ReadError: a file can't be read.
        Cancelled: `stops` said so; the parts that were done stay in the store.
    """
    known = KnownSums(files, store)
    tasks = {part: _PartTask(known, missing) for part in range(len(known.parts)) if (missing := known.find_missing(part))}
    with FileSet(files.stamps) as opened:
        if tasks:
            _GramPass(known, opened, settings or PassSettings()).run(tasks)
        bytes_read = opened.bytes_read
    known.verify_unchanged()
    names = (files.base, *files.vectors)
    pairs = {(names[one], names[other]) for task in tasks.values() for one, other in task.tensors[0].found.missing.pairs}
    return MeasuredGram(known.make_table(), frozenset(pairs), bytes_read)


@dataclass(eq=False)
class _TensorTask:
    """Hold one tensor that is being measured."""

    found: MissingTensor
    entries: int
    size_bytes: int
    left: int = field(init=False)
    """Pieces that have not come."""
    fold: OrderedFold[RowSums, RowSums] = field(init=False)

    def __post_init__(self) -> None:
        """Begin with no piece."""
        missing = self.found.missing
        self.left = max(-(-self.entries // find_piece_entries(len(missing.rows))), 1)
        self.fold = OrderedFold(empty_rows(len(missing.rows), len(missing.members)), RowSums.__add__, range(self.left))


class _PartTask:
    """Hold one part that is being measured."""

    def __init__(self, known: KnownSums, missing: list[MissingTensor]) -> None:
        self.tensors = [_make_task(known.files, tensor) for tensor in missing]
        self.left = len(self.tensors)
        self.sums: dict[Pair, PairSums] = {}
        self._count = len(known.parts[missing[0].part])

    def close_tensor(self, task: _TensorTask) -> None:
        """Take over the sums of a tensor all of whose pieces have come."""
        self.left -= 1
        missing, place = task.found.missing, task.found.place
        for pair in missing.pairs:
            one, other = pair
            sums = self.sums.setdefault(pair, PairSums.empty(self._count, is_single=one == other))
            sums.put(place, task.fold.state, *missing.locate(pair))


def _make_task(files: FamilyFiles, tensor: MissingTensor) -> _TensorTask:
    specs = files.specs(tensor.name, tensor.missing.members)
    return _TensorTask(tensor, specs[0].count, sum(spec.size_bytes for spec in specs))


@dataclass(frozen=True)
class _Piece:
    """Hold the sums of one piece."""

    task: _TensorTask
    number: int
    sums: RowSums


class _GramPass:
    """Let workers read and compute; the calling thread puts together, keeps and tells."""

    def __init__(self, known: KnownSums, files: FileSet, settings: PassSettings) -> None:
        self._known = known
        self._files = files
        self._settings = settings
        self._found: queue.SimpleQueue[_Piece | BaseException] = queue.SimpleQueue()
        self._gives_up = threading.Event()
        self._taking = threading.Lock()
        self._pieces: Iterator[tuple[_TensorTask, int]] = iter(())

    def run(self, tasks: Mapping[int, _PartTask]) -> None:
        """Measure the parts."""
        self._pieces = _list_pieces(tasks)
        threads = [threading.Thread(target=self._work, name=f"gram-{number}") for number in range(self._settings.workers)]
        for thread in threads:
            thread.start()
        try:
            self._gather(tasks)
        finally:
            self._gives_up.set()
            for thread in threads:
                thread.join()

    def _gather(self, tasks: Mapping[int, _PartTask]) -> None:
        total = sum(task.size_bytes for part in tasks.values() for task in part.tensors)
        done, left = 0, sum(part.left for part in tasks.values())
        while left:
            piece = self._found.get()
            if not isinstance(piece, _Piece):
                raise piece
            task = piece.task
            task.fold.push(piece.number, [piece.sums])
            task.left -= 1
            if task.left:
                continue
            left -= 1
            done += task.size_bytes
            part = tasks[task.found.part]
            part.close_tensor(task)
            if not part.left:
                self._known.add(task.found.part, part.sums)
            if self._settings.moved:
                self._settings.moved(done, total)

    def _work(self) -> None:
        # The workers are the parallelism; torch's own threads below them would only fight for the cores.
        torch.set_num_threads(1)
        measurer = PieceMeasurer(self._known.files, self._files, lambda: self._gives_up.is_set() or self._settings.stops())
        try:
            with torch.inference_mode():
                while (taken := self._take()) is not None:
                    task, number = taken
                    measurer.turn_to(task.found.name, task.found.missing)
                    offset = number * measurer.piece_entries
                    sums = measurer.measure([(offset, min(measurer.piece_entries, task.entries - offset))])
                    self._found.put(_Piece(task, number, sums))
        except BaseException as failure:  # noqa: BLE001  (raised again in the calling thread)
            self._found.put(failure)

    def _take(self) -> tuple[_TensorTask, int] | None:
        with self._taking:
            return next(self._pieces, None)


def _list_pieces(tasks: Mapping[int, _PartTask]) -> Iterator[tuple[_TensorTask, int]]:
    """Yield every tensor's pieces in file order."""
    for part in tasks.values():
        for task in part.tensors:
            for number in range(task.left):
                yield task, number
