"""A model written to a folder, with its report."""

from __future__ import annotations

from engine.export_choices import DTYPE, FOLDER, SHARD_SIZE
from engine.operation import Group, Input, PortKind, Sink, operation


@operation(
    id="export_checkpoint",
    title="Export checkpoint",
    group=Group.OUTPUT,
    sentence="Writes a model to a folder, with a report of how it was made.",
    inputs=(
        Input("checkpoint", PortKind.CHECKPOINT, "The model to write."),
        Input("metrics", PortKind.METRICS, "What the report shows.", many=True, optional=True),
    ),
    parameters=(FOLDER, DTYPE, SHARD_SIZE),
)
def export_checkpoint(folder: str, dtype: str, shard_size: int) -> Sink:
    """Write a checkpoint."""
    return Sink("checkpoint")
