"""The exact Gram pass: read a family's checkpoints once, side by side, and keep the sums of each part as soon as it is done."""

from __future__ import annotations

import itertools
import queue
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import torch

from engine.checkpoints.positioned_io import FileSet
from engine.errors import Cancelled
from engine.execution.member_reader import MemberReader, find_precision
from engine.execution.ordered_fold import OrderedFold
from engine.similarity.family_files import FamilyFiles, cut_parts, identify_checkpoint, is_settled
from engine.similarity.gram_table import GramTable
from engine.similarity.missing_rows import MissingRows, Pair, find_rows
from engine.similarity.pair_sums import PairSums
from engine.similarity.row_sums import RowMeter, RowSums, empty_rows, find_piece_entries
from engine.similarity.store import GramStore, PairKey, pair_key
from engine.similarity.table_making import make_table


@dataclass(frozen=True)
class PassSettings:
    """Hold how a pass is run; its figures do not depend on it."""

    workers: int = 2
    """Threads that read and compute."""
    stops: Callable[[], bool] = lambda: False
    """Asked between blocks whether to give up."""
    moved: Callable[[int, int], None] = lambda done, total: None
    """Called from the calling thread with the bytes of tensors that are done, and of those that are to be read in all."""


@dataclass(frozen=True)
class MeasuredGram:
    """Hold a table, and what it took."""

    table: GramTable
    pairs: frozenset[tuple[str, str]]
    """The pairs of checkpoints that were measured now; the others' sums came from the cache."""
    bytes_read: int
    notes: tuple[str, ...]

    @property
    def is_from_cache(self) -> bool:
        """Tell whether nothing had to be read."""
        return not self.pairs


@dataclass(eq=False)
class _TensorTask:
    """Hold one tensor of a part that is being measured."""

    part: int
    place: int
    """Its position in the part."""
    name: str
    missing: MissingRows
    entries: int
    fold: OrderedFold[RowSums, RowSums]
    left: int
    """Pieces that have not come."""
    size_bytes: int


@dataclass(eq=False)
class _PartTask:
    """Hold one part that is being measured."""

    missing: MissingRows
    tensors: list[_TensorTask]
    left: int
    sums: dict[Pair, PairSums] = field(default_factory=dict[Pair, PairSums])


@dataclass(frozen=True)
class _Found:
    """Hold the sums of one piece."""

    task: _TensorTask
    number: int
    sums: RowSums


def measure_gram(files: FamilyFiles, store: GramStore, settings: PassSettings | None = None) -> MeasuredGram:
    """Return the exact table of a family; what the store knows is not measured again.

    Raises:
        InputChangedError: a file changed since its header was read, or while it was measured.
        ReadError: a file can't be read.
        Cancelled: `stops` said so; the parts that were done stay in the store.
    """
    return _GramPass(files, store, settings or PassSettings()).run()


class _GramPass:
    """Walk over the parts of a family once."""

    def __init__(self, files: FamilyFiles, store: GramStore, settings: PassSettings) -> None:
        self._files = files
        self._store = store
        self._settings = settings
        self._identities = tuple(identify_checkpoint(header) for header in files.headers)
        # Asked before a byte is read: what changes from now on shows in the files' times.
        self._settled = [is_settled(header) for header in files.headers]
        self._parts = cut_parts(files.headers[0])
        shared = set(files.tensors)
        self._places = [np.flatnonzero([name in shared for name in part]) for part in self._parts]
        self._known: dict[PairKey, PairSums] = {}

    def run(self) -> MeasuredGram:
        """Measure what is missing and put the table together."""
        identities = self._identities
        self._known = self._store.find(identities[0], identities, [len(part) for part in self._parts])
        tasks = {part: task for part in range(len(self._parts)) if (task := self._make_part(part)).missing.pairs}
        with FileSet(self._files.stamps) as files:
            if tasks:
                self._measure(tasks, files)
            bytes_read = files.bytes_read
        self._verify_unchanged()
        names = (self._files.base, *self._files.vectors)
        pairs = {(names[one], names[other]) for task in tasks.values() for one, other in task.missing.pairs}
        table = make_table(self._files, self._parts, lambda one, other, part: self._known[self._key((one, other), part)])
        return MeasuredGram(table, frozenset(pairs), bytes_read, tuple(self._store.notes))

    # --- what is missing ---

    def _make_part(self, part: int) -> _PartTask:
        members = range(len(self._identities))
        pairs = [pair for pair in itertools.combinations_with_replacement(members, 2) if not self._is_known(pair, part)]
        missing = find_rows(pairs)
        tensors = [self._make_tensor(part, int(place), missing) for place in self._places[part]] if pairs else []
        return _PartTask(missing, tensors, len(tensors))

    def _is_known(self, pair: Pair, part: int) -> bool:
        sums = self._known.get(self._key(pair, part))
        return not self._places[part].size or (sums is not None and sums.covers(self._places[part]))

    def _key(self, pair: Pair, part: int) -> PairKey:
        return pair_key(self._identities[pair[0]], self._identities[pair[1]], part)

    def _make_tensor(self, part: int, place: int, missing: MissingRows) -> _TensorTask:
        name = self._parts[part][place]
        specs = self._files.specs(name, missing.members)
        pieces = max(-(-specs[0].count // find_piece_entries(len(missing.rows))), 1)
        start = empty_rows(len(missing.rows), len(missing.members))
        fold = OrderedFold(start, RowSums.__add__, range(pieces))
        return _TensorTask(part, place, name, missing, specs[0].count, fold, pieces, sum(spec.size_bytes for spec in specs))

    # --- measuring: workers read and compute, the calling thread puts together, stores and tells ---

    def _measure(self, tasks: Mapping[int, _PartTask], files: FileSet) -> None:
        found: queue.SimpleQueue[_Found | BaseException | None] = queue.SimpleQueue()
        gives_up = threading.Event()
        stops = self._settings.stops
        work = _Work(self._files, files, _list_pieces(tasks.values()), lambda: gives_up.is_set() or stops(), found)
        threads = [threading.Thread(target=work.serve, name=f"gram-{number}") for number in range(self._settings.workers)]
        for thread in threads:
            thread.start()
        try:
            self._gather(tasks, files, found)
        finally:
            gives_up.set()
            for thread in threads:
                thread.join()

    def _gather(self, tasks: Mapping[int, _PartTask], files: FileSet, found: queue.SimpleQueue[_Found | BaseException | None]) -> None:
        total = sum(tensor.size_bytes for part in tasks.values() for tensor in part.tensors)
        done, left = 0, sum(part.left for part in tasks.values())
        while left:
            item = found.get()
            if not isinstance(item, _Found):
                raise item or Cancelled("The similarities were stopped.")
            tensor = item.task
            tensor.fold.push(item.number, [item.sums])
            tensor.left -= 1
            if tensor.left:
                continue
            left -= 1
            done += tensor.size_bytes
            self._close_tensor(tensor, tasks[tensor.part], files)
            self._settings.moved(done, total)

    def _close_tensor(self, tensor: _TensorTask, part: _PartTask, files: FileSet) -> None:
        sums, rows, members = tensor.fold.state, tensor.missing.rows, tensor.missing.members
        for pair in tensor.missing.pairs:
            row = next(member for member in pair if member in rows)
            other = pair[0] if row == pair[1] else pair[1]
            index, column = rows.index(row), members.index(other)
            pair_sums = part.sums.setdefault(pair, PairSums.empty(len(self._parts[tensor.part]), is_single=row == other))
            pair_sums.known[tensor.place] = True
            pair_sums.products[tensor.place] = sums.products[index, column]
            pair_sums.both[tensor.place] = sums.both[index, column]
            pair_sums.signs[tensor.place] = sums.signs[index, column]
            if row == other:
                pair_sums.magnitudes[tensor.place] = sums.magnitudes[index]
        part.left -= 1
        if not part.left:
            self._close_part(tensor.part, part, files)

    def _close_part(self, number: int, part: _PartTask, files: FileSet) -> None:
        """Keep what was measured of a part, if it is certain what it was measured of."""
        files.verify_unchanged()
        for pair, sums in part.sums.items():
            self._known[self._key(pair, number)] = sums
        settled = {self._key(pair, number): sums for pair, sums in part.sums.items() if self._is_settled(pair)}
        if settled:
            self._store.save(self._identities[0], settled)

    def _is_settled(self, pair: Pair) -> bool:
        return all(self._settled[member] for member in (0, *pair))

    def _verify_unchanged(self) -> None:
        for header in self._files.headers:
            identify_checkpoint(header)


def _list_pieces(parts: Iterable[_PartTask]) -> Iterator[tuple[_TensorTask, int]]:
    """Yield every tensor's pieces in file order."""
    for part in parts:
        for tensor in part.tensors:
            for number in range(tensor.left):
                yield tensor, number


class _Work:
    """Serve pieces to several threads, and hand on what they find."""

    def __init__(
        self,
        family: FamilyFiles,
        files: FileSet,
        pieces: Iterator[tuple[_TensorTask, int]],
        stops: Callable[[], bool],
        found: queue.SimpleQueue[_Found | BaseException | None],
    ) -> None:
        self._family = family
        self._files = files
        self._pieces = pieces
        self._stops = stops
        self._found = found
        self._lock = threading.Lock()

    def serve(self) -> None:
        """Measure pieces until there are none."""
        # The workers are the parallelism; torch's own threads below them would only fight for the cores.
        torch.set_num_threads(1)
        reader = MemberReader(self._files)
        meters: dict[tuple[MissingRows, torch.dtype], RowMeter] = {}
        try:
            with torch.inference_mode():
                while (taken := self._take()) is not None:
                    task, number = taken
                    specs = self._family.specs(task.name, task.missing.members)
                    reader.turn_to(specs)
                    sums = self._measure_piece(task, number, reader, meters)
                    self._found.put(_Found(task, number, sums))
        except _StoppedError:
            self._found.put(None)
        except BaseException as failure:  # noqa: BLE001  (raised again in the calling thread)
            self._found.put(failure)

    def _take(self) -> tuple[_TensorTask, int] | None:
        with self._lock:
            return next(self._pieces, None)

    def _measure_piece(
        self, task: _TensorTask, number: int, reader: MemberReader, meters: dict[tuple[MissingRows, torch.dtype], RowMeter]
    ) -> RowSums:
        precision = find_precision(self._family.specs(task.name, task.missing.members))
        sums = self._measure_in(precision, task, number, reader, meters)
        if precision == torch.float32 and not np.isfinite(sums.products).all():
            # Squares beyond float32's range have their place in float64; NaN and infinity stay what they are.
            return self._measure_in(torch.float64, task, number, reader, meters)
        return sums

    def _measure_in(
        self,
        precision: torch.dtype,
        task: _TensorTask,
        number: int,
        reader: MemberReader,
        meters: dict[tuple[MissingRows, torch.dtype], RowMeter],
    ) -> RowSums:
        missing = task.missing
        key = (missing, precision)
        if key not in meters:
            meters[key] = RowMeter(len(missing.members), [missing.members.index(row) for row in missing.rows], precision)
        meter = meters[key]
        offset = number * meter.piece_entries

        def load(member: int, start: int, count: int, out: torch.Tensor) -> None:
            if not member and self._stops():
                raise _StoppedError
            reader.load(member, offset + start, out)

        return meter.measure(load, min(meter.piece_entries, task.entries - offset))


class _StoppedError(Exception):
    """End a worker that was asked to stop."""
