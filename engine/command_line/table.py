"""Rows of text as columns that line up."""

from __future__ import annotations

from collections.abc import Sequence


def align_rows(rows: Sequence[Sequence[str]], *, left: int = 1, indent: str = "") -> list[str]:
    """Return one line per row; the first `left` columns stand at the left of their column, the others at the right."""
    count = max((len(row) for row in rows), default=0)
    widths = [max((len(row[column]) for row in rows if column < len(row)), default=0) for column in range(count)]
    return [indent + "  ".join(_pad(cell, widths[index], index < left) for index, cell in enumerate(row)).rstrip() for row in rows]


def _pad(cell: str, width: int, is_left: bool) -> str:
    return cell.ljust(width) if is_left else cell.rjust(width)
