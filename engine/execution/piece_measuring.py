"""Measure pieces of a family's tensors in one thread: the reader and the meters are used again from piece to piece."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch

from engine.checkpoints.positioned_io import FileSet
from engine.errors import Cancelled
from engine.execution.member_reader import MemberReader, find_precision
from engine.similarity.family_files import FamilyFiles
from engine.similarity.missing_rows import MissingRows
from engine.similarity.row_sums import Load, Loaded, RowMeter, RowSums, Stretch, are_squares_whole

Span = tuple[int, int]
"""(first entry, entries) of a tensor."""


class PieceMeasurer:
    """Measure what is missing of one tensor after the other."""

    def __init__(self, family: FamilyFiles, files: FileSet, stops: Callable[[], bool]) -> None:
        """Turn to no tensor yet; `stops` is asked between blocks."""
        self.family = family
        self._reader = MemberReader(files)
        self._stops = stops
        self._meters: dict[tuple[MissingRows, torch.dtype], RowMeter] = {}
        self._precision = torch.float32
        self._missing = MissingRows((), (), frozenset())

    def turn_to(self, tensor: str, missing: MissingRows) -> None:
        """Measure these rows of a tensor from now on.

        Raises:
            ReadError: a file can't be opened, or changed.
        """
        specs = self.family.specs(tensor, missing.members)
        self._reader.turn_to(specs)
        self._precision = find_precision(specs)
        self._missing = missing

    @property
    def piece_entries(self) -> int:
        """Return how many entries can be measured at once."""
        return self._meter(self._precision).piece_entries

    def measure(self, spans: Sequence[Span]) -> RowSums:
        """Return the sums over one span of the tensor, or over several of one size, which is of whole sub-blocks.

        Raises:
            ReadError: they can't be read.
            Cancelled: it was asked to stop.
        """
        self._last = self._meter(self._precision)
        sums = self._last.measure(self._load_from(spans), _count(spans))
        if self._precision == torch.float32 and not are_squares_whole(sums.products, sums.both, self._last.rows):
            # Squares beyond float32's range, at either end, have their place in float64; NaN and infinity stay what they are.
            self._last = self._meter(torch.float64)
            sums = self._last.measure(self._load_from(spans), _count(spans))
        return sums

    def block_products(self, spans: Sequence[Span]) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        """Return the products of each sub-block of what was measured last: (sub-blocks, rows, members)."""
        return self._last.block_products(_count(spans))

    def _meter(self, precision: torch.dtype) -> RowMeter:
        missing = self._missing
        key = (missing, precision)
        if key not in self._meters:
            rows = [missing.members.index(row) for row in missing.rows]
            # One kind of rows at a time: other parts of the family may need others, and the arrays are large.
            self._meters = {kept: meter for kept, meter in self._meters.items() if kept[0] == missing}
            self._meters[key] = RowMeter(len(missing.members), rows, np.float64 if precision == torch.float64 else np.float32)
        return self._meters[key]

    def _load_from(self, spans: Sequence[Span]) -> Load:
        def load(member: int, start: int, stretch: Stretch) -> Loaded:
            self._check(member)
            is_half, done, count = False, 0, stretch.halves.size
            while done < count:
                index, inside = divmod(start + done, spans[0][1])
                end = min(done + spans[index][1] - inside, count)
                is_half = self._read(member, spans[index][0] + inside, Stretch(stretch.halves[done:end], stretch.numbers[done:end]))
                done = end
            return Loaded(is_half, self._reader.is_difference(member))

        return load

    def _read(self, member: int, start: int, stretch: Stretch) -> bool:
        """Read entries as they are best gone over; return whether that is as bfloat16."""
        if stretch.numbers.dtype == np.float32 and self._reader.load_halves(member, start, stretch.halves):
            return True
        self._reader.load(member, start, torch.from_numpy(stretch.numbers))
        return False

    def _check(self, member: int) -> None:
        if not member and self._stops():
            fact = "The similarities were stopped."
            raise Cancelled(fact)


def _count(spans: Sequence[Span]) -> int:
    return sum(size for _, size in spans)
