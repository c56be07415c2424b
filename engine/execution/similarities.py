"""Gather the inner products of some vectors while a pass streams by."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np

from engine.document.model import NodeId
from engine.execution.ordered_fold import OrderedFold
from engine.execution.pieces import PieceEvaluator
from engine.execution.result import SimilarityRecord
from engine.execution.schedule import TensorTask
from engine.execution.similarity_record import describe_compared, make_record
from engine.planning.work import TensorWork, WorkPlanner
from engine.similarity.gram import PieceSums, VectorMeter, add_piece, empty_sums
from engine.similarity.gram_table import GramTable, make_zeros
from engine.similarity.row_sums import RowSums


class SimilarityGatherer:
    """Take pieces of n vectors and keep their inner products, tensor by tensor.

    Where the vectors share a base it comes along, so that norms can be told relative to it.
    """

    def __init__(self, planner: WorkPlanner, node: NodeId) -> None:
        """Begin; no tensor has come yet."""
        self.node = node
        self._planner = planner
        self._vectors = planner.compared_vectors(node)
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
        return make_record(describe_compared(self._planner, self.node), table)

    def make_table(self) -> GramTable:
        """Return the sums once every tensor has come; the vectors are called by their nodes."""
        names = tuple(sorted(self._sums))
        entries = np.array([self._entries[name] for name in names], np.int64)
        table = make_zeros(str(self._base or ""), tuple(map(str, self._vectors)), names, (), entries)
        for row, name in enumerate(names):
            sums = self._sums[name].state
            table.products[row], table.both[row], table.signs[row] = sums.products, sums.both[1:, 1:], sums.signs[1:, 1:]
            table.magnitudes[row] = sums.magnitudes[1:]
        return table
