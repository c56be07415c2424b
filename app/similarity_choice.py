"""Which lines of a heat map are drawn as curves, where there are more than can be told apart."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from app.similarity_figures import Row
from engine.planning.live_model import LiveFamily

_WANTED, _MOVING, _END, _START, _BETWEEN = range(5)
"""What a line is: one that the user chose, an edit that follows the sliders, else what it is to its training."""


def choose_rows(family: LiveFamily, rows: Sequence[Row], most: int, wanted: Collection[str] = ()) -> tuple[Row, ...]:
    """Return so many lines in their order, those that say the most.

    These are first the wanted ones, by name; then what follows the sliders, the last made first; then what is no step of a training and the
    end of each; then beginnings, then some steps between.
    """
    if len(rows) <= most:
        return tuple(rows)
    ranks = _rank_rows(family, rows) | {row: _WANTED for row in rows if row.name in wanted}
    telling = [row for row in rows if ranks[row] < _BETWEEN]
    chosen = set(sorted(telling, key=lambda row: (ranks[row], -row.index if ranks[row] == _MOVING else 0))[:most])
    between, room = [row for row in rows if ranks[row] == _BETWEEN], most - len(chosen)
    chosen |= {between[(number + 1) * len(between) // (room + 1)] for number in range(room)}
    return tuple(row for row in rows if row in chosen)


def _rank_rows(family: LiveFamily, rows: Sequence[Row]) -> dict[Row, int]:
    """Return of each line what it is; what belongs to no training is an end of its own."""
    ranks: dict[object, int] = {}
    for made in (*family.series, *family.lists):
        # Trainings at several learning rates are no steps of one.
        if made.node is not None:
            ranks |= dict.fromkeys(made.members, _BETWEEN) | {made.members[0]: _START, made.members[-1]: _END}
    return {row: ranks.get(family.nodes[row.index].node, _MOVING if row.index in family.moving else _END) for row in rows}
