"""The checkpoints of one training."""

from __future__ import annotations

from engine.operation import Group, PortKind, Source, operation
from engine.parameters import Text
from engine.training_folder import CHECKPOINT_PATTERN


@operation(
    id="series",
    title="Series",
    group=Group.SOURCES,
    sentence="Brings in the checkpoints of one training from its output folder, in the order of their numbers.",
    formula="θ₁, θ₂, …",
    outputs=(PortKind.CHECKPOINT,),
    parameters=(
        Text("source", "The folder that holds the checkpoints, relative to the document.", required=True),
        Text("pattern", "What the checkpoints are called, with * and ?; the last number in a name is its step.", CHECKPOINT_PATTERN),
    ),
)
def series(source: str, pattern: str) -> Source:
    """Bring in a series of checkpoints; where one is asked for, a node does its work for each of them."""
    return Source("series")
