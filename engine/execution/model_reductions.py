"""Reductions of kernels over the whole model: gathered during one pass, known to all later ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.document.model import NodeId
from engine.execution.ordered_fold import OrderedFold
from engine.execution.pieces import PieceEvaluator
from engine.execution.schedule import TensorTask
from engine.operation import Extent
from engine.planning.needs import kernel_of
from engine.planning.passes import ModelReduction
from engine.planning.structure import Step
from engine.planning.work import TensorWork

ModelResults = dict[NodeId, tuple[object, ...]]
"""Per kernel the results of its reductions over the model so far."""


class ModelReducer:
    """Run one reduction over all tensors that its kernel's operands have."""

    def __init__(self, item: ModelReduction, step: Step, tasks: Sequence[TensorTask], known: Mapping[NodeId, tuple[object, ...]]) -> None:
        """Begin; `known` holds the results of the kernel's earlier reductions."""
        self.item = item
        self._reduction = kernel_of(step).reductions[item.index]
        self._known = known.get(item.kernel, ())
        mine = [task for task in tasks if item in task.work.reductions]
        keys = [(task.index, number) for task in mine for number in range(task.pieces)]
        self._entries = sum(task.work.entries for task in mine)
        self._fold = OrderedFold[object, object](self._reduction.start(), self._reduction.merge, keys)

    def is_needed(self) -> bool:
        """Tell whether the earlier results leave anything to find."""
        return self._reduction.is_needed(self._known)

    def look(self, evaluator: PieceEvaluator) -> object:
        """Return what one piece gives."""
        operands = evaluator.operands(self.item.kernel)
        for operand in (item for many in operands.values() for item in many):
            evaluator.check(operand, None)
        return self._reduction.update(operands, self._known, evaluator.spot(self.item.kernel))

    def merge(self, task: TensorTask, number: int, partials: Sequence[object]) -> None:
        """Merge a piece in the order of the model's entries."""
        self._fold.push((task.index, number), partials)

    def close(self, work: TensorWork) -> None:
        """Do nothing: the reduction runs over all tensors."""

    def finish(self) -> object:
        """Return the result once every tensor has come."""
        return self._reduction.finish(self._fold.state, Extent(self._entries), self._known)
