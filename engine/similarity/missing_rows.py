"""Which rows of a family's matrix have to be measured, when some pairs are known already."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

Pair = tuple[int, int]
"""Two members' numbers, the smaller first; 0 is the base."""


@dataclass(frozen=True)
class MissingRows:
    """Hold what is to be measured together."""

    members: tuple[int, ...]
    """Those that have to be read, the base first."""
    rows: tuple[int, ...]
    """Those whose products with all that are read are taken."""
    pairs: frozenset[Pair]
    """What was missing: the other products of these rows are known already."""

    def locate(self, pair: Pair) -> tuple[int, int]:
        """Return the row and the column of a missing pair in what is measured."""
        row = next(member for member in pair if member in self.rows)
        return self.rows.index(row), self.members.index(pair[0] if row == pair[1] else pair[1])


def find_rows(missing: Collection[Pair]) -> MissingRows:
    """Return few rows that hold all missing pairs: where one checkpoint is new, its own alone."""
    rest = set(missing)
    rows: list[int] = []
    while rest:
        counts = Counter(member for pair in rest for member in set(pair))
        row = max(counts, key=lambda member: (counts[member], member))
        rows.append(row)
        rest = {pair for pair in rest if row not in pair}
    members = sorted({0, *(member for pair in missing for member in pair)})
    return MissingRows(tuple(members), tuple(sorted(rows)), frozenset(missing))
