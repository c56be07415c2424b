"""Where the models that a graph makes lie among compared vectors: on the plane of the vectors, by their multiples of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from engine.document.model import NodeId
from engine.execution.multiples import find_multiples
from engine.execution.result import EditedPlace, SimilarityRecord
from engine.operation import PortKind
from engine.planning.coefficient import Strengths
from engine.planning.linear import Folding
from engine.planning.work import WorkPlanner


def place_edited(record: SimilarityRecord, planner: WorkPlanner, strengths: Strengths) -> SimilarityRecord:
    """Return the record with the place of every model that is the vectors' base and a sum of multiples of them.

    One whose edit is a sum of other multiples from tensor to tensor, or is made by another operation, has no place that follows from
    the vectors'.
    """
    similarity, folding = NodeId(record.node), planner.folding
    base = planner.shared_base(similarity)
    vectors = planner.compared_vectors(similarity)
    if base is None or len(record.places) != len(vectors) + 1:
        return record
    places = np.array(record.places[1:])
    edited: list[EditedPlace] = []
    for node in _list_made(folding):
        multiples = find_multiples(folding, node, vectors, base, strengths)
        if multiples is not None:
            place = tuple(map(float, multiples @ places))
            edited.append(EditedPlace(node, folding.resolved.title(node), place))
    return replace(record, edited=tuple(edited))


def _list_made(folding: Folding) -> Iterator[NodeId]:
    """Give the nodes of the run whose value is a model that no file holds."""
    resolved = folding.resolved
    for node, step in resolved.graph.steps.items():
        value = resolved.values.get(node)
        is_made = node in resolved.graph.needed and node not in resolved.sources and not step.node.muted
        if is_made and value is not None and value.kind is PortKind.CHECKPOINT:
            yield node
