"""The live model of a graph: every linear node as a sum with its live numbers as symbols, so that a slider's move only evaluates.

No torch and no tensor: it is made from headers, once per change of structure (architecture.md, idea 5).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from engine.document.model import Document, NodeId
from engine.operation import Kernel, Linear, PortKind
from engine.planning.coefficient import ONE, Coefficient, Symbol
from engine.planning.families import Family, find_families, find_sources
from engine.planning.learning_rates import find_learning_rates
from engine.planning.live_numbers import NOWHERE, LiveNumber, LiveWeigher
from engine.planning.resolve import Resolved
from engine.planning.series import Member
from engine.planning.structure import Operand, Step
from engine.tensor_names import Place, find_places


@dataclass(frozen=True)
class LiveTerm:
    """Hold one summand of a node's value: an earlier node's value times a coefficient."""

    row: int
    """The place of that node among the family's nodes."""
    weights: tuple[Coefficient, ...]
    """Per group of tensors, or one for all of them."""


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
    """The operands that have no weight in it: the true vector an analogy is held against, the references of a search."""
    column: int | None = None
    """Of a checkpoint or adapter that is read and of a kernel's value: its column; None for the base, whose edit is 0, and for sums."""
    terms: tuple[LiveTerm, ...] = ()
    """Of a linear node: what it adds up. Edits add up like values: θ₀ drops out."""


@dataclass(frozen=True)
class LiveSeries:
    """Hold checkpoints of a family that a number orders: the way of a training, or trainings at several learning rates."""

    node: NodeId | None
    """The series node, or one that works on a series; None for checkpoints that their labels make one."""
    quantity: str
    """What the numbers are: step or learning rate."""
    members: tuple[NodeId, ...]
    """Nodes, by their numbers."""
    numbers: tuple[float, ...]


@dataclass(frozen=True)
class LiveFamily:
    """Hold the nodes over one family of checkpoints, each a sum of earlier ones with live coefficients."""

    family: Family
    kernels: tuple[NodeId, ...]
    """The nodes that do not fold (TIES, DARE …): their values are columns of their own, known after a run or from an estimate."""
    nodes: tuple[LiveNode, ...]
    """What a node is made of comes before it."""
    groups: tuple[int, ...]
    """Per tensor of the family, in their order, the number of its group: within a group all coefficients are the same."""
    series: tuple[LiveSeries, ...] = ()
    lists: tuple[LiveSeries, ...] = ()
    """What the nodes that work on a series became: its task vectors, edits with them."""

    @property
    def columns(self) -> tuple[NodeId, ...]:
        """Return what the columns stand for: the family's vectors, then the kernels."""
        return (*self.family.vectors, *self.kernels)

    @property
    def group_count(self) -> int:
        """Return the number of groups of tensors."""
        return max(self.groups, default=0) + 1

    @property
    def symbols(self) -> frozenset[Symbol]:
        """Return the live numbers that some node's weights follow."""
        return frozenset(symbol for node in self.nodes for term in node.terms for weight in term.weights for symbol in weight.symbols)

    @cached_property
    def moving(self) -> frozenset[int]:
        """Return the rows of the nodes whose values follow a live number."""
        rows = {node.node: row for row, node in enumerate(self.nodes)}
        found: set[int] = set()
        for row, node in enumerate(self.nodes):
            made_of = {term.row for term in node.terms} or {rows[operand] for operand in node.operands}
            if not found.isdisjoint(made_of) or any(weight.symbols for term in node.terms for weight in term.weights):
                found.add(row)
        return frozenset(found)

    @cached_property
    def origins(self) -> tuple[int, ...]:
        """Return per row that of the node whose value it has whatever the live numbers are, as a vector has its model's; else its own."""
        found: list[int] = []
        for row, node in enumerate(self.nodes):
            # The base's edit is 0.
            added = [term for term in node.terms if self.nodes[term.row].source is None or self.nodes[term.row].column is not None]
            is_same = len(added) == 1 and all(weight == ONE for weight in added[0].weights)
            found.append(found[added[0].row] if is_same else row)
        return tuple(found)


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
    """Write every linear node of a graph as a sum of earlier nodes, with its live numbers as symbols."""
    weigher = LiveWeigher(resolved.expansion.origin)
    for node, value in resolved.values.items():
        weigher.look_at(resolved.graph.steps[node], value.shapes)
    below, ordered = find_sources(resolved), resolved.expansion.order(resolved.values)
    families = [
        _describe_family(family, [node for node in ordered if below[node] <= set(family.members)], resolved, weigher)
        for family in find_families(resolved)
    ]
    return LiveModel(tuple(families), tuple(weigher.numbers.values()))


def _describe_family(family: Family, nodes: Sequence[NodeId], resolved: Resolved, weigher: LiveWeigher) -> LiveFamily:
    steps = [resolved.graph.steps[node] for node in nodes]
    kernels = tuple(step.id for step in steps if isinstance(step.behaviour, Kernel))
    groups, places = _group_tensors(family.tensors, steps, weigher)
    draft = _Draft(resolved, weigher, places, {node: row for row, node in enumerate(nodes)}, (*family.vectors, *kernels))
    described = tuple(_describe_node(step, draft) for step in steps)
    series, lists = _find_series(nodes, family.base, resolved), _find_lists(nodes, resolved)
    return LiveFamily(family, kernels, described, groups, series, lists)


@dataclass(frozen=True)
class _Draft:
    resolved: Resolved
    weigher: LiveWeigher
    places: tuple[Place, ...]
    """A tensor of each group."""
    rows: Mapping[NodeId, int]
    columns: tuple[NodeId, ...]


def _group_tensors(tensors: Sequence[str], steps: Sequence[Step], weigher: LiveWeigher) -> tuple[tuple[int, ...], tuple[Place, ...]]:
    """Return the number of each tensor's group, and a tensor of each; most graphs have the same coefficients everywhere."""
    varying = [step for step in steps if isinstance(step.behaviour, Linear) and step.behaviour.by_place]
    if not varying:
        return (0,) * len(tensors), (NOWHERE,)
    places = find_places(tensors)
    seen: dict[object, tuple[int, Place]] = {}
    numbers = [seen.setdefault(_tell_apart(places[tensor], varying, weigher), (len(seen), places[tensor]))[0] for tensor in tensors]
    return tuple(numbers), tuple(place for _, place in seen.values()) or (NOWHERE,)


def _tell_apart(place: Place, varying: Iterable[Step], weigher: LiveWeigher) -> object:
    return tuple(weigher.tell_apart(step, place) for step in varying)


def _describe_node(step: Step, draft: _Draft) -> LiveNode:
    source, kind = draft.resolved.sources.get(step.id), draft.resolved.values[step.id].kind
    if source is not None and source.adapts is None:
        return LiveNode(step.id, kind, source.identity, column=_find_column(source.identity, draft))
    operands = [
        operand for operand in step.operands if operand.node in draft.rows and operand.kind in (PortKind.CHECKPOINT, PortKind.VECTOR)
    ]
    if isinstance(step.behaviour, Kernel):
        return LiveNode(step.id, kind, None, tuple(operand.node for operand in operands), column=_find_column(step.id, draft))
    if source is not None:
        return LiveNode(step.id, kind, None, tuple(operand.node for operand in operands), column=_find_column(source.identity, draft))
    terms = _list_terms(step, draft)
    weighed = {term.row for term in terms}
    optional = [operand.node for operand in _optional_operands(step) if operand.node in draft.rows]
    compared = tuple(node for node in optional if draft.rows[node] not in weighed)
    return LiveNode(step.id, kind, None, tuple(operand.node for operand in operands if operand.node not in compared), compared, None, terms)


def _find_series(nodes: Sequence[NodeId], base: NodeId, resolved: Resolved) -> tuple[LiveSeries, ...]:
    known = set(nodes)
    found = [_name_members(node, members, known) for node, members in resolved.expansion.series.items() if members[-1].node in known]
    rates = {node: rate for node, rate in find_learning_rates(resolved, base).items() if node in known}
    ordered = sorted(rates, key=lambda node: rates[node])
    labelled = [LiveSeries(None, "learning rate", tuple(ordered), tuple(rates[node] for node in ordered))] if len(rates) > 1 else []
    return (*found, *labelled)


def _find_lists(nodes: Sequence[NodeId], resolved: Resolved) -> tuple[LiveSeries, ...]:
    known = set(nodes)
    lists = resolved.expansion.lists
    return tuple(_name_members(node, members, known) for node, members in lists.items() if members[-1].node in known)


def _name_members(series: NodeId, members: Sequence[Member], known: Collection[NodeId]) -> LiveSeries:
    """Return a training without the checkpoints that can't be read, of which the check tells; without its last one it has no end."""
    read = [member for member in members if member.node in known]
    return LiveSeries(series, "step", tuple(member.node for member in read), tuple(float(member.entry.number) for member in read))


def _find_column(node: NodeId, draft: _Draft) -> int | None:
    return draft.columns.index(node) if node in draft.columns else None


def _list_terms(step: Step, draft: _Draft) -> tuple[LiveTerm, ...]:
    """Return a linear node's summands, without those whose coefficient is exactly 0 in every group."""
    is_by_place = isinstance(step.behaviour, Linear) and step.behaviour.by_place
    weighed = [draft.weigher.weigh(step, place) for place in (draft.places if is_by_place else draft.places[:1])]
    terms: list[LiveTerm] = []
    for port, operands in step.inputs.items():
        for index, operand in enumerate(operands):
            weights = tuple(weights[port][index] for weights in weighed if index < len(weights.get(port, ())))
            if operand.node in draft.rows and any(not weight.is_zero for weight in weights):
                terms.append(LiveTerm(draft.rows[operand.node], weights))
    return tuple(terms)


def _optional_operands(step: Step) -> list[Operand]:
    """Return what comes into optional ports."""
    optional = [port.name for port in step.operation.inputs if port.optional]
    return [operand for port in optional for operand in step.inputs[port]]
