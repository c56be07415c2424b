"""A hash of 32 bits of (key, index): what random draws are made of, the same in NumPy and in torch.

A bijection of 32 bits with a bias of less than 2⁻⁹ of a perfect one: xor-shifts by 17, 11, 15, 14 around three odd multipliers, from
Wellons's search for the best (github.com/skeeto/hash-prospector, “triple32”, public domain). The halves of the key enter at different
stages, so no key permutes another's hashes.
"""

from __future__ import annotations

import functools
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

    Signed = NDArray[np.int32]
    Words = NDArray[np.uint32]

_MULTIPLIERS = (0xED5AD4BB, 0xAC4C1B51, 0x31848BAB)
_SHIFTS = (17, 11, 15, 14)
_WORD = 1 << 32
_HALF = 1 << 31
STEP_ENTRIES = 1 << 18
"""Entries to hash at a time on the processor (1 MiB an array): more leave its cache, fewer make workers wait for the interpreter."""


class _Scratch(threading.local):
    """Hold a thread's arrays, made once: fresh ones cost more than the arithmetic in them."""

    def __init__(self) -> None:
        """Make the arrays."""
        import numpy as np

        self.words = np.empty(STEP_ENTRIES, dtype=np.uint32)
        self.spare = np.empty(STEP_ENTRIES, dtype=np.uint32)


@functools.cache
def _scratch() -> _Scratch:
    return _Scratch()


def hash_on_host(start: int, count: int, key: int) -> Signed:
    """Return the hashes of the indices [start, start + count) as int32, in memory that the next call of the thread writes to.

    Args:
        start: The first index, less than 2³².
        count: At most STEP_ENTRIES; the indices wrap around at 2³².
        key: 64 bits.
    """
    import numpy as np

    words, spare = _scratch().words[:count], _scratch().spare[:count]
    np.add(_count_up()[:count], np.uint32(start % _WORD), out=words)
    np.bitwise_xor(words, np.uint32(key % _WORD), out=words)
    for shift, multiplier in zip(_SHIFTS, _MULTIPLIERS, strict=False):
        np.bitwise_xor(words, np.right_shift(words, np.uint32(shift), out=spare), out=words)
        np.multiply(words, np.uint32(multiplier), out=words)
        if shift == _SHIFTS[0]:
            np.bitwise_xor(words, np.uint32(key >> 32), out=words)
    return np.bitwise_xor(words, np.right_shift(words, np.uint32(_SHIFTS[-1]), out=spare), out=words).view(np.int32)


@functools.cache
def _count_up() -> Words:
    """Return 0, 1, 2 …; not to be written to."""
    import numpy as np

    return np.arange(STEP_ENTRIES, dtype=np.uint32)


def hash_on_device(start: int, count: int, key: int, device: torch.device) -> torch.Tensor:
    """Return the hashes of the indices [start, start + count) as int32.

    Args:
        start: The first index, less than 2³².
        count: The indices wrap around at 2³².
        key: 64 bits.
        device: Where to compute; torch has no unsigned arithmetic there.
    """
    import torch

    words = torch.arange(count, dtype=torch.int32, device=device).add_(_as_signed(start)).bitwise_xor_(_as_signed(key))
    spare = torch.empty_like(words)
    for shift, multiplier in zip(_SHIFTS, _MULTIPLIERS, strict=False):
        _fold_down(words, spare, shift).mul_(_as_signed(multiplier))
        if shift == _SHIFTS[0]:
            words.bitwise_xor_(_as_signed(key >> 32))
    return _fold_down(words, spare, _SHIFTS[-1])


def _fold_down(words: torch.Tensor, spare: torch.Tensor, shift: int) -> torch.Tensor:
    """Do x ^= x >> shift in place, the shift being a logical one: what the sign drags along is masked off."""
    import torch

    torch.bitwise_right_shift(words, shift, out=spare).bitwise_and_((1 << 32 - shift) - 1)
    return words.bitwise_xor_(spare)


def _as_signed(word: int) -> int:
    """Return the low 32 bits as torch's int32 holds them."""
    low = word % _WORD
    return low - _WORD if low >= _HALF else low
