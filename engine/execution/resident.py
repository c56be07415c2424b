"""A search's Στ kept in memory, so that for every strength only θ₀ is read again: the model is θ₀ + λΣτ, never an increment of the last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

import torch

from engine.document.model import NodeId
from engine.execution.pieces import PieceEvaluator
from engine.execution.schedule import TensorTask
from engine.operation import PortKind
from engine.planning.coefficient import Symbol
from engine.planning.linear import Folding, Form, Segments
from engine.planning.work import TensorWork, WorkPlanner


class ResidentVector:
    """Hold Στ of one search as float32, tensor by tensor, on the device that computes."""

    def __init__(self, folding: Folding, node: NodeId) -> None:
        """Begin empty; streaming it once fills it."""
        self._folding = folding
        self._node = node
        self._symbol = Symbol(node, "strength")
        self._bases: dict[str, Segments] = {}
        self._directions: dict[str, Segments] = {}
        self.tensors: dict[str, torch.Tensor] = {}

    def prepare(self, works: Sequence[TensorWork], device: torch.device) -> None:
        """Make room for the tensors of the work to come."""
        for work in works:
            segments = self._folding.segments(self._node, work.tensor)
            self._bases[work.tensor] = tuple((stop, form.substitute({self._symbol: Fraction(0)})) for stop, form in segments)
            self._directions[work.tensor] = tuple((stop, self._direction(form)) for stop, form in segments)
            self.tensors[work.tensor] = torch.empty(work.entries, dtype=torch.float32, device=device)

    def base_work(self, planner: WorkPlanner, works: Sequence[TensorWork]) -> list[TensorWork]:
        """Return the work of filling a model once the vector is here: only what θ₀ is made of is read."""
        return [planner.forms_work(work.tensor, work.entries, (self._bases[work.tensor],)) for work in works]

    def direction(self, tensor: str) -> Segments:
        """Return the form of Στ in a tensor."""
        return self._directions[tensor]

    def base(self, tensor: str) -> Segments:
        """Return the form of θ₀ in a tensor."""
        return self._bases[tensor]

    def _direction(self, form: Form) -> Form:
        """Return what the unknown strength multiplies: the form is linear in it."""
        weights = tuple((atom, weight.factor_of(self._symbol)) for atom, weight in form.weights)
        return Form(PortKind.VECTOR, form.anchor, tuple((atom, weight) for atom, weight in weights if not weight.is_zero))


class VectorKeeper:
    """Take pieces of Στ into memory."""

    def __init__(self, vector: ResidentVector) -> None:
        """Begin; the vector has room for them."""
        self._vector = vector

    def look(self, evaluator: PieceEvaluator) -> object:
        """Keep one piece."""
        tensor = evaluator.work.tensor
        value = evaluator.value(self._vector.direction(tensor))
        evaluator.check(value, None)
        self._vector.tensors[tensor][evaluator.offset : evaluator.offset + evaluator.count].copy_(value)
        return None

    def merge(self, task: TensorTask, number: int, partials: Sequence[object]) -> None:
        """Do nothing: each piece has its own place."""

    def close(self, work: TensorWork) -> None:
        """Do nothing."""


class StrengthFiller:
    """Take pieces of θ₀ + λΣτ into a model, Στ from memory."""

    def __init__(self, vector: ResidentVector, strength: Fraction, tensors: Mapping[str, torch.Tensor]) -> None:
        """Begin; `tensors` are the model's own."""
        self._vector = vector
        self._strength = float(strength)
        self._tensors = tensors

    def look(self, evaluator: PieceEvaluator) -> object:
        """Fill one piece."""
        tensor = evaluator.work.tensor
        here = slice(evaluator.offset, evaluator.offset + evaluator.count)
        value = evaluator.value(self._vector.base(tensor))
        place = self._tensors[tensor].view(-1)[here]
        torch.add(value, self._vector.tensors[tensor][here], alpha=self._strength, out=place)
        evaluator.check(place, None)
        return None

    def merge(self, task: TensorTask, number: int, partials: Sequence[object]) -> None:
        """Do nothing: each piece has its own place."""

    def close(self, work: TensorWork) -> None:
        """Do nothing."""
