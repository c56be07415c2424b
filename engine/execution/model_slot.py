"""One model in memory whose weights are overwritten in place for every checkpoint that is measured; nothing goes to disk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from engine.document.model import NodeId
from engine.errors import EvaluationError
from engine.execution.pieces import Ground, PieceEvaluator
from engine.execution.resident import ResidentVector, StrengthFiller, VectorKeeper
from engine.execution.schedule import TensorTask
from engine.execution.stream import Consumer, Stream, StreamSettings, make_tasks
from engine.planning.coefficient import Strengths, Symbol
from engine.planning.work import TensorWork

if TYPE_CHECKING:
    import torch

    from engine.evaluation.models import EvaluationModel
    from engine.evaluation.tasks import Task


class SlotFiller:
    """Take pieces of a checkpoint's value into the tensors of a model."""

    def __init__(self, node: NodeId, tensors: Mapping[str, torch.Tensor]) -> None:
        """Begin; `tensors` are the model's own, by the names of the checkpoint's files."""
        self._node = node
        self._tensors = tensors

    def look(self, evaluator: PieceEvaluator) -> object:
        """Copy one piece to its place, rounded to float32."""
        value = evaluator.value(evaluator.ground.planner.folding.segments(self._node, evaluator.work.tensor))
        evaluator.check(value, None)
        place = self._tensors[evaluator.work.tensor].view(-1)
        place[evaluator.offset : evaluator.offset + evaluator.count].copy_(value)
        return None

    def merge(self, task: TensorTask, number: int, partials: Sequence[object]) -> None:
        """Do nothing: a model in memory needs no order."""

    def close(self, work: TensorWork) -> None:
        """Do nothing: the model is measured when all tensors have come."""


class ModelSlot:
    """Hold the loaded model, and fill it with one checkpoint after another, always from what lies on disk."""

    def __init__(self, ground: Ground, settings: StreamSettings, kept_searches: frozenset[NodeId]) -> None:
        """Begin empty; `kept_searches` are the searches whose Στ stays in memory, as planned."""
        self._kept_searches = kept_searches
        self._vector: tuple[NodeId, ResidentVector] | None = None
        self._ground = ground
        self._settings = settings
        self._model: tuple[Path, Task, EvaluationModel] | None = None

    def fill(self, node: NodeId, task: Task, strengths: Strengths) -> EvaluationModel:
        """Return the model of a checkpoint's structural parent with the checkpoint's weights in it.

        Raises:
            EngineError: the model can't be loaded, or the weights can't be read.
        """
        model = self._load(self._folder(node), task)
        works = [work for work in self._ground.planner.checkpoint_work(node) if work.tensor in model.tensors]
        if self.keeps_vector(node, strengths):
            self._fill_at_strength(node, works, strengths[Symbol(node, "strength")], model)
        else:
            self._stream(self._ground.with_strengths(strengths), works, SlotFiller(node, model.tensors))
        return model

    def keeps_vector(self, node: NodeId, strengths: Strengths) -> bool:
        """Tell whether a checkpoint is filled in from a vector that stays in memory between the strengths of its search."""
        return node in self._kept_searches and Symbol(node, "strength") in strengths

    def release(self) -> None:
        """Let go of the memory of the model and of vectors kept for a search."""
        self._model = None
        self._vector = None

    def _fill_at_strength(self, node: NodeId, works: Sequence[TensorWork], strength: Fraction, model: EvaluationModel) -> None:
        """Fill the model with θ₀ + λΣτ from a vector that stays in memory between the strengths."""
        if self._vector is None or self._vector[0] != node:
            vector = ResidentVector(self._ground.planner.folding, node)
            vector.prepare(works, self._ground.device)
            self._stream(self._ground, works, VectorKeeper(vector))
            self._vector = (node, vector)
        vector = self._vector[1]
        self._stream(self._ground, vector.base_work(self._ground.planner, works), StrengthFiller(vector, strength, model.tensors))

    def _stream(self, ground: Ground, works: Sequence[TensorWork], consumer: Consumer) -> None:
        Stream(ground, self._settings, lambda _work: (consumer,)).run(make_tasks(ground, works, self._settings.piece_entries))

    def _load(self, folder: Path, task: Task) -> EvaluationModel:
        if self._model is None or self._model[:2] != (folder, task):
            self._model = None
            # transformers takes seconds and 200 MB, which only a measurement is worth.
            from engine.evaluation.models import open_model  # noqa: PLC0415

            self._model = (folder, task, open_model(folder, task, str(self._ground.device)))
        return self._model[2]

    def _folder(self, node: NodeId) -> Path:
        resolved = self._ground.planner.resolved
        parent = resolved.values[node].parent
        folder = resolved.sources[parent].header.folder if parent else None
        if folder is None:
            fact = f"“{resolved.title(node)}” has no model folder."
            raise EvaluationError(fact, "Point to a Hugging Face folder that holds config.json.")
        return folder
