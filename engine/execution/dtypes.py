"""Element types as torch has them, and where rounding to each overflows."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from engine.checkpoints.header import DType

TORCH_DTYPES: Mapping[DType, torch.dtype] = {
    DType.F64: torch.float64,
    DType.F32: torch.float32,
    DType.F16: torch.float16,
    DType.BF16: torch.bfloat16,
    DType.F8_E5M2: torch.float8_e5m2,
    DType.F8_E4M3: torch.float8_e4m3fn,
    DType.F8_E5M2FNUZ: torch.float8_e5m2fnuz,
    DType.F8_E4M3FNUZ: torch.float8_e4m3fnuz,
    DType.F8_E8M0: torch.float8_e8m0fnu,
}
"""The floating-point types; integers and booleans are only ever copied as bytes."""

# (largest exponent, mantissa bits): half a step above the largest finite value, rounding to nearest leaves the format.
_RANGES: Mapping[DType, tuple[int, int]] = {
    DType.F16: (15, 10),
    DType.BF16: (127, 7),
    DType.F8_E5M2: (15, 2),
    DType.F8_E4M3: (8, 3),
    DType.F8_E5M2FNUZ: (15, 2),
    DType.F8_E4M3FNUZ: (7, 3),
    DType.F32: (127, 23),
}


def overflow_bound(dtype: DType) -> float:
    """Return the magnitude from which rounding to nearest (even) leaves the finite values of a dtype; infinity for float64."""
    if dtype not in _RANGES:
        return float("inf")
    exponent, bits = _RANGES[dtype]
    return torch.finfo(TORCH_DTYPES[dtype]).max + 2.0 ** (exponent - bits - 1)
