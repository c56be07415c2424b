"""Gather the similarity figures of some vectors while a pass streams by."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np

from engine.document.model import NodeId
from engine.execution.ordered_fold import OrderedFold
from engine.execution.pieces import PieceEvaluator
from engine.execution.result import LayerSimilarity, Matrix, PathRecord, SimilarityRecord
from engine.execution.schedule import TensorTask
from engine.operation import PortKind
from engine.planning.work import TensorWork, WorkPlanner
from engine.similarity.geometry_tips import place_tips
from engine.similarity.gram import Inner, cosine_matrix, empty_inner, inner_of_piece, norms_of, sign_conflicts, zero_shares
from engine.similarity.sections import layer_order, layer_title

_CORNERS = 3
"""What an analogy is made of: A, B and C."""


class SimilarityGatherer:
    """Take pieces of n vectors and keep their inner products, tensor by tensor.

    Where the vectors share a base it comes along as one more column, so that norms can be told relative to it.
    """

    def __init__(self, planner: WorkPlanner, node: NodeId) -> None:
        """Begin; no tensor has come yet."""
        step = planner.resolved.graph.steps[node]
        self.node = node
        self._planner = planner
        self._vectors = [operand.node for operand in step.inputs["vectors"]]
        self._per_layer = bool(step.parameters["per_layer"])
        self._base = planner.shared_base(node)
        self._folds: dict[str, OrderedFold[Inner, Inner]] = {}
        self._lock = threading.Lock()

    def look(self, evaluator: PieceEvaluator) -> object:
        """Return the inner products of one piece, block by block."""
        tensor = evaluator.work.tensor
        values = [evaluator.value(self._planner.compared_segments(self.node, vector, tensor)) for vector in self._vectors]
        for value in values:
            evaluator.check(value, None)
        if self._base is not None:
            values.append(evaluator.floats(self._base))
        return inner_of_piece(values)

    def merge(self, task: TensorTask, number: int, partials: Sequence[object]) -> None:
        """Add a piece's blocks to its tensor, in order."""
        with self._lock:
            fold = self._folds.get(task.work.tensor)
            if fold is None:
                start = empty_inner(len(self._vectors) + (self._base is not None))
                fold = self._folds[task.work.tensor] = OrderedFold(start, Inner.__add__, range(task.pieces))
        fold.push(number, [inner for many in partials if isinstance(many, list) for inner in many if isinstance(inner, Inner)])

    def close(self, work: TensorWork) -> None:
        """Do nothing: sums stay per tensor."""

    def record(self) -> SimilarityRecord:
        """Return the figures once every tensor has come."""
        sums = {tensor: fold.state for tensor, fold in sorted(self._folds.items())}
        names = tuple(self._planner.resolved.title(vector) for vector in self._vectors)
        corners = tuple(self._find_corners(vector) for vector in self._vectors)
        return make_record(
            Compared(self.node, names, self._base is not None, self._per_layer, tuple(filter(None, corners)), tuple(self._find_paths())),
            sums,
        )

    def _find_paths(self) -> Iterator[PathRecord]:
        """Give the vectors of each series whose steps are compared one by one."""
        resolved = self._planner.resolved
        steps = {member.node: member.entry for members in resolved.expansion.series.values() for member in members}
        groups: dict[NodeId, list[tuple[int, int, str]]] = {}
        for number, vector in enumerate(self._vectors):
            found = [steps[node] for node in resolved.graph.ancestors(vector) if node in steps]
            if len(found) == 1 and resolved.expansion.origin(vector) != vector:
                groups.setdefault(resolved.expansion.origin(vector), []).append((found[0].number, number, found[0].name))
        for origin, members in groups.items():
            members.sort()
            _, number, entry = members[0]
            name = resolved.title(self._vectors[number]).removesuffix(f" · {entry}")
            if len(members) > 1:
                yield PathRecord(name or str(origin), tuple(number for _, number, _ in members), tuple(float(step) for step, *_ in members))

    def _find_corners(self, vector: NodeId) -> tuple[int, ...]:
        """Return the numbers of an analogy's A, B and C and its own; () for other vectors, and where one of them is not compared."""
        step = self._planner.resolved.graph.steps[vector]
        required = [operand.node for port in step.operation.inputs if not port.optional for operand in step.inputs[port.name]]
        is_analogy = [port.kind for port in step.operation.inputs if not port.optional] == [PortKind.VECTOR] * _CORNERS
        nodes = [*required, vector]
        known = is_analogy and not step.node.muted and len(nodes) == _CORNERS + 1 and all(node in self._vectors for node in nodes)
        return tuple(self._vectors.index(node) for node in nodes) if known else ()


@dataclass(frozen=True)
class Compared:
    """Say what sums are about."""

    node: str
    names: tuple[str, ...]
    """One for each vector."""
    has_base: bool
    """Whether the base comes after the vectors as one more column."""
    per_layer: bool
    parallelograms: tuple[tuple[int, ...], ...] = ()
    paths: tuple[PathRecord, ...] = ()


def make_record(compared: Compared, sums: Mapping[str, Inner]) -> SimilarityRecord:
    """Return the figures that follow from the sums over each tensor."""
    count = len(compared.names)
    width = count + compared.has_base
    total = reduce(Inner.__add__, sums.values(), empty_inner(width))
    norms = norms_of(total)
    relative = tuple(float(norm / norms[-1]) for norm in norms[:count]) if compared.has_base and norms[-1] > 0 else ()
    tips = place_tips(total.products[:count, :count])
    return SimilarityRecord(
        node=compared.node,
        names=compared.names,
        cosine=_to_matrix(cosine_matrix(total)[:count, :count]),
        norms=tuple(float(norm) for norm in norms[:count]),
        relative_norms=relative,
        sign_conflicts=_to_matrix(sign_conflicts(total)[:count, :count]),
        zero_shares=tuple(float(share) for share in zero_shares(total)[:count]),
        entries=total.entries,
        layers=_by_layer(sums, count, width) if compared.per_layer else (),
        places=_to_matrix(tips.places),
        shown_share=tips.shown_share,
        parallelograms=compared.parallelograms,
        paths=compared.paths,
    )


def _by_layer(sums: Mapping[str, Inner], count: int, width: int) -> tuple[LayerSimilarity, ...]:
    groups: dict[str, list[str]] = {}
    for tensor in sorted(sums, key=layer_order):
        groups.setdefault(layer_title(tensor), []).append(tensor)
    layers: list[LayerSimilarity] = []
    for title, tensors in groups.items():
        total = reduce(Inner.__add__, (sums[tensor] for tensor in tensors), empty_inner(width))
        norms = tuple(float(norm) for norm in norms_of(total)[:count])
        layers.append(LayerSimilarity(title, _to_matrix(cosine_matrix(total)[:count, :count]), norms, total.entries))
    return tuple(layers)


def _to_matrix(array: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Matrix:
    return tuple(tuple(float(cell) for cell in row) for row in array)
