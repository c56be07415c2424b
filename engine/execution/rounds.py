"""The reductions of kernels over one tensor: which belong to which round, and what is known after each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.document.model import NodeId
from engine.execution.ordered_fold import OrderedFold
from engine.operation import SAMPLE_PIECES, Extent, Reduction
from engine.planning.needs import kernel_of, tensor_rounds
from engine.planning.work import TensorWork, WorkPlanner


@dataclass(frozen=True)
class TensorReduction:
    """Name one reduction of a kernel over one tensor."""

    kernel: NodeId
    index: int
    reduction: Reduction


class TensorRounds:
    """Run the reductions that the kernels of one tensor need, round after round; the values are known in the last."""

    def __init__(self, planner: WorkPlanner, work: TensorWork, pieces: int) -> None:
        """Find the rounds; `pieces` is how many pieces the tensor has. No round is open before the first `advance`."""
        self.active: Sequence[TensorReduction] = ()
        """What the open round reduces."""
        self.visits: Sequence[int] = ()
        """The pieces that the open round visits."""
        self.is_last = False
        self._pieces = pieces
        self._work = work
        self._number = -1
        self._steps = planner.resolved.graph.steps
        self._ready = _ready_rounds(planner, work)
        self._results: dict[NodeId, list[object]] = {kernel: [] for kernel in self._ready}
        self._folds: dict[NodeId, OrderedFold[object, object]] = {}

    def advance(self) -> bool:
        """End the open round and open the next one in which there is something to do; False when the last one is over."""
        self._close_round()
        if self.is_last:
            return False
        while not self.is_last:
            self._open_round(self._number + 1)
            if self.active:
                break
        return True

    def push(self, item: TensorReduction, piece: int, partials: Sequence[object]) -> None:
        """Merge what one piece gave."""
        self._folds[item.kernel].push(piece, partials)

    @property
    def results(self) -> Mapping[NodeId, tuple[object, ...]]:
        """Return the results per kernel so far."""
        return {kernel: tuple(results) for kernel, results in self._results.items()}

    def _open_round(self, number: int) -> None:
        """Find the reductions of a round that are needed, after what the rounds before have found."""
        wanted = [item for kernel in self._ready if (item := self._at(kernel, number))]
        self._number = number
        self.is_last = number == self._work.needs.rounds - 1
        self.active = tuple(item for item in wanted if item.reduction.is_needed(tuple(self._results[item.kernel])))
        for item in wanted:
            if item not in self.active:
                self._results[item.kernel].append(None)
        is_survey = not self.is_last and all(item.reduction.reach == "sample" for item in self.active)
        self.visits = sample_pieces(self._pieces) if is_survey else range(self._pieces)
        self._folds = {
            item.kernel: OrderedFold[object, object](item.reduction.start(), item.reduction.merge, self.visits) for item in self.active
        }

    def _close_round(self) -> None:
        """Turn the merged states of the open round into results."""
        extent = Extent(self._work.entries)
        for item in self.active:
            before = tuple(self._results[item.kernel])
            self._results[item.kernel].append(item.reduction.finish(self._folds[item.kernel].state, extent, before))
        self.active = ()

    def _at(self, kernel: NodeId, number: int) -> TensorReduction | None:
        reductions = kernel_of(self._steps[kernel]).reductions
        index = number - (self._ready[kernel] - len(reductions))
        return TensorReduction(kernel, index, reductions[index]) if 0 <= index < len(reductions) else None


def sample_pieces(pieces: int) -> Sequence[int]:
    """Return the numbers of the pieces that stand for all of them: SAMPLE_PIECES, evenly spread."""
    count = min(pieces, SAMPLE_PIECES)
    return [(2 * number + 1) * pieces // (2 * count) for number in range(count)]


def _ready_rounds(planner: WorkPlanner, work: TensorWork) -> dict[NodeId, int]:
    """Return, per kernel with reductions over this tensor, the round in which its result can be mapped."""
    ready: dict[NodeId, int] = {}
    for kernel in work.needs.kernels:
        segments = (item for many in planner.needs.operand_segments(kernel, work.tensor).values() for item in many)
        inner = (atom.node for item in segments for _, form in item for atom in form.atoms)
        before = max((ready.get(node, 0) for node in inner), default=0)
        ready[kernel] = before + tensor_rounds(planner.resolved.graph.steps[kernel])
    return {kernel: number for kernel, number in ready.items() if tensor_rounds(planner.resolved.graph.steps[kernel])}
