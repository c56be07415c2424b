"""What the ways of trainings are called on the map: each once, where it ends; on the way there are only steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication

from engine.planning.live_model import LiveSeries


@dataclass(frozen=True)
class Way:
    """Hold one training whose way is drawn."""

    series: LiveSeries
    name: str
    members: tuple[int, ...]
    """The rows of its checkpoints among the family's nodes."""

    @property
    def end(self) -> int:
        """Return the row of its last checkpoint."""
        return self.members[-1]


class WayNames:
    """Know which training each checkpoint belongs to, and what is written beside it."""

    def __init__(self, ways: Sequence[Way]) -> None:
        """Hold the trainings of a map, in their order."""
        self._ways = ways
        self._numbers: Mapping[int, int] = {row: number for number, way in reversed(list(enumerate(ways))) for row in way.members}
        self._steps: Mapping[int, str] = {
            row: f"{way.series.quantity} {step:.10g}"
            for way in reversed(ways)
            for row, step in zip(way.members, way.series.numbers, strict=True)
        }

    def find_number(self, row: int) -> int | None:
        """Return the number of the training that a checkpoint belongs to; None for one of none."""
        return self._numbers.get(row)

    def find_ends(self, rows: Sequence[int]) -> tuple[str, ...]:
        """Return the names of the trainings that end at one of these checkpoints."""
        return tuple(way.name for way in self._ways if way.end in rows)

    def name_step(self, rows: Sequence[int], others: Sequence[str]) -> str:
        """Return what is written at a point; empty where nothing but its own name is.

        Args:
            rows: of all nodes that lie there.
            others: the names of checkpoints among them that are no steps.
        """
        steps = [self._steps[row] for row in rows if row in self._steps]
        if not steps:
            return ""
        ends = self.find_ends(rows) if len(self._ways) > 1 else ()
        if others:
            return _join((*others, *ends)) if ends else ""
        return f"{_join(ends)} · {steps[0]}" if ends else steps[0]


def _join(names: Sequence[str]) -> str:
    *first, last = dict.fromkeys(names)
    return QCoreApplication.translate("way_names", "{0} and {1}").format(", ".join(first), last) if first else last
