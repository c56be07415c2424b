"""How a number of bytes is written for people."""

from __future__ import annotations

_THOUSAND = 1000
_HUNDRED = 100


def write_bytes(size: float) -> str:
    """Write a size in decimal units, as disks are sold, with three significant digits: 999 bytes, 1.08 MB."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < _THOUSAND:
            return f"{size:.0f} bytes" if unit == "bytes" else f"{_with_digits(size)} {unit}"
        size /= _THOUSAND
    return f"{_with_digits(size)} TB"


def _with_digits(size: float) -> str:
    """Return three significant digits without an exponent."""
    return f"{size:.0f}" if size >= _HUNDRED else f"{size:.3g}"
