"""Random draws that depend on what they are for and nothing else: not on the device, the threads or the size of the pieces."""

from __future__ import annotations

import functools
import hashlib
import json
import math
from fractions import Fraction
from typing import TYPE_CHECKING

from engine.operation import BLOCK_ENTRIES, Spot

if TYPE_CHECKING:
    import torch

# A bijection of 32 bits with a bias of less than 2^-9 of a perfect one: xor-shifts by 17, 11, 15, 14 around three odd multipliers, from
# Wellons's search for the best (github.com/skeeto/hash-prospector, "triple32", public domain).
_MULTIPLIERS = (0xED5AD4BB, 0xAC4C1B51, 0x31848BAB)
_SHIFTS = (17, 11, 15, 14)
_RANGE_ENTRIES = 1 << 32
"""Entries that one key numbers; those beyond have the next key."""
_HALF_RANGE = 1 << 31
_STEP_ENTRIES = 4 * BLOCK_ENTRIES
"""Entries hashed at a time on the processor, so that the hash stays in its cache (1 MiB)."""


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
    step = _STEP_ENTRIES if piece.device.type == "cpu" else _RANGE_ENTRIES
    position = 0
    while position < piece.numel():
        high, low = divmod(spot.offset + position, _RANGE_ENTRIES)
        stop = min(position + step, position + _RANGE_ENTRIES - low, piece.numel())
        draws = _draw_signed(low, stop - position, make_key(seed, 0, spot, high), piece.device)
        _mask_below(draws, share, piece[position:stop], result[position:stop])
        position = stop
    return result


def draw_words(count: int, key: int, offset: int = 0) -> torch.Tensor:
    """Return the draws of these indices as int64 from 0 to 2**32 − 1."""
    import torch

    return _draw_signed(offset, count, key, torch.device("cpu")).to(torch.int64) + _HALF_RANGE


def draw_gaussians(count: int, key: int, first_block: int) -> torch.Tensor:
    """Return float32 Gaussians made on the processor, from blocks of BLOCK_ENTRIES that each have a generator of their own.

    Args:
        count: How many, from the first block's first entry on.
        key: See `make_key`.
        first_block: The number of the first block in its tensor.
    """
    import numpy as np  # noqa: PLC0415  (as slow to import as torch; the window reads this module and draws nothing)
    import torch

    result = np.empty(count, dtype=np.float32)
    for number, start in enumerate(range(0, count, BLOCK_ENTRIES), start=first_block):
        generator = np.random.Generator(np.random.Philox(key=np.array([key, number], dtype=np.uint64)))
        part = result[start : start + BLOCK_ENTRIES]
        generator.standard_normal(part.size, dtype=np.float32, out=part)
    return torch.from_numpy(result)


def _mask_below(draws: torch.Tensor, share: Fraction, piece: torch.Tensor, result: torch.Tensor) -> None:
    """Write the entries whose draws are not less than the share; bits are masked, because inf·0 would be NaN."""
    import torch

    whole = torch.int32 if piece.dtype == torch.float32 else torch.int64
    # Draws are held as signed integers, which makes both sides less by half the range.
    least_kept = math.ceil(share * _RANGE_ENTRIES) - _HALF_RANGE
    mask = torch.ge(draws, least_kept, out=torch.empty(draws.numel(), dtype=whole, device=draws.device)).neg_()
    torch.bitwise_and(mask, piece.view(whole), out=result.view(whole))


def _draw_signed(offset: int, count: int, key: int, device: torch.device) -> torch.Tensor:
    """Return int32 hashes of index and key; the halves of the key enter at different stages, so no key permutes another's draws."""
    import torch

    first, second = _as_signed(key), _as_signed(key >> 32)
    words = torch.add(_count_up(count, device), _as_signed(offset)).bitwise_xor_(first)
    spare = torch.empty_like(words)
    for shift, multiplier in zip(_SHIFTS, _MULTIPLIERS, strict=False):
        _fold_down(words, spare, shift).mul_(_as_signed(multiplier))
        if shift == _SHIFTS[0]:
            words.bitwise_xor_(second)
    return _fold_down(words, spare, _SHIFTS[-1])


@functools.lru_cache(maxsize=4)
def _count_up(count: int, device: torch.device) -> torch.Tensor:
    """Return 0, 1, 2 … as int32; kept, since every piece but a tensor's last begins with the same. Not to be written to."""
    import torch

    return torch.arange(count, dtype=torch.int32, device=device)


def _fold_down(words: torch.Tensor, spare: torch.Tensor, shift: int) -> torch.Tensor:
    """Do x ^= x >> shift in place, the shift being a logical one: what the sign drags along is masked off."""
    import torch

    torch.bitwise_right_shift(words, shift, out=spare).bitwise_and_((1 << 32 - shift) - 1)
    return words.bitwise_xor_(spare)


def _as_signed(word: int) -> int:
    """Return the low 32 bits as torch's int32 holds them."""
    low = word & 0xFFFFFFFF
    return low - _RANGE_ENTRIES if low >= _HALF_RANGE else low
