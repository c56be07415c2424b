"""Write an output node's tensors piece by piece into its staging folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch

from engine.checkpoints.header import DType, TensorSpec
from engine.checkpoints.layout import ShardLayout
from engine.checkpoints.staging import Staging
from engine.document.model import NodeId
from engine.events import Listener, TensorWritten
from engine.execution.buffers import view_bytes
from engine.execution.dtypes import TORCH_DTYPES
from engine.execution.pieces import PieceEvaluator
from engine.execution.schedule import TensorTask
from engine.execution.written_edit import WrittenEdit
from engine.operation import BLOCK_ENTRIES
from engine.planning.linear import Form, Segments, iterate_ranges
from engine.planning.work import OutputTensor, TensorWork


@dataclass(frozen=True)
class ExportPlan:
    """Hold what an output node writes, and where each tensor lies in its files."""

    node: NodeId
    outputs: Mapping[str, OutputTensor]
    places: Mapping[str, TensorSpec]
    """Name → place; the path is the file's name."""
    segments: Callable[[str], Segments]
    """The form of the written value in a tensor."""
    base: NodeId | None
    """The structural parent of a checkpoint, which the size of the edit is measured by; None for a vector."""

    @staticmethod
    def of(
        node: NodeId,
        outputs: Sequence[OutputTensor],
        shards: Sequence[ShardLayout],
        segments: Callable[[str], Segments],
        base: NodeId | None,
    ) -> ExportPlan:
        """Return the plan of an output whose shards are laid out."""
        places = {name: spec for shard in shards for name, spec in shard.tensors.items()}
        return ExportPlan(node, {output.name: output for output in outputs}, places, segments, base)


class ExportWriter:
    """Take pieces of values and write them, rounded once, to their place."""

    def __init__(self, plan: ExportPlan, staging: Staging, listener: Listener) -> None:
        """Begin; the files exist already."""
        self.plan = plan
        self.staging = staging
        self._listener = listener
        self._edit = WrittenEdit()

    def look(self, evaluator: PieceEvaluator) -> object:
        """Write one piece unless an earlier run has; bytes of a checkpoint that goes out unchanged are copied."""
        output = self.plan.outputs[evaluator.work.tensor]
        width = output.dtype.size_bytes
        place = self.plan.places[output.name]
        offset, size = place.offset + evaluator.offset * width, evaluator.count * width
        name = place.path.name
        if output.is_edited and not self._has_base(evaluator):
            self._edit.miss()
        if size and not self.staging.is_durable(name, offset, size):
            piece = self._make_piece(evaluator, output)
            self.staging.write_piece(name, offset, view_bytes(piece))
            self.staging.mark_written(name, offset, size)
        return None

    def merge(self, task: TensorTask, number: int, partials: Sequence[object]) -> None:
        """Do nothing: files need no order."""

    def close(self, work: TensorWork) -> None:
        """Tell that a tensor is whole."""
        size = self.plan.outputs[work.tensor].size_bytes
        self._listener(TensorWritten(self.plan.node, work.tensor, size))

    def find_edit_share(self) -> tuple[float | None, bool]:
        """Return ‖edit‖/‖θ₀‖ of what was written, and whether it is exact: of all entries; None where no base was read beside an edit."""
        return self._edit.find_share({name: self.plan.places[name].count for name, output in self.plan.outputs.items() if output.is_edited})

    def _has_base(self, evaluator: PieceEvaluator) -> bool:
        return self.plan.base is not None and self.plan.base in evaluator.work.needs.sources

    def _measure(self, evaluator: PieceEvaluator, output: OutputTensor, piece: torch.Tensor, most: int | None = None) -> None:
        """Measure how far a piece of an edited tensor, or so many entries of it, lies from the base, where that is read anyway."""
        base = self.plan.base
        if base is not None and self._has_base(evaluator):
            before = evaluator.raw(base).view(TORCH_DTYPES[evaluator.ground.spec(base, evaluator.work.tensor).dtype])
            self._edit.add(output.name, evaluator.offset, piece.view(TORCH_DTYPES[output.dtype])[:most], before[:most])

    def _make_piece(self, evaluator: PieceEvaluator, output: OutputTensor) -> torch.Tensor:
        """Return the bytes of a piece (uint8, host)."""
        if not output.is_edited:
            return evaluator.raw(evaluator.work.needs.sources[0])
        segments = self.plan.segments(output.name)
        source = self._copied_source(evaluator, segments[0][1], output) if len(segments) == 1 else None
        if source is not None:
            # Bytes that go out as they came in are looked at all the same: NaN must not pass unseen.
            evaluator.check(evaluator.floats(source), None)
            self._measure(evaluator, output, evaluator.raw(source))
            return evaluator.raw(source)
        return self._round(evaluator, output, segments)

    def _round(self, evaluator: PieceEvaluator, output: OutputTensor, segments: Segments) -> torch.Tensor:
        host = evaluator.take_host(evaluator.count * output.dtype.size_bytes)
        if output.dtype is DType.BF16 and evaluator.round_halves(segments, host.view(torch.uint16)):
            # To measure all that this loop writes would take a third as long again as the whole run.
            if evaluator.offset == 0:
                self._measure(evaluator, output, host, BLOCK_ENTRIES)
            return host
        value = evaluator.value(segments)
        evaluator.check(value, output.dtype)
        rounded = host.view(TORCH_DTYPES[output.dtype])
        rounded.copy_(value)
        for start, stop, form in iterate_ranges(segments, evaluator.offset, evaluator.count):
            source = self._copied_source(evaluator, form, output)
            if source is not None:
                width = output.dtype.size_bytes
                host[start * width : stop * width] = evaluator.raw(source)[start * width : stop * width]
        self._measure(evaluator, output, host)
        return host

    def _copied_source(self, evaluator: PieceEvaluator, form: Form, output: OutputTensor) -> NodeId | None:
        """Return the checkpoint whose bytes go out unchanged: weight 1, nothing else, the same dtype."""
        source = evaluator.ground.sum_of(form).copied
        if source is None or source not in evaluator.ground.planner.resolved.sources:
            return None
        return source if evaluator.ground.spec(source, output.name).dtype is output.dtype else None
