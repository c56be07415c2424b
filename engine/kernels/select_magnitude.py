"""The exact k-th largest magnitude of a tensor or a model, and where among tied entries the kept ones end.

Within a tensor a sample brackets it, and one reading settles it (`bracket_count`). Over the model, and where a bracket has missed,
it is found digit by digit over the bits of the floats: one histogram over the top 16 bits says in which of their bins the k-th
largest magnitude lies, the next histogram, over the entries of that bin, gives the 16 bits below, and so on: two rounds for float32,
four for float64. Where more entries equal the threshold than may be kept, a last round counts them block by block.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from engine.kernels.bracket_count import count_in_brackets
from engine.kernels.magnitude_bits import magnitude_of_bits
from engine.kernels.magnitude_bracket import survey_magnitudes
from engine.kernels.magnitude_cut import NOTHING, Cut
from engine.kernels.tied_entries import place_ties
from engine.operation import Extent, Operands, Reduction, Spot

if TYPE_CHECKING:
    import torch

DIGIT_BITS = 16
ROUNDS = 4
"""Digits of the widest floats; those that narrower floats do not have are skipped."""
SELECTION_SCRATCH = 5
"""Arrays as large as a piece that a round holds: magnitudes, and at worst 64-bit indices and copies of all of them."""

Scope = Literal["tensor", "model"]


@dataclass(frozen=True, slots=True)
class Search:
    """Hold what is known of an operand's k-th largest magnitude."""

    width: int
    """The bits of a float: 32 or 64."""
    prefix: int
    """Its leading bits."""
    known_bits: int
    """How many leading bits are known, the sign included."""
    quota: int
    """How many of the entries with this prefix are to be kept."""


@dataclass(frozen=True, slots=True)
class Histograms:
    """Hold how often each value of a digit occurs, per operand; None where the cut is known already."""

    width: int
    """The bits of a float: 32 or 64."""
    counts: Sequence[torch.Tensor | None]


def select_largest(port: str, density: Fraction, scope: Scope) -> tuple[Reduction, ...]:
    """Return the reductions that find, for every wire of the port, the cut that keeps k = ⌊density·n⌋ entries; see `read_cuts`."""
    quick = (survey_magnitudes(port, density), count_in_brackets(port)) if scope == "tensor" else ()
    digits = tuple(_make_digit_round(port, density, scope, number) for number in range(ROUNDS))
    return (*quick, *digits, place_ties(port, scope, read_cuts))


def read_cuts(reduced: tuple[object, ...]) -> Sequence[Cut]:
    """Return each operand's cut from the results of the reductions."""
    return tuple(found for found in _latest(reduced) if isinstance(found, Cut))


def read_scope(word: str) -> Scope:
    """Return the scope that a parameter names."""
    return "model" if word == "model" else "tensor"


def _latest(results: tuple[object, ...]) -> Sequence[Search | Cut | None]:
    """Return what the last round that was needed found; None where nothing is known yet."""
    return next((result for result in reversed(results) if isinstance(result, tuple)), ())


def _make_digit_round(port: str, density: Fraction, scope: Scope, number: int) -> Reduction:
    def update(operands: Operands, earlier: tuple[object, ...], spot: Spot) -> Histograms:
        pieces = operands[port]
        found = _latest(earlier) or (None,) * len(pieces)
        counts = [_count_digits(piece, search) for piece, search in zip(pieces, found, strict=True)]
        return Histograms(pieces[0].element_size() * 8 if pieces else 0, counts)

    def finish(state: object, extent: Extent, earlier: tuple[object, ...]) -> tuple[Search | Cut, ...]:
        if not isinstance(state, Histograms):
            return ()
        kept = math.floor(density * extent.entries)
        start: Search | Cut = Search(state.width, prefix=0, known_bits=0, quota=kept) if kept else NOTHING
        found = [search or start for search in _latest(earlier) or (start,) * len(state.counts)]
        return tuple(_narrow(search, histogram) for search, histogram in zip(found, state.counts, strict=True))

    def needed(earlier: tuple[object, ...]) -> bool:
        return any(not isinstance(search, Cut) for search in _latest(earlier))

    is_quick = scope == "tensor"
    return Reduction(scope, _start_empty, update, _merge_histograms, finish, needed if is_quick or number else None, is_fallback=is_quick)


def _start_empty() -> object:
    return None


def _merge_histograms(state: object, partial: object) -> object:
    if not (isinstance(state, Histograms) and isinstance(partial, Histograms)):
        return partial
    for total, histogram in zip(state.counts, partial.counts, strict=True):
        if total is not None and histogram is not None:
            total.add_(histogram)
    return state


def _count_digits(piece: torch.Tensor, search: Search | Cut | None) -> torch.Tensor | None:
    """Return how often each value of the next digit occurs among the entries with the prefix known so far."""
    import torch

    if isinstance(search, Cut):
        return None
    bits = piece.abs()
    bits = bits.view(torch.int32 if bits.dtype == torch.float32 else torch.int64)
    width = bits.element_size() * 8
    if search is None or not search.known_bits:
        return torch.bincount(bits.bitwise_right_shift_(width - DIGIT_BITS), minlength=1 << DIGIT_BITS - 1).cpu()
    unknown = width - search.known_bits
    # Clears the prefix where it is this one, and leaves a larger number where it is another.
    bits.bitwise_xor_(search.prefix << unknown)
    chosen = bits[(bits < 1 << unknown).nonzero().view(-1)]
    return torch.bincount(chosen.bitwise_right_shift_(unknown - DIGIT_BITS), minlength=1 << DIGIT_BITS).cpu()


def _narrow(search: Search | Cut, histogram: torch.Tensor | None) -> Search | Cut:
    """Return the search with one more digit known, or the cut if that decides it."""
    import torch

    if isinstance(search, Cut) or histogram is None:
        return search
    from_top = histogram.flip(0).cumsum(0)
    wanted = min(search.quota, int(from_top[-1]))
    index = int(torch.searchsorted(from_top, wanted))
    digit = histogram.numel() - 1 - index
    inside = int(histogram[digit])
    quota = wanted - (int(from_top[index]) - inside)
    known = search.known_bits + DIGIT_BITS
    narrowed = replace(search, prefix=search.prefix << DIGIT_BITS | digit, known_bits=known, quota=quota)
    lowest = narrowed.prefix << search.width - known
    if quota == inside or (known == search.width and lowest == 0):
        return Cut(magnitude_of_bits(lowest - 1, search.width))
    if known == search.width:
        return Cut(magnitude_of_bits(lowest - 1, search.width), magnitude_of_bits(lowest, search.width), quota)
    return narrowed
