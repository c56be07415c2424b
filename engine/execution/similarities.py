"""Gather the similarity figures of some vectors while a pass streams by."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.document.model import NodeId
from engine.execution.analogies import list_corners
from engine.execution.ordered_fold import OrderedFold
from engine.execution.pieces import PieceEvaluator
from engine.execution.result import LayerSimilarity, Matrix, PathRecord, SimilarityRecord
from engine.execution.schedule import TensorTask
from engine.planning.work import TensorWork, WorkPlanner
from engine.similarity.geometry import cosines_of, norms_of
from engine.similarity.geometry_counts import count_figures
from engine.similarity.geometry_tips import place_tips
from engine.similarity.gram import PieceSums, VectorMeter, add_piece, empty_sums
from engine.similarity.gram_table import MAGNITUDE_BINS, Floats, GramTable
from engine.similarity.row_sums import RowSums
from engine.similarity.sections import Section, find_sections


class SimilarityGatherer:
    """Take pieces of n vectors and keep their inner products, tensor by tensor.

    Where the vectors share a base it comes along, so that norms can be told relative to it.
    """

    def __init__(self, planner: WorkPlanner, node: NodeId) -> None:
        """Begin; no tensor has come yet."""
        step = planner.resolved.graph.steps[node]
        self.node = node
        self._planner = planner
        self._vectors = planner.compared_vectors(node)
        self._per_layer = bool(step.parameters["per_layer"])
        self._base = planner.shared_base(node)
        self._meter = VectorMeter(len(self._vectors))
        self._sums: dict[str, OrderedFold[RowSums, PieceSums]] = {}
        self._entries: dict[str, int] = {}
        self._lock = threading.Lock()

    def look(self, evaluator: PieceEvaluator) -> object:
        """Return the sums of one piece, block by block."""
        tensor = evaluator.work.tensor
        values = [evaluator.value(self._planner.compared_segments(self.node, vector, tensor)) for vector in self._vectors]
        for value in values:
            evaluator.check(value, None)
        return self._meter.measure(evaluator.floats(self._base) if self._base is not None else None, values)

    def merge(self, task: TensorTask, number: int, partials: Sequence[object]) -> None:
        """Add a piece's blocks to its tensor, in order."""
        tensor = task.work.tensor
        with self._lock:
            fold = self._sums.get(tensor)
            if fold is None:
                fold = self._sums[tensor] = OrderedFold(empty_sums(len(self._vectors)), add_piece, range(task.pieces))
                self._entries[tensor] = task.work.entries
        fold.push(number, [sums for sums in partials if isinstance(sums, PieceSums)])

    def close(self, work: TensorWork) -> None:
        """Do nothing: sums stay per tensor."""

    def record(self, table: GramTable) -> SimilarityRecord:
        """Return the figures that follow from the sums."""
        names = tuple(self._planner.resolved.title(vector) for vector in self._vectors)
        corners = tuple(self._find_corners(vector) for vector in self._vectors)
        return make_record(
            Compared(self.node, names, self._base is not None, self._per_layer, tuple(filter(None, corners)), tuple(self._find_paths())),
            table,
        )

    def make_table(self) -> GramTable:
        """Return the sums once every tensor has come; the vectors are called by their nodes."""
        names = tuple(sorted(self._sums))
        count, width = len(names), len(self._vectors)
        products = np.zeros((count, width + 1, width + 1))
        both, signs = np.zeros((2, count, width, width), np.int64)
        magnitudes = np.zeros((count, width, MAGNITUDE_BINS), np.int64)
        for row, name in enumerate(names):
            sums = self._sums[name].state
            products[row], both[row], signs[row] = sums.products, sums.both[1:, 1:], sums.signs[1:, 1:]
            magnitudes[row] = sums.magnitudes[1:]
        entries = np.array([self._entries[name] for name in names], np.int64)
        vectors = tuple(map(str, self._vectors))
        return GramTable(str(self._base or ""), vectors, names, (), entries, products, both, signs, magnitudes)

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
        corners = list_corners(self._planner.resolved.graph.steps[vector])
        is_known = bool(corners) and all(node in self._vectors for node in corners)
        return tuple(self._vectors.index(node) for node in (*corners, vector)) if is_known else ()


@dataclass(frozen=True)
class Compared:
    """Say what a table is about."""

    node: str
    names: tuple[str, ...]
    """One for each vector."""
    has_base: bool
    """Whether the table knows their base."""
    per_layer: bool
    parallelograms: tuple[tuple[int, ...], ...] = ()
    paths: tuple[PathRecord, ...] = ()


def make_record(compared: Compared, table: GramTable) -> SimilarityRecord:
    """Return the figures that follow from a table whose vectors are, in their order, those that are compared."""
    whole = _compare(table, "", table.tensors)
    counts = count_figures(table)
    base_norm = float(np.sqrt(table.products[:, 0, 0].sum()))
    relative = tuple(norm / base_norm if base_norm > 0 else math.nan for norm in whole.norms)
    tips = place_tips(table.products.sum(axis=0)[1:, 1:])
    return SimilarityRecord(
        node=compared.node,
        names=compared.names,
        cosine=whole.cosine,
        norms=whole.norms,
        relative_norms=relative if compared.has_base else (),
        sign_conflicts=_to_matrix(counts.conflicts),
        zero_shares=tuple(map(float, counts.zeros)),
        entries=whole.entries,
        layers=_by_layer(table) if compared.per_layer else (),
        places=_to_matrix(tips.places),
        shown_share=tips.shown_share,
        parallelograms=compared.parallelograms,
        paths=compared.paths,
    )


def _by_layer(table: GramTable) -> tuple[LayerSimilarity, ...]:
    layers: dict[str, list[Section]] = {}
    for section in find_sections(table.tensors):
        layers.setdefault(section.layer, []).append(section)
    return tuple(_compare_layer(table, title, sections) for title, sections in layers.items())


def _compare_layer(table: GramTable, title: str, sections: Sequence[Section]) -> LayerSimilarity:
    whole = _compare(table, title, [tensor for section in sections for tensor in section.tensors])
    parts = tuple(_compare(table, section.title, section.tensors) for section in sections)
    return replace(whole, sections=parts) if len(parts) > 1 else whole


def _compare(table: GramTable, title: str, tensors: Sequence[str]) -> LayerSimilarity:
    number = {name: row for row, name in enumerate(table.tensors)}
    rows = [number[name] for name in tensors]
    # One layer of (vectors, layers, vectors), as geometry has them.
    inner = table.products[rows].sum(axis=0)[1:, None, 1:]
    norms = tuple(map(float, norms_of(inner)[:, 0]))
    return LayerSimilarity(title, _to_matrix(cosines_of(inner)[:, 0, :]), norms, int(table.entries[rows].sum()))


def _to_matrix(array: Floats) -> Matrix:
    return tuple(tuple(float(cell) for cell in row) for row in array)
