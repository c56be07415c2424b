"""Random draws that depend on what they are for and nothing else: not on the device, the threads or the size of the pieces."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from engine.kernels.block_sums import as_doubles, sum_blocks
from engine.kernels.index_hash import hash_on_device
from engine.operation import BLOCK_ENTRIES, Spot

if TYPE_CHECKING:
    import torch

_RANGE_ENTRIES = 1 << 32
"""Entries that one key numbers; those beyond have the next key."""
_HALF_RANGE = 1 << 31


@dataclass(frozen=True, slots=True)
class Draws:
    """Say which draws belong to a stretch of entries, and which of them are kept."""

    begin: int
    """The first entry of the stretch in the piece."""
    end: int
    start: int
    """The index that it is hashed with."""
    key: int
    least_kept: int
    """The least draw that is kept, less half the range: draws are held as signed integers."""

    @property
    def words(self) -> tuple[int, int]:
        """Return the low and the high half of the key."""
        return self.key % _RANGE_ENTRIES, self.key >> 32


def make_key(seed: int, operand: int, spot: Spot, high: int = 0) -> int:
    """Return the 64 bits that a stream of draws hangs on: the seed, the node, the operand, the tensor and the range of 2**32 entries."""
    text = json.dumps([seed, spot.node, operand, spot.tensor, high]).encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little")


def drop_entries(piece: torch.Tensor, share: Fraction, seed: int, spot: Spot, factor: float = 1.0) -> torch.Tensor:
    """Return a new piece with each entry dropped (+0) with this probability, and times a factor otherwise.

    Entry i is dropped when its draw of 32 bits is less than share·2**32, compared as integers.

    Args:
        piece: The entries from the spot's offset on (1-D, float32 or float64).
        share: The probability, at least 0 and less than 1.
        seed: The seed of the operation.
        spot: Which node draws for which tensor, and where the piece begins.
        factor: Rounded to the dtype of the piece; 1 leaves the kept entries bit by bit.
    """
    import torch

    result = torch.empty_like(piece)
    drop = _drop_on_host if piece.device.type == "cpu" else _drop_on_device
    for draws in _list_draws(piece.numel(), share, seed, spot):
        drop(piece[draws.begin : draws.end], draws, factor, result[draws.begin : draws.end])
    return result


def sum_kept_entries(piece: torch.Tensor, share: Fraction, seed: int, spot: Spot) -> tuple[list[float], list[float]]:
    """Return, block by block, the sums of the magnitudes of all entries and of those that `drop_entries` keeps.

    Args:
        piece: As there, like the other arguments; it begins with a block.
        share: The probability that an entry is dropped.
        seed: The seed of the operation.
        spot: Which node draws for which tensor, and where the piece begins.
    """
    if piece.device.type != "cpu":
        kept = drop_entries(piece, share, seed, spot).abs_()
        return sum_blocks(as_doubles(piece).abs_()), sum_blocks(as_doubles(kept))
    from engine.loops.drop import sum_kept

    whole: list[float] = []
    kept_sums: list[float] = []
    for draws in _list_draws(piece.numel(), share, seed, spot):
        part = piece[draws.begin : draws.end].numpy()
        both = sum_kept(part, draws.start, draws.words, draws.least_kept, BLOCK_ENTRIES)
        for sums, more in zip((whole, kept_sums), both, strict=True):
            sums.extend(more.tolist())
    return whole, kept_sums


def draw_gaussians(count: int, key: int, first_block: int) -> torch.Tensor:
    """Return float32 Gaussians made on the processor, from blocks of BLOCK_ENTRIES that each have a generator of their own.

    Args:
        count: How many, from the first block's first entry on.
        key: See `make_key`.
        first_block: The number of the first block in its tensor.
    """
    import numpy as np
    import torch

    result = np.empty(count, dtype=np.float32)
    for number, start in enumerate(range(0, count, BLOCK_ENTRIES), start=first_block):
        generator = np.random.Generator(np.random.Philox(key=np.array([key, number], dtype=np.uint64)))
        part = result[start : start + BLOCK_ENTRIES]
        generator.standard_normal(part.size, dtype=np.float32, out=part)
    return torch.from_numpy(result)


def _list_draws(count: int, share: Fraction, seed: int, spot: Spot) -> Iterator[Draws]:
    """Yield the draws of a piece's entries; entries of another range of indices have another key."""
    least_kept = math.ceil(share * _RANGE_ENTRIES) - _HALF_RANGE
    begin = 0
    while begin < count:
        high, low = divmod(spot.offset + begin, _RANGE_ENTRIES)
        end = min(begin + _RANGE_ENTRIES - low, count)
        yield Draws(begin, end, low, make_key(seed, 0, spot, high), least_kept)
        begin = end


def _drop_on_host(piece: torch.Tensor, draws: Draws, factor: float, result: torch.Tensor) -> None:
    from engine.loops.drop import drop_and_scale

    values = piece.numpy()
    drop_and_scale(values, draws.start, draws.words, draws.least_kept, values.dtype.type(factor), result.numpy())


def _drop_on_device(piece: torch.Tensor, draws: Draws, factor: float, result: torch.Tensor) -> None:
    """Write the kept entries; bits are masked, because inf·0 would be NaN."""
    import torch

    whole = torch.int32 if piece.dtype == torch.float32 else torch.int64
    words = hash_on_device(draws.start, piece.numel(), draws.key, piece.device)
    mask = torch.ge(words, draws.least_kept, out=torch.empty(words.numel(), dtype=whole, device=words.device)).neg_()
    torch.bitwise_and(mask, piece.view(whole), out=result.view(whole))
    if factor != 1:
        result.mul_(factor)
