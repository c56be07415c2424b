"""The lines of the table: what was measured, beside what, and whether it is what the issue asks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    """Hold one line."""

    what: str
    figure: str
    beside: str = ""
    """The floor, the other program or the plan, measured in the same run."""
    ratio: str = ""
    target: str = ""
    is_met: bool | None = None
    """None where nothing is asked."""

    @property
    def cells(self) -> tuple[str, ...]:
        """Return the texts of the columns."""
        verdict = "" if self.is_met is None else "met" if self.is_met else "not met"
        return (self.what, self.figure, self.beside, self.ratio, self.target, verdict)


_TITLES = ("what", "figure", "beside", "ratio", "target", "")


def format_lines(lines: Sequence[Line]) -> str:
    """Return the table in Markdown, its columns aligned so that it reads in a terminal too."""
    rows = [_TITLES, *(line.cells for line in lines)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_TITLES))]
    written = [" | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    written.insert(1, " | ".join("-" * max(width, 3) for width in widths))
    return "\n".join(f"| {row} |" for row in written)


def in_megabytes(size_bytes: float) -> str:
    """Return a size as the issue writes them."""
    return f"{size_bytes / 1e6:,.0f} MB"


def in_seconds(seconds: float) -> str:
    """Return a time."""
    return f"{seconds:.2f} s"
