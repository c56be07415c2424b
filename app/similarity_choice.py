"""Which lines of a heat map are drawn as curves, where there are more than can be told apart."""

from __future__ import annotations

from collections.abc import Sequence

from app.similarity_figures import Row
from engine.planning.live_model import LiveFamily

_END, _START, _BETWEEN = range(3)
"""What a line is to its training."""


def choose_rows(family: LiveFamily, rows: Sequence[Row], most: int) -> tuple[Row, ...]:
    """Return so many lines in their order: what is no step of a training and the end of each first, then beginnings, then some between."""
    if len(rows) <= most:
        return tuple(rows)
    order = _rank_rows(family, rows)
    ends = [row for row in rows if order[row] < _BETWEEN]
    chosen = set(sorted(ends, key=lambda row: order[row])[:most])
    between, room = [row for row in rows if order[row] == _BETWEEN], most - len(chosen)
    chosen |= {between[(number + 1) * len(between) // (room + 1)] for number in range(room)}
    return tuple(row for row in rows if row in chosen)


def _rank_rows(family: LiveFamily, rows: Sequence[Row]) -> dict[Row, int]:
    """Return of each line what it is to its training; what belongs to none is an end of its own."""
    ranks: dict[object, int] = {}
    for made in (*family.series, *family.lists):
        # Trainings at several learning rates are no steps of one.
        if made.node is not None:
            ranks |= dict.fromkeys(made.members, _BETWEEN) | {made.members[0]: _START, made.members[-1]: _END}
    return {row: ranks.get(family.nodes[row.index].node, _END) for row in rows}
