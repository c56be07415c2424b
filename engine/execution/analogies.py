"""How near what an analogy makes (D̂) comes to the true vector (D), where both are compared."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from engine.document.model import NodeId
from engine.execution.result import AnalogyRecord, SimilarityRecord
from engine.operation import Choice, PortKind
from engine.planning.structure import Graph, Step
from engine.planning.work import WorkPlanner
from engine.similarity.geometry import residual_of

_CORNERS = 3
"""What an analogy is made of: A, B and C."""


def list_corners(step: Step) -> tuple[NodeId, ...]:
    """Return the nodes of an analogy's A, B and C; () for other nodes."""
    required = [port for port in step.operation.inputs if not port.optional]
    nodes = tuple(operand.node for port in required for operand in step.inputs[port.name])
    is_analogy = [port.kind for port in required] == [PortKind.VECTOR] * _CORNERS
    return nodes if is_analogy and len(nodes) == _CORNERS else ()


def list_analogies(graph: Graph, value: NodeId) -> tuple[NodeId, ...]:
    """Return the analogies that a value is made of."""
    return tuple(sorted(node for node in graph.ancestors(value) if list_corners(graph.steps[node])))


def compare_analogies(record: SimilarityRecord, planner: WorkPlanner) -> SimilarityRecord:
    """Return the record with the residual and the cosine of every analogy whose true vector is compared as well."""
    graph = planner.resolved.graph
    vectors = planner.compared_vectors(NodeId(record.node))
    found: list[AnalogyRecord] = []
    for made, node in enumerate(vectors):
        true = next((vectors.index(other) for other in _list_true(graph.steps[node]) if other in vectors), None)
        if true is not None:
            residual, cosine = _measure_residual(record, made, true), record.cosine[made][true]
            found.append(AnalogyRecord(node, made, true, residual, cosine, tuple(_list_searches(graph, node))))
    return replace(record, analogies=tuple(found))


def _list_true(step: Step) -> list[NodeId]:
    """Return what an analogy is only compared with."""
    optional = [port.name for port in step.operation.inputs if port.optional and port.kind is PortKind.VECTOR]
    return [operand.node for port in optional for operand in step.inputs[port]] if list_corners(step) else []


def _measure_residual(record: SimilarityRecord, made: int, true: int) -> float:
    norms = record.norms[made], record.norms[true]
    # Of a vector that is zero there is no cosine.
    overlap = record.cosine[made][true] * norms[0] * norms[1] if all(norms) else 0.0
    return residual_of(math.sqrt(max(norms[0] ** 2 + norms[1] ** 2 - 2 * overlap, 0.0)), norms[1])


def _list_searches(graph: Graph, analogy: NodeId) -> Iterator[NodeId]:
    """Give the strength searches that try this analogy and nothing beside it."""
    for node, step in graph.steps.items():
        if isinstance(step.behaviour, Choice) and [operand.node for operand in step.inputs["vectors"]] == [analogy]:
            yield node
