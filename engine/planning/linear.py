"""The anchored normal form: every linear chain of nodes as anchor + Σ cᵢ(θᵢ − anchor), tensor by tensor, with exact coefficients."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import prod

from engine.document.model import NodeId
from engine.operation import Choice, Linear, PortKind, find_parent_port
from engine.planning.coefficient import ONE, ZERO, Coefficient, Strengths, Symbol
from engine.planning.resolve import Resolved
from engine.planning.structure import Operand, Step
from engine.tensor_names import Place, find_places


@dataclass(frozen=True, slots=True, order=True)
class Atom:
    """Name what does not fold further: a checkpoint that is read, or the result of a kernel."""

    node: NodeId
    kind: PortKind


@dataclass(frozen=True)
class Form:
    """Hold Σ wₖ·atomₖ; over checkpoints the weights sum to 1 (a checkpoint) or 0 (a vector).

    It is computed as anchor + Σ cᵢ(θᵢ − anchor) + Σ dⱼκⱼ, θ the checkpoints beside the anchor and κ the vectors made
    by kernels: for a checkpoint the anchor is its structural parent, for a vector it is left out of the sum.
    """

    kind: PortKind
    anchor: Atom | None
    weights: tuple[tuple[Atom, Coefficient], ...]
    """The expanded weights, sorted, without zeros."""

    def __hash__(self) -> int:
        """Hash once: a form is looked up for every tensor, and hashing fractions is slow."""
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash((self.kind, self.anchor, self.weights))

    @cached_property
    def terms(self) -> tuple[tuple[Atom, Coefficient], ...]:
        """Return the weights beside the anchor's: the cᵢ and dⱼ of the anchored form."""
        return tuple((atom, weight) for atom, weight in self.weights if atom != self.anchor)

    @cached_property
    def atoms(self) -> tuple[Atom, ...]:
        """Return what has to be known to compute it, the anchor first."""
        if self.copied:
            return (self.copied,)
        others = [atom for atom, _ in self.terms]
        needs_anchor = self.kind is PortKind.CHECKPOINT or any(atom.kind is PortKind.CHECKPOINT for atom in others)
        return (self.anchor, *others) if self.anchor and needs_anchor else tuple(others)

    @cached_property
    def copied(self) -> Atom | None:
        """Return the one checkpoint that this form is, weight 1, if it is nothing else."""
        is_one = len(self.weights) == 1 and self.weights[0][1] == ONE
        return self.weights[0][0] if is_one and self.kind is PortKind.CHECKPOINT else None

    @property
    def is_zero(self) -> bool:
        """Tell whether it is exactly zero."""
        return not self.weights

    @property
    def symbols(self) -> frozenset[Symbol]:
        """Return the numbers that the run must find before this can be computed."""
        return frozenset(symbol for _, weight in self.weights for symbol in weight.symbols)

    def checkpoint_sum(self) -> Coefficient:
        """Return the sum of the weights over checkpoints: 1 for a checkpoint, 0 for a vector (the planner's invariant)."""
        return sum((weight for atom, weight in self.weights if atom.kind is PortKind.CHECKPOINT), start=ZERO)

    def substitute(self, known: Strengths) -> Form:
        """Return the form with found numbers filled in."""
        if not self.symbols:
            return self
        weights = tuple((atom, weight.substitute(known)) for atom, weight in self.weights)
        return Form(self.kind, self.anchor, tuple((atom, weight) for atom, weight in weights if not weight.is_zero))


Weights = Mapping[str, Sequence[Coefficient]]
"""Per input port of a node one coefficient for each wire."""


def weigh_exactly(step: Step, place: Place) -> Weights:
    """Return the coefficients of a linear node in a tensor, as its parameters stand; what a search is to choose is a symbol."""
    behaviour = step.behaviour
    if isinstance(behaviour, Choice):
        return _weigh_choice(step)
    if not isinstance(behaviour, Linear):
        return {}
    return {port: [Coefficient.of(weight) for weight in weights] for port, weights in behaviour.coefficients(step.counts, place).items()}


def strength_symbols(step: Step) -> tuple[Symbol, ...]:
    """Return what a search is to find: one strength for all its vectors, or one for each of them, in their order."""
    if isinstance(step.behaviour, Choice) and step.behaviour.is_each:
        return tuple(Symbol(step.id, f"strength.{index}") for index in range(len(step.inputs["vectors"])))
    return (Symbol(step.id, "strength"),)


def _weigh_choice(step: Step) -> Weights:
    """Return base + Σ λᵢ·vectorᵢ with the λᵢ unknown until the search has run (operations.md, strength_search)."""
    strengths = [Coefficient.unknown(symbol) for symbol in strength_symbols(step)]
    vectors = len(step.inputs["vectors"])
    return {"base": [ONE], "vectors": strengths if len(strengths) == vectors else strengths * vectors}


Segment = tuple[int, Form]
"""The flat index at which a form stops to hold; it begins where the one before stops."""
Segments = tuple[Segment, ...]


class Folding:
    """Fold the nodes of a graph to normal forms, each once per tensor that differs from the rest."""

    def __init__(self, resolved: Resolved) -> None:
        """Look at the graph; nothing is folded yet."""
        self.resolved = resolved
        self._steps = resolved.graph.steps
        self._common: dict[NodeId, Form] = {}
        self._single: dict[tuple[NodeId, str], Segments] = {}
        self._places: dict[NodeId, Mapping[str, Place]] = {}
        self._varying: dict[NodeId, bool] = {}
        self._limited: dict[NodeId, frozenset[str]] = {}
        for name in resolved.values:
            self._look_at(self._steps[name])

    def segments(self, node: NodeId, tensor: str) -> Segments:
        """Return the normal form of a node's value in one tensor, cut where it changes along the entries; () where it has none.

        The same object every time, so that what is computed of it can be kept under its identity.
        """
        key = (node, tensor)
        found = self._single.get(key)
        if found is None:
            found = self._single[key] = self._find_segments(node, tensor)
        return found

    def common_form(self, node: NodeId) -> Form:
        """Return the form that holds in all tensors that are not special."""
        if node not in self._common:
            step = self._steps[node]
            names = self.resolved.values[node].shapes
            parts = [(operand, weight, self.common_form(operand.node)) for operand, weight in self._weigh(step, next(iter(names), ""))]
            self._common[node] = _combine(step, parts) if _is_linear(step) else self._atom_form(step)
        return self._common[node]

    def is_special(self, node: NodeId, tensor: str) -> bool:
        """Tell whether a node's form may be another one in this tensor than in the rest."""
        return self._varying[node] or tensor in self._limited[node]

    def entries(self, node: NodeId, tensor: str) -> int:
        """Return the entries of a tensor in a node's value."""
        return prod(self.resolved.values[node].shapes[tensor])

    def _find_segments(self, node: NodeId, tensor: str) -> Segments:
        if tensor not in self.resolved.values[node].shapes:
            return ()
        if self.is_special(node, tensor):
            return self._fold_adapter(node, tensor) if self._is_adapter(node) else self._fold_tensor(self._steps[node], tensor)
        return ((self.entries(node, tensor), self.common_form(node)),)

    def _look_at(self, step: Step) -> None:
        own = isinstance(step.behaviour, Linear) and step.behaviour.by_place
        before = [operand.node for operand in step.operands if operand.node in self._varying] if _is_linear(step) else []
        self._varying[step.id] = own or any(self._varying[node] for node in before)
        limited = frozenset(self.resolved.limits.get(step.id, ()) or self._list_unadapted(step.id))
        self._limited[step.id] = limited.union(*(self._limited[node] for node in before))

    def _atom_form(self, step: Step) -> Form:
        source = self.resolved.sources.get(step.id)
        kind = self.resolved.values[step.id].kind
        atom = Atom(source.identity if source else step.id, kind)
        return Form(kind, atom if kind is PortKind.CHECKPOINT else None, ((atom, ONE),))

    def _is_adapter(self, node: NodeId) -> bool:
        source = self.resolved.sources.get(node)
        return source is not None and source.adapts is not None

    def _list_unadapted(self, node: NodeId) -> Iterator[str]:
        """Yield the tensors in which an adapter is no product: it leaves them alone, or holds them whole."""
        if self._is_adapter(node):
            products = {name for name, spec in self.resolved.sources[node].header.tensors.items() if spec.product}
            yield from (name for name in self.resolved.values[node].shapes if name not in products)

    def _fold_adapter(self, node: NodeId, tensor: str) -> Segments:
        """Return the form of an adapter in a tensor that is no product: zero, or what was trained whole minus the base."""
        source = self.resolved.sources[node]
        if source.adapts is None or tensor not in source.header.tensors:
            return ((self.entries(node, tensor), Form(PortKind.VECTOR, None, ())),)
        atom = Atom(source.identity, PortKind.CHECKPOINT)
        whole = (Operand(node, PortKind.CHECKPOINT), ONE, Form(PortKind.CHECKPOINT, atom, ((atom, ONE),)))
        base = Operand(source.adapts, PortKind.CHECKPOINT)
        return tuple(
            (stop, _combine(self._steps[node], [(base, Coefficient.of(Fraction(-1)), form), whole]))
            for stop, form in self.segments(source.adapts, tensor)
        )

    def _fold_tensor(self, step: Step, tensor: str) -> Segments:
        total = self.entries(step.id, tensor)
        limit = min(self.resolved.limits.get(step.id, {}).get(tensor, total), total)
        weighed = self._weigh(step, tensor) if _is_linear(step) else []
        folded = [(operand, weight, self.segments(operand.node, tensor)) for operand, weight in weighed]
        stops = sorted({limit, total, *(stop for _, _, segments in folded for stop, _ in segments if stop < limit)} - {0}) or [0]
        rest = self._unedited(step, tensor)
        result: list[Segment] = []
        for stop in stops:
            parts = [(operand, weight, _form_at(segments, stop)) for operand, weight, segments in folded]
            inside = _combine(step, parts) if _is_linear(step) else self._atom_form(step)
            result.append((stop, inside if stop <= limit else _form_at(rest, stop)))
        return _merge_equal(result)

    def _unedited(self, step: Step, tensor: str) -> Segments:
        """Return what stands where a misfit keeps the edit away: the parent's tensor, or zero for a vector."""
        total = self.entries(step.id, tensor)
        parent = find_parent_port(step.behaviour)
        if parent is None:
            return ((total, Form(PortKind.VECTOR, None, ())),)
        return self.segments(step.inputs[parent][0].node, tensor)

    def _weigh(self, step: Step, tensor: str) -> list[tuple[Operand, Coefficient]]:
        """Return the operands of a linear node with their coefficients, without exact zeros."""
        # Finding the places of all tensors takes its time, and only a few operations ask for them.
        by_place = isinstance(step.behaviour, Linear) and step.behaviour.by_place
        weights = weigh_exactly(step, self._place(step, tensor) if by_place else Place(tensor, "other", None, 0))
        pairs = [
            (operand, weight)
            for port, operands in step.inputs.items()
            for operand, weight in zip(operands, weights.get(port, ()), strict=False)
        ]
        return [(operand, weight) for operand, weight in pairs if not weight.is_zero]

    def _place(self, step: Step, tensor: str) -> Place:
        if step.id not in self._places:
            shapes = self.resolved.values[step.id].shapes
            shared = next((places for node, places in self._places.items() if self.resolved.values[node].shapes is shapes), None)
            self._places[step.id] = shared or find_places(shapes)
        return self._places[step.id].get(tensor) or Place(tensor, "other", None, 0)


def _is_linear(step: Step) -> bool:
    return isinstance(step.behaviour, Linear | Choice)


def _combine(step: Step, parts: Sequence[tuple[Operand, Coefficient, Form]]) -> Form:
    kind = step.operation.outputs[0]
    total: dict[Atom, Coefficient] = {}
    for _, factor, form in parts:
        for atom, weight in form.weights:
            total[atom] = total.get(atom, ZERO) + factor * weight
    weights = tuple(sorted((atom, weight) for atom, weight in total.items() if not weight.is_zero))
    anchor = _anchor_of(kind, step, parts)
    if kind is PortKind.VECTOR and anchor not in dict(weights):
        anchor = _first_subtracted(weights)
    return Form(kind, anchor, weights)


def _anchor_of(kind: PortKind, step: Step, parts: Sequence[tuple[Operand, Coefficient, Form]]) -> Atom | None:
    """Return the structural parent's anchor; for a vector that of what it is measured from."""
    parent = find_parent_port(step.behaviour)
    if kind is PortKind.CHECKPOINT and parent:
        first = step.inputs[parent][0]
        return next((form.anchor for operand, _, form in parts if operand is first), None) or _subtracted_anchor(parts)
    return _subtracted_anchor(parts)


def _subtracted_anchor(parts: Iterable[tuple[Operand, Coefficient, Form]]) -> Atom | None:
    ordered = list(parts)
    subtracted = [form.anchor for operand, weight, form in ordered if operand.kind is PortKind.CHECKPOINT and (weight.number or 0) < 0]
    return next((anchor for anchor in [*subtracted, *(form.anchor for _, _, form in ordered)] if anchor), None)


def _first_subtracted(weights: Sequence[tuple[Atom, Coefficient]]) -> Atom | None:
    checkpoints = [(atom, weight) for atom, weight in weights if atom.kind is PortKind.CHECKPOINT]
    negative = [atom for atom, weight in checkpoints if (weight.number or 0) < 0]
    return next(iter(negative), None) or next((atom for atom, _ in checkpoints), None)


def _form_at(segments: Segments, stop: int) -> Form:
    """Return the form that holds for the entries just below `stop`; zero beyond the last segment."""
    return next((form for end, form in segments if stop <= end), Form(PortKind.VECTOR, None, ()))


def _merge_equal(segments: Sequence[Segment]) -> Segments:
    merged: list[Segment] = []
    for stop, form in segments:
        if merged and merged[-1][1] == form:
            merged[-1] = (stop, form)
        else:
            merged.append((stop, form))
    return tuple(merged)


def iterate_ranges(segments: Segments, offset: int, count: int) -> Iterator[tuple[int, int, Form]]:
    """Yield (start, stop, form) over the entries [offset, offset + count), start and stop relative to offset."""
    start = offset
    for stop, form in segments:
        end = min(stop, offset + count)
        if end > start:
            yield start - offset, end - offset, form
            start = end
