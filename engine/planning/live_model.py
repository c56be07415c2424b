"""The live model of a graph: every linear node folded with its live numbers as symbols, so that a slider's move only evaluates.

No torch and no tensor: it is made from headers, once per change of structure (architecture.md, idea 5).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from engine.document.model import Document, NodeId
from engine.operation import Linear, PortKind
from engine.planning.coefficient import Coefficient, Symbol
from engine.planning.families import Family, find_families, find_sources
from engine.planning.linear import Folding, Form
from engine.planning.live_numbers import LiveNumber, LiveWeigher
from engine.planning.resolve import Resolved
from engine.planning.structure import Step

_RATE = re.compile(r"\b(?:lr|learning[ _-]rate)\s*[:=]?\s*(\d+(?:\.\d+)?(?:e-?\d+)?|\.\d+(?:e-?\d+)?)", re.IGNORECASE)

Polynomial = tuple[tuple[int, Coefficient], ...]
"""A value as (column, weight) pairs, sorted: Σ weight·δ_column, for a checkpoint θ₀ + that."""


@dataclass(frozen=True)
class LiveNode:
    """Hold one node whose value is a checkpoint or vector."""

    node: NodeId
    kind: PortKind
    source: NodeId | None = None
    """For a checkpoint that is read: its identity, which is its column (or the base)."""
    operands: tuple[NodeId, ...] = ()
    """The nodes it is made of, in the order of its wires; what is only compared with is not among them."""
    compared: tuple[NodeId, ...] = ()
    """The operands that have no weight in it: the true vector an analogy is held against."""


@dataclass(frozen=True)
class LiveSeries:
    """Hold checkpoints of a family that a number orders: the way of a training, or trainings at several learning rates."""

    node: NodeId | None
    """The series node; None for checkpoints that their labels make one."""
    quantity: str
    """What the numbers are: step or learning rate."""
    members: tuple[NodeId, ...]
    """Nodes, by their numbers."""
    numbers: tuple[float, ...]


@dataclass(frozen=True)
class LiveFamily:
    """Hold the nodes over one family of checkpoints, as polynomials per group of tensors."""

    family: Family
    kernels: tuple[NodeId, ...]
    """The nodes that do not fold (TIES, DARE …): their values are columns of their own, known after a run or from an estimate."""
    nodes: tuple[LiveNode, ...]
    groups: tuple[int, ...]
    """Per tensor of the family, in their order, the number of its group."""
    polynomials: tuple[tuple[Polynomial, ...], ...]
    """Per group and node."""
    series: tuple[LiveSeries, ...] = ()

    @property
    def columns(self) -> tuple[NodeId, ...]:
        """Return what the columns stand for: the family's vectors, then the kernels."""
        return (*self.family.vectors, *self.kernels)

    @property
    def symbols(self) -> frozenset[Symbol]:
        """Return the live numbers that some node's weights follow."""
        return frozenset(symbol for group in self.polynomials for terms in group for _, weight in terms for symbol in weight.symbols)


@dataclass(frozen=True)
class LiveModel:
    """Hold all families of a graph. Two models are equal when only live numbers differ between their documents."""

    families: tuple[LiveFamily, ...]
    numbers: tuple[LiveNumber, ...]

    def read_values(self, document: Document, chosen: Mapping[Symbol, float] | None = None) -> dict[Symbol, float]:
        """Return the live numbers as a document has them, and what searches have chosen; NaN for what is not known yet."""
        return {number.symbol: number.read(document) for number in self.numbers} | dict(chosen or {})

    def find_number(self, node: NodeId, parameter: str) -> LiveNumber | None:
        """Return the live number that a parameter of a node is, if it is one."""
        return next((number for number in self.numbers if number.symbol.node == node and number.parameter == parameter), None)


def make_live_model(resolved: Resolved) -> LiveModel:
    """Fold every node of a graph with its live numbers as symbols."""
    weigher = LiveWeigher(resolved.expansion.origin)
    for node, value in resolved.values.items():
        weigher.look_at(resolved.graph.steps[node], value.shapes)
    folding = Folding(resolved, weigher.weigh)
    below = find_sources(resolved)
    families = [
        _fold_family(family, [node for node in resolved.values if below[node] <= set(family.members)], folding)
        for family in find_families(resolved)
    ]
    return LiveModel(tuple(families), tuple(weigher.numbers.values()))


def _fold_family(family: Family, nodes: Sequence[NodeId], folding: Folding) -> LiveFamily:
    forms = _group_tensors(family.tensors, nodes, folding)
    atoms = {atom.node for group in forms.values() for form in group for atom, _ in form.weights}
    kernels = tuple(node for node in nodes if node in atoms and node not in folding.resolved.sources)
    columns = {node: index for index, node in enumerate((*family.vectors, *kernels))}
    numbers = {group: number for number, group in enumerate(dict.fromkeys(forms.values()))}
    polynomials = tuple(tuple(_polynomial(form, columns) for form in group) for group in numbers)
    groups = tuple(numbers[forms[tensor]] for tensor in family.tensors)
    described = tuple(_describe_node(node, folding) for node in nodes)
    return LiveFamily(family, kernels, described, groups, polynomials, _find_series(nodes, folding.resolved))


def _group_tensors(tensors: Iterable[str], nodes: Sequence[NodeId], folding: Folding) -> dict[str, tuple[Form, ...]]:
    """Return, per tensor, the forms of all nodes; the family's tensors are of one shape everywhere, so each form holds in all of one."""
    common = {node: folding.common_form(node) for node in nodes}
    plain = tuple(common.values())
    result: dict[str, tuple[Form, ...]] = {}
    for tensor in tensors:
        special = {node: folding.segments(node, tensor)[0][1] for node in nodes if folding.is_special(node, tensor)}
        result[tensor] = tuple((common | special).values()) if special else plain
    return result


def _find_series(nodes: Sequence[NodeId], resolved: Resolved) -> tuple[LiveSeries, ...]:
    known = set(nodes)
    found = [
        LiveSeries(node, "step", tuple(member.node for member in members), tuple(float(member.entry.number) for member in members))
        for node, members in resolved.expansion.series.items()
        if all(member.node in known for member in members)
    ]
    single = [node for node in nodes if node in resolved.sources and node not in resolved.expansion.origins]
    rates = {node: rate for node in single if (rate := _read_rate(resolved.graph.steps[node].title)) is not None}
    ordered = sorted(rates, key=lambda node: rates[node])
    labelled = [LiveSeries(None, "learning rate", tuple(ordered), tuple(rates[node] for node in ordered))] if len(rates) > 1 else []
    return (*found, *labelled)


def _read_rate(title: str) -> float | None:
    """Return the learning rate that a label tells: “digits, lr 1e-5”, “learning rate = 0.0003”."""
    found = _RATE.search(title)
    return float(found[1]) if found else None


def _polynomial(form: Form, columns: Mapping[NodeId, int]) -> Polynomial:
    return tuple(sorted((columns[atom.node], weight) for atom, weight in form.weights if atom.node in columns))


def _describe_node(node: NodeId, folding: Folding) -> LiveNode:
    resolved = folding.resolved
    source, step = resolved.sources.get(node), resolved.graph.steps[node]
    kind = resolved.values[node].kind
    if source is not None:
        return LiveNode(node, kind, source.identity)
    compared = _find_compared(step, folding)
    tensors = [operand.node for operand in step.operands if operand.kind in (PortKind.CHECKPOINT, PortKind.VECTOR)]
    return LiveNode(node, kind, None, tuple(operand for operand in tensors if operand not in compared), compared)


def _find_compared(step: Step, folding: Folding) -> tuple[NodeId, ...]:
    """Return the operands on optional ports that a linear node has no weight for."""
    weighed = {operand.node for operand, _ in folding.weigh_operands(step)}
    optional = [port.name for port in step.operation.inputs if port.optional and isinstance(step.behaviour, Linear)]
    return tuple(operand.node for port in optional for operand in step.inputs[port] if operand.node not in weighed)
