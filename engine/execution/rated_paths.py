"""Compared vectors in the order of the learning rates that their checkpoints were trained with."""

from __future__ import annotations

from dataclasses import replace

from engine.document.model import NodeId
from engine.execution.result import PathRecord, SimilarityRecord
from engine.planning.learning_rates import find_learning_rates
from engine.planning.work import WorkPlanner


def add_learning_rates(record: SimilarityRecord, planner: WorkPlanner) -> SimilarityRecord:
    """Return the record with one path more: the vectors of single checkpoints whose labels tell a learning rate, if there are two."""
    resolved, similarity = planner.resolved, NodeId(record.node)
    base = planner.shared_base(similarity)
    rates = find_learning_rates(resolved, base)
    found: dict[NodeId, int] = {}
    for number, vector in enumerate(planner.compared_vectors(similarity)):
        above = resolved.graph.ancestors(vector)
        trained = [node for node in above if node in resolved.sources and resolved.sources[node].identity != base]
        if len(trained) == 1 and trained[0] in rates:
            found.setdefault(trained[0], number)
    if len(found) < 2:  # noqa: PLR2004  (one is in no order)
        return record
    ordered = sorted(found, key=lambda node: rates[node])
    path = PathRecord("", tuple(found[node] for node in ordered), tuple(rates[node] for node in ordered), "learning rate")
    return replace(record, paths=(*record.paths, path))
