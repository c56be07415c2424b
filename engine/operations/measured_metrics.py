"""Metrics that were measured elsewhere."""

from __future__ import annotations

from engine.operation import Group, PortKind, Source, operation
from engine.parameters import Text


@operation(
    id="measured_metrics",
    title="Measured metrics",
    group=Group.MEASURE,
    sentence="Brings in a table of metrics that were measured elsewhere.",
    outputs=(PortKind.METRICS,),
    parameters=(Text("source", "A CSV file, relative to the document.", required=True),),
)
def measured_metrics(source: str) -> Source:
    """Bring in metrics."""
    return Source("metrics")
