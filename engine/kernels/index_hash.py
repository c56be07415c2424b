"""A hash of 32 bits of (key, index): what random draws are made of, here in torch; `engine.loops.drop` has it for the processor.

A bijection of 32 bits with a bias of less than 2⁻⁹ of a perfect one: xor-shifts by 17, 11, 15, 14 around three odd multipliers, from
Wellons's search for the best (github.com/skeeto/hash-prospector, “triple32”, public domain). The halves of the key enter at different
stages, so no key permutes another's hashes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

_MULTIPLIERS = (0xED5AD4BB, 0xAC4C1B51, 0x31848BAB)
_SHIFTS = (17, 11, 15, 14)
_WORD = 1 << 32
_HALF = 1 << 31


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
