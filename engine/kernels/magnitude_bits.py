"""Magnitudes and their bits: the bits of a non-negative float order as the float does."""

from __future__ import annotations

import struct


def magnitude_of_bits(bits: int, width: int) -> float:
    """Return the float of these bits; what lies below the smallest is 0, which is never kept.

    Args:
        bits: The bits as a whole number.
        width: How many the float has: 32 or 64.
    """
    whole, real = ("<I", "<f") if width == 32 else ("<Q", "<d")  # noqa: PLR2004  (the width of float32)
    (value,) = struct.unpack(real, struct.pack(whole, max(bits, 0)))
    return float(value)
