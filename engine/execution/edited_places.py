"""Where the models that a graph makes lie among compared vectors: on the plane of the vectors, by their multiples of them."""

from __future__ import annotations

import math
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
from engine.similarity.geometry_tips import place_sums
from engine.similarity.gram_table import Floats


def place_edited(record: SimilarityRecord, planner: WorkPlanner, strengths: Strengths) -> SimilarityRecord:
    """Return the record with the place of every model that is the vectors' base and a sum of multiples of them.

    One whose edit is a sum of other multiples from tensor to tensor, or is made by another operation, has no place that follows from
    the vectors'.
    """
    similarity, folding = NodeId(record.node), planner.folding
    base = planner.shared_base(similarity)
    vectors = planner.compared_vectors(similarity)
    if base is None or len(record.places) != len(vectors) + 1 or not np.isfinite(record.places).all():
        return record
    found = ((node, find_multiples(folding, node, vectors, base, strengths)) for node in _list_made(folding))
    multiples = {node: sums for node, sums in found if sums is not None}
    if not multiples:
        return record
    sums = place_sums(_find_products(record), np.array(record.places), np.array(list(multiples.values())))
    titled = ((node, folding.resolved.title(node), tuple(map(float, place))) for node, place in zip(multiples, sums.places, strict=True))
    edited = tuple(EditedPlace(*one) for one in titled)
    # Of vectors that are all 0 there is nothing to show a share of.
    share = sums.shown_share if math.isfinite(record.shown_share) else record.shown_share
    return replace(record, edited=edited, shown_share=share, shown_models=sums.models)


def _find_products(record: SimilarityRecord) -> Floats:
    """Return (n, n): ⟨τᵢ, τⱼ⟩ of compared vectors; of a vector that is zero there is no cosine."""
    norms = np.array(record.norms)
    return np.nan_to_num(np.array(record.cosine)) * np.outer(norms, norms)


def _list_made(folding: Folding) -> Iterator[NodeId]:
    """Give the nodes of the run whose value is a model that no file holds."""
    resolved = folding.resolved
    for node, step in resolved.graph.steps.items():
        value = resolved.values.get(node)
        is_made = node in resolved.graph.needed and node not in resolved.sources and not step.node.muted
        if is_made and value is not None and value.kind is PortKind.CHECKPOINT:
            yield node
