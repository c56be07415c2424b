"""Random draws that depend on what they are for and nothing else: not on the device, the threads or the size of the pieces."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from engine.kernels.index_hash import STEP_ENTRIES, hash_on_device, hash_on_host
from engine.operation import BLOCK_ENTRIES, Spot

if TYPE_CHECKING:
    import torch

_RANGE_ENTRIES = 1 << 32
"""Entries that one key numbers; those beyond have the next key."""
_HALF_RANGE = 1 << 31


@dataclass(frozen=True, slots=True)
class Draws:
    """Say which draws belong to a stretch of entries, and which of them are kept."""

    start: int
    key: int
    least_kept: int
    """The least draw that is kept, less half the range."""


def make_key(seed: int, operand: int, spot: Spot, high: int = 0) -> int:
    """Return the 64 bits that a stream of draws hangs on: the seed, the node, the operand, the tensor and the range of 2**32 entries."""
    text = json.dumps([seed, spot.node, operand, spot.tensor, high]).encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little")


def drop_entries(piece: torch.Tensor, share: Fraction, seed: int, spot: Spot) -> torch.Tensor:
    """Return a new piece with each entry dropped (+0) with this probability, and kept bit by bit otherwise.

    Entry i is dropped when its draw of 32 bits is less than share·2**32, compared as integers.

    Args:
        piece: The entries from the spot's offset on (1-D, float32 or float64).
        share: The probability, at least 0 and less than 1.
        seed: The seed of the operation.
        spot: Which node draws for which tensor, and where the piece begins.
    """
    import torch

    result = torch.empty_like(piece)
    drop = _drop_on_host if piece.device.type == "cpu" else _drop_on_device
    step = STEP_ENTRIES if piece.device.type == "cpu" else _RANGE_ENTRIES
    # Draws are held as signed integers, which makes both sides less by half the range.
    least_kept = math.ceil(share * _RANGE_ENTRIES) - _HALF_RANGE
    position = 0
    while position < piece.numel():
        high, low = divmod(spot.offset + position, _RANGE_ENTRIES)
        stop = min(position + step, position + _RANGE_ENTRIES - low, piece.numel())
        drop(piece[position:stop], result[position:stop], Draws(low, make_key(seed, 0, spot, high), least_kept))
        position = stop
    return result


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


def _drop_on_host(piece: torch.Tensor, result: torch.Tensor, draws: Draws) -> None:
    """Write the kept entries; bits are multiplied by 0 or 1, because inf·0 would be NaN."""
    import numpy as np

    kept = hash_on_host(draws.start, piece.numel(), draws.key) >= np.int32(draws.least_kept)
    bits = np.uint32 if piece.element_size() == 4 else np.uint64  # noqa: PLR2004  (the bytes of float32)
    target = result.numpy().view(bits)
    np.copyto(target, kept.view(np.uint8))
    np.multiply(piece.numpy().view(bits), target, out=target)


def _drop_on_device(piece: torch.Tensor, result: torch.Tensor, draws: Draws) -> None:
    """Write the kept entries; bits are masked, because inf·0 would be NaN."""
    import torch

    whole = torch.int32 if piece.dtype == torch.float32 else torch.int64
    words = hash_on_device(draws.start, piece.numel(), draws.key, piece.device)
    mask = torch.ge(words, draws.least_kept, out=torch.empty(words.numel(), dtype=whole, device=words.device)).neg_()
    torch.bitwise_and(mask, piece.view(whole), out=result.view(whole))
