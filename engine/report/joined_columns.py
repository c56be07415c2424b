"""Where the table of figures would run off the page, models of one role that share no test set share a column."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from engine.execution.result import CheckpointRole, MetricRecord

ROOM = 6
"""So many columns have room beside one another on the page."""


@dataclass(frozen=True)
class Column:
    """Hold one checkpoint of the table, or all of a role that are never measured on one test set."""

    checkpoint: str
    role: CheckpointRole
    key: tuple[str, str]
    """What tells it apart from one of the same name (see MetricRecord.checkpoint_key); the role in place of a label where it is shared."""
    is_shared: bool = False
    """Each of its cells then says whose figure it is."""

    @staticmethod
    def of(record: MetricRecord) -> Column:
        """Return the column that a figure stands in when no column is shared."""
        return Column(record.checkpoint, record.role, record.checkpoint_key)


def place_columns(rows: Sequence[Sequence[MetricRecord]]) -> Mapping[Column, Column]:
    """Return the column that each checkpoint stands in: its own, or its role's where there are more columns than room.

    Args:
        rows: the figures of each row.
    """
    own = dict.fromkeys(Column.of(record) for row in rows for record in row)
    if len(own) <= ROOM:
        return {column: column for column in own}
    shared = _find_shared(rows, own)
    return {column: _share(column.role) if column.role in shared else column for column in own}


def _find_shared(rows: Sequence[Sequence[MetricRecord]], own: Iterable[Column]) -> set[CheckpointRole]:
    """Return the roles of several checkpoints of which no row has two."""
    crowded = _list_crowded(own)
    for row in rows:
        crowded -= _list_crowded({Column.of(record) for record in row})
    return crowded


def _list_crowded(columns: Iterable[Column]) -> set[CheckpointRole]:
    """Return the roles that more than one of these columns has."""
    counts = Counter[CheckpointRole](column.role for column in columns)
    return {role for role in counts if counts[role] > 1}


def _share(role: CheckpointRole) -> Column:
    return Column(role, role, ("", role), is_shared=True)
