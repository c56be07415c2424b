"""A checkpoint on disk or on the Hub."""

from __future__ import annotations

from engine.operation import Group, PortKind, Source, operation
from engine.parameters import Text


@operation(
    id="checkpoint",
    title="Checkpoint",
    group=Group.SOURCES,
    sentence="Brings in the weights of one model from a file, a folder or the Hub.",
    formula="θ",
    outputs=(PortKind.CHECKPOINT,),
    parameters=(Text("source", "A file, a folder, or hub:org/name@revision; paths are relative to the document.", required=True),),
)
def checkpoint(source: str) -> Source:
    """Bring in a checkpoint."""
    return Source("checkpoint")
