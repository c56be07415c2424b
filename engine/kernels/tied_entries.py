"""Where entries that equal the threshold stop being kept: those of lowest index are, in the order of the tensors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from engine.kernels.magnitude_cut import Cut, TiePlace
from engine.operation import BLOCK_ENTRIES, Extent, Operands, Reduction, Spot

if TYPE_CHECKING:
    import torch

ReadCuts = Callable[[tuple[object, ...]], Sequence[Cut]]


@dataclass(frozen=True, slots=True)
class TiedPiece:
    """Hold how many tied entries each block of a piece has."""

    spot: Spot
    quotas: Sequence[int]
    """Per operand, how many tied entries are kept in all; 0 where that is settled."""
    blocks: Sequence[Sequence[int]]
    """Per operand, the tied entries in each block; empty where all or none are kept."""


@dataclass(slots=True)
class TieCount:
    """Hold how far the quotas have been used up, in the order of the entries."""

    kept: list[int] = field(default_factory=list[int])
    places: list[TiePlace | None] = field(default_factory=list[TiePlace | None])
    tensors: dict[str, None] = field(default_factory=dict[str, None])
    """The tensors met, in their order."""


def place_ties(port: str, scope: Literal["tensor", "model"], read_cuts: ReadCuts) -> Reduction:
    """Return the reduction that says for every wire of the port in which block its quota of tied entries runs out."""

    def update(operands: Operands, earlier: tuple[object, ...], spot: Spot) -> TiedPiece:
        cuts = read_cuts(earlier)
        blocks = [_count_tied(piece, cut) if _is_open(cut) else () for piece, cut in zip(operands[port], cuts, strict=True)]
        return TiedPiece(spot, [cut.quota if _is_open(cut) else 0 for cut in cuts], blocks)

    def finish(state: object, extent: Extent, earlier: tuple[object, ...]) -> tuple[Cut, ...]:
        places = state.places if isinstance(state, TieCount) else []
        return tuple(replace(cut, place=cut.place or place) for cut, place in zip(read_cuts(earlier), places, strict=True))

    def needed(earlier: tuple[object, ...]) -> bool:
        return any(_is_open(cut) for cut in read_cuts(earlier))

    return Reduction(scope, TieCount, update, merge_tied_piece, finish, needed, is_fallback=scope == "tensor")


def _is_open(cut: Cut) -> bool:
    """Tell whether it must still be found where the quota runs out."""
    return cut.quota > 0 and cut.place is None


def merge_tied_piece(state: object, partial: object) -> object:
    """Use up the quotas with the tied entries of the next piece."""
    if not (isinstance(state, TieCount) and isinstance(partial, TiedPiece)):
        return state
    if not state.places:
        state.kept = [0] * len(partial.quotas)
        state.places = [None] * len(partial.quotas)
    state.tensors[partial.spot.tensor] = None
    for operand, counts in enumerate(partial.blocks):
        _use_up(state, operand, counts, partial)
    return state


def _use_up(state: TieCount, operand: int, counts: Sequence[int], partial: TiedPiece) -> None:
    spot, quota = partial.spot, partial.quotas[operand]
    if state.places[operand] is not None:
        return
    for number, count in enumerate(counts):
        if state.kept[operand] + count > quota:
            earlier = frozenset(state.tensors) - {spot.tensor}
            left = quota - state.kept[operand]
            state.places[operand] = TiePlace(spot.tensor, spot.offset + number * BLOCK_ENTRIES, left, earlier)
            return
        state.kept[operand] += count


def _count_tied(piece: torch.Tensor, cut: Cut) -> Sequence[int]:
    import torch

    equal = (piece.abs() == cut.tied).view(torch.uint8)
    whole = piece.numel() // BLOCK_ENTRIES * BLOCK_ENTRIES
    counts: list[int] = equal[:whole].view(-1, BLOCK_ENTRIES).sum(dim=1, dtype=torch.int32).tolist()
    return counts if whole == piece.numel() else [*counts, int(equal[whole:].sum(dtype=torch.int32))]
