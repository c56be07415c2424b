"""What it takes to know a form in one tensor: the checkpoints to read, the kernels to run, the rounds over its pieces."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from engine.document.model import NodeId
from engine.operation import Kernel, PortKind
from engine.planning.coefficient import NOTHING_KNOWN, Strengths
from engine.planning.linear import Atom, Folding, Form, Segments
from engine.planning.structure import Step


@dataclass(frozen=True, slots=True)
class Needs:
    """Hold what some forms need of one tensor."""

    sources: tuple[NodeId, ...]
    """Checkpoints by identity, each read once per round."""
    kernels: tuple[NodeId, ...]
    """Kernels, operands first."""
    rounds: int
    """How often the pieces may be streamed before the kernels' results are known, the last time included."""
    readings: int = 1
    """How often all of the pieces are streamed, as a rule: without samples and fallbacks."""
    samples: int = 0
    """How often a sample of them is."""


class NeedsFinder:
    """Answer what forms need, remembering the kernels' operands."""

    def __init__(self, folding: Folding, known: Strengths = NOTHING_KNOWN) -> None:
        """Keep the folding to look operands up in, and the strengths that are known."""
        self._folding = folding
        self._known = known
        self._steps = folding.resolved.graph.steps
        self._sources = folding.resolved.sources
        self._cache: dict[tuple[tuple[Form, ...], str], Needs] = {}
        self._operands: dict[tuple[NodeId, str], Mapping[str, tuple[Segments, ...]]] = {}
        self._simple: dict[tuple[Form, ...], Needs] = {}

    def find(self, forms: Iterable[Form], tensor: str) -> Needs:
        """Return what the forms need in a tensor; what a known strength of 0 leaves out is not needed."""
        key = tuple(map(self._fill_in, forms))
        if key in self._simple:
            return self._simple[key]
        if (key, tensor) not in self._cache:
            needs = self._walk(key, tensor)
            if needs.kernels:
                self._cache[key, tensor] = needs
            else:
                self._simple[key] = needs
                return needs
        return self._cache[key, tensor]

    def operand_segments(self, kernel: NodeId, tensor: str) -> Mapping[str, tuple[Segments, ...]]:
        """Return the forms of a kernel's operands in a tensor, per port; what a misfit leaves unedited counts as zero everywhere."""
        found = self._operands.get((kernel, tensor))
        if found is None:
            limit = self._folding.resolved.limits.get(kernel, {}).get(tensor)
            found = self._operands[kernel, tensor] = {
                port: tuple(_cut(self._folding.segments(operand.node, tensor), limit) for operand in operands)
                for port, operands in self._steps[kernel].inputs.items()
                if operands and operands[0].kind in (PortKind.CHECKPOINT, PortKind.VECTOR)
            }
        return found

    def _fill_in(self, form: Form) -> Form:
        return form.substitute(self._known) if self._known else form

    def _walk(self, forms: Iterable[Form], tensor: str) -> Needs:
        walk = _Walk({}, {})
        depths = [self._visit(atom, tensor, walk) for form in forms for atom in form.atoms]
        rounds, readings, samples = _deepest(depths)
        return Needs(tuple(walk.sources), tuple(walk.kernels), rounds + 1, readings + 1, samples)

    def _visit(self, atom: Atom, tensor: str, walk: _Walk) -> _Depth:
        """Note what an atom needs; return what must be over before it can be mapped."""
        if atom.node in self._sources:
            walk.sources[atom.node] = None
            return _Depth()
        if atom.node not in walk.kernels:
            operands = [form for many in self.operand_segments(atom.node, tensor).values() for segments in many for _, form in segments]
            before = _deepest([self._visit(inner, tensor, walk) for form in operands for inner in self._fill_in(form).atoms])
            walk.kernels[atom.node] = before.below(self._steps[atom.node])
        return walk.kernels[atom.node]


class _Depth(NamedTuple):
    """Hold how much of a tensor's streaming lies before a value is known."""

    rounds: int = 0
    readings: int = 0
    samples: int = 0

    def below(self, step: Step) -> _Depth:
        """Return the depth of a kernel whose operands have this one."""
        usual = [item.reach for item in kernel_of(step).reductions if item.scope == "tensor" and not item.is_fallback]
        samples = usual.count("sample")
        return _Depth(self.rounds + tensor_rounds(step), self.readings + len(usual) - samples, self.samples + samples)


def _deepest(depths: Iterable[_Depth]) -> _Depth:
    found = list(depths)
    return _Depth(*(max(column) for column in zip(*found, strict=True))) if found else _Depth()


@dataclass(frozen=True, slots=True)
class _Walk:
    """Gather what was met, operands first."""

    sources: dict[NodeId, None]
    kernels: dict[NodeId, _Depth]


def _cut(segments: Segments, limit: int | None) -> Segments:
    """Return the segments up to a limit; beyond the last one a value is zero."""
    if limit is None or not segments or segments[-1][0] <= limit:
        return segments
    before = tuple((stop, form) for stop, form in segments if stop < limit)
    return (*before, (limit, segments[len(before)][1])) if limit else ()


def tensor_rounds(step: Step) -> int:
    """Return the number of a kernel's reductions over one tensor."""
    return sum(reduction.scope == "tensor" for reduction in kernel_of(step).reductions)


def model_rounds(step: Step) -> int:
    """Return the number of a kernel's reductions over the whole model."""
    return sum(reduction.scope == "model" for reduction in kernel_of(step).reductions)


def kernel_of(step: Step) -> Kernel:
    """Return a step's kernel behaviour."""
    if not isinstance(step.behaviour, Kernel):
        message = f"{step.id} is no kernel"
        raise TypeError(message)
    return step.behaviour
