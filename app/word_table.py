"""A table of words: what is shown in a table, copied and saved as CSV."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass


@dataclass(frozen=True)
class Table:
    """Hold a head and lines of words; the first word of each line is its name."""

    head: tuple[str, ...] = ()
    lines: tuple[tuple[str, ...], ...] = ()

    def write(self, separator: str = "\t") -> str:
        """Return the table for a spreadsheet."""
        text = io.StringIO()
        writer = csv.writer(text, delimiter=separator, lineterminator="\n")
        if self.head:
            writer.writerow(self.head)
        writer.writerows(self.lines)
        return text.getvalue()
