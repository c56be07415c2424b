"""A task vector written to a folder, with its report."""

from __future__ import annotations

from engine.export_choices import DTYPE, FOLDER, SHARD_SIZE
from engine.operation import Group, Input, PortKind, Sink, operation


@operation(
    id="export_vector",
    title="Export vector",
    group=Group.OUTPUT,
    sentence="Writes a task vector to a folder, with a report of how it was made.",
    inputs=(
        Input("vector", PortKind.VECTOR, "The task vector to write."),
        Input("metrics", PortKind.METRICS, "What the report shows.", many=True, optional=True),
    ),
    parameters=(FOLDER, DTYPE, SHARD_SIZE),
)
def export_vector(folder: str, dtype: str, shard_size: int) -> Sink:
    """Write a vector."""
    return Sink("vector")
