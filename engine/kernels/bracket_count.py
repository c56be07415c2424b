"""The exact cut of a tensor in one reading: what lies above a bracket is counted, what lies within it is gathered.

Where the bracket turns out to miss, or holds too many entries to gather, the digits of `select_magnitude` find the cut instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.kernels.magnitude_bits import magnitude_of_bits
from engine.kernels.magnitude_bracket import Bracket
from engine.kernels.magnitude_cut import NOTHING, Cut, TiePlace
from engine.operation import BLOCK_ENTRIES, Extent, Operands, Reduction, Spot

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

    from engine.kernels.magnitude_bracket import Magnitudes

    Bits = NDArray[np.int32 | np.int64]

MOST_ROWS = 1 << 20
"""Counts held of one operand; 8 bytes each, and 4 more while they are looked through."""
_FEW = 4096


@dataclass(slots=True)
class Tally:
    """Hold the counts over some entries of one operand; its rows are the magnitudes within the bracket, block by block."""

    tensor: str
    width: int
    """The bits of a float: 32 or 64."""
    above: int = 0
    """Entries of a magnitude above the bracket."""
    rows: int = 0
    """How many rows there are; when there are too many they are counted only."""
    found: list[tuple[Bits, Bits, int]] = field(default_factory=list[tuple["Bits", "Bits", int]])
    """The bits of some magnitudes, how many entries of a block have each, and the number of the block."""

    def add(self, other: Tally) -> None:
        """Add the counts over the entries that come next."""
        self.above += other.above
        self.rows += other.rows
        self.found += other.found
        if self.rows > MOST_ROWS:
            self.found.clear()

    def add_rows(self, bits: Bits, counts: Bits, block: int) -> None:
        """Add the rows of a block."""
        if bits.size:
            self.rows += bits.size
            self.found.append((bits, counts, block))


def count_in_brackets(port: str) -> Reduction:
    """Return the reduction that follows `survey_magnitudes`: per wire the cut, placed ties included, or None where the bracket missed."""

    def update(operands: Operands, earlier: tuple[object, ...], spot: Spot) -> list[Tally]:
        return [_count(piece, bracket, spot) for piece, bracket in zip(operands[port], _read_brackets(earlier), strict=True)]

    def finish(state: object, extent: Extent, earlier: tuple[object, ...]) -> tuple[Cut | None, ...]:
        tallies = state if isinstance(state, list) else []
        return tuple(_find_cut(bracket, tally) for bracket, tally in zip(_read_brackets(earlier), tallies, strict=True))

    return Reduction("tensor", list, update, _merge, finish)


def _read_brackets(earlier: tuple[object, ...]) -> Sequence[Bracket]:
    found = earlier[0]
    return found if isinstance(found, tuple) else ()


def _merge(state: object, partial: object) -> object:
    if not (isinstance(state, list) and isinstance(partial, list)):
        return state
    if not state:
        return partial
    for tally, other in zip(state, partial, strict=True):
        tally.add(other)
    return state


def _count(piece: torch.Tensor, bracket: Bracket, spot: Spot) -> Tally:
    return (_count_on_host if piece.device.type == "cpu" else _count_on_device)(piece, bracket, spot)


def _count_on_host(piece: torch.Tensor, bracket: Bracket, spot: Spot) -> Tally:
    import numpy as np

    from engine.loops.bracket import count_bracket

    values = piece.numpy()
    limits = values.dtype.type(bracket.lowest), values.dtype.type(bracket.highest)
    marks = np.array(bracket.marks, dtype=values.dtype)
    above, on_marks, others, ends = count_bracket(values, *limits, marks, BLOCK_ENTRIES)
    tally = Tally(spot.tensor, values.itemsize * 8, int(above))
    begin = 0
    for number, end in enumerate(ends, start=spot.offset // BLOCK_ENTRIES):
        tally.add_rows(_bits_of(marks), on_marks[number - spot.offset // BLOCK_ENTRIES], number)
        tally.add_rows(*_count_values(others[begin:end]), number)
        begin = end
    return tally


def _count_on_device(piece: torch.Tensor, bracket: Bracket, spot: Spot) -> Tally:
    import numpy as np

    magnitudes = piece.abs()
    within = magnitudes <= bracket.highest
    tally = Tally(spot.tensor, piece.element_size() * 8, piece.numel() - int(within.sum()))
    within = within ^ (magnitudes < bracket.lowest)
    marked = [magnitudes == mark for mark in bracket.marks]
    for equal in marked:
        within = within ^ equal
    marks = _bits_of(np.array(bracket.marks, dtype=magnitudes[:0].cpu().numpy().dtype))
    for start in range(0, piece.numel(), BLOCK_ENTRIES):
        here = slice(start, start + BLOCK_ENTRIES)
        block = (spot.offset + start) // BLOCK_ENTRIES
        tally.add_rows(marks, np.array([int(equal[here].sum()) for equal in marked], dtype=np.int32), block)
        tally.add_rows(*_count_values(magnitudes[here][within[here]].cpu().numpy()), block)
    return tally


def _count_values(magnitudes: Magnitudes) -> tuple[Bits, Bits]:
    """Return the bits of the distinct magnitudes and how often each occurs; few are not worth the sorting and stand for themselves."""
    import numpy as np

    bits = _bits_of(magnitudes)
    if bits.size < _FEW:
        return bits, np.ones(bits.size, dtype=np.int32)
    distinct, counts = np.unique(bits, return_counts=True)
    return distinct, counts.astype(np.int32)


def _bits_of(magnitudes: Magnitudes) -> Bits:
    import numpy as np

    return magnitudes.view(np.int32 if magnitudes.dtype == np.float32 else np.int64)


def _find_cut(bracket: Bracket, tally: Tally) -> Cut | None:
    """Return the cut; None when the k-th largest is not among what was gathered."""
    import numpy as np

    if not bracket.quota:
        return NOTHING
    wanted = bracket.quota - tally.above
    if wanted <= 0 or not tally.found:
        return None
    bits, counts = (np.concatenate([rows[part] for rows in tally.found]) for part in (0, 1))
    blocks = np.repeat([block for _, _, block in tally.found], [part.size for part, _, _ in tally.found])
    order = np.argsort(-bits, kind="stable")
    from_top = np.cumsum(counts[order], dtype=np.int64)
    if wanted > from_top[-1]:
        return None
    threshold = int(bits[order[np.searchsorted(from_top, wanted)]])
    quota = wanted - int(counts[bits > threshold].sum(dtype=np.int64))
    tied = np.bincount(blocks[bits == threshold], counts[bits == threshold]).astype(np.int64)
    at, above = (magnitude_of_bits(number, tally.width) for number in (threshold, threshold - 1))
    return Cut(above) if not threshold or quota == tied.sum() else Cut(above, at, quota, _place(tally.tensor, tied.tolist(), quota))


def _place(tensor: str, tied: Sequence[int], quota: int) -> TiePlace:
    """Return the block in which the quota of tied entries runs out, with what is left of it there."""
    left = quota
    block = 0
    while tied[block] <= left:
        left -= tied[block]
        block += 1
    return TiePlace(tensor, block * BLOCK_ENTRIES, left)
