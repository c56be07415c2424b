"""Families: checkpoints of a graph that fit together, and the one that all the others are measured from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from engine.document.model import NodeId
from engine.operation import PortKind
from engine.planning.misfit import Shape
from engine.planning.resolve import Resolved
from engine.planning.structure import Step
from engine.similarity.family_files import FamilyFiles

_TENSOR_KINDS = (PortKind.CHECKPOINT, PortKind.VECTOR)


@dataclass(frozen=True)
class Family:
    """Hold what one Gram table is about: a base θ₀ and the checkpoints whose differences from it are compared."""

    base: NodeId
    """The identity of θ₀."""
    vectors: tuple[NodeId, ...]
    """The identities of the other checkpoints, in the order of the graph."""
    tensors: tuple[str, ...]
    """The tensors that all of them have in one shape, in the base's file order."""
    left_out: tuple[str, ...]
    """The floating-point tensors that not all of them have, or not in one shape."""

    @property
    def members(self) -> tuple[NodeId, ...]:
        """Return all its checkpoints, the base first."""
        return (self.base, *self.vectors)


def find_families(resolved: Resolved) -> tuple[Family, ...]:
    """Return the families of a graph.

    Checkpoints that some node joins are of one family; one that is joined to nothing belongs to the first family that has its
    tensors. The base is the checkpoint that most task vectors were measured from or, where there are none, the one that most
    results have as their structural parent.
    """
    identities = list(dict.fromkeys(source.identity for source in resolved.sources.values()))
    components = _join(identities, resolved)
    families = [family for members in components if len(members) > 1 and (family := _make_family(members, resolved))]
    for (single,) in (members for members in components if len(members) == 1):
        fitting = next((index for index, family in enumerate(families) if _fits(single, family, resolved)), None)
        if fitting is not None:
            own = families[fitting]
            families[fitting] = _share_tensors(own.base, (*own.vectors, single), resolved)
    return tuple(families)


def find_family_files(resolved: Resolved) -> tuple[FamilyFiles, ...]:
    """Return where the checkpoints of each family lie, in the order of `find_families`: what the Gram pass is given."""
    return tuple(
        FamilyFiles(
            family.base,
            family.vectors,
            family.tensors,
            family.left_out,
            tuple(resolved.sources[member].header for member in family.members),
        )
        for family in find_families(resolved)
    )


def _join(identities: Sequence[NodeId], resolved: Resolved) -> list[tuple[NodeId, ...]]:
    """Return the identities in parts, those that some node joins in one."""
    part = {identity: identity for identity in identities}
    below = find_sources(resolved)
    for step in resolved.graph.steps.values():
        own = [step.id] if step.id in resolved.sources else []
        joined = [identity for node in (*own, *_tensor_operands(step)) for identity in below.get(node, ())]
        parts = {part[identity] for identity in joined}
        if len(parts) > 1:
            first = next(identity for identity in identities if part[identity] in parts)
            part = {identity: first if own in parts else own for identity, own in part.items()}
    return [tuple(identity for identity in identities if part[identity] == own) for own in dict.fromkeys(part.values())]


def find_sources(resolved: Resolved) -> Mapping[NodeId, frozenset[NodeId]]:
    """Return, per node with a value, the identities of the checkpoints and adapters it is made of."""
    below: dict[NodeId, frozenset[NodeId]] = {}
    for node in resolved.values:
        source = resolved.sources.get(node)
        operands = _tensor_operands(resolved.graph.steps[node])
        # An adapter is read like a checkpoint, and is made for one.
        own = frozenset({source.identity}) if source else frozenset[NodeId]()
        below[node] = own.union(*(below.get(operand, ()) for operand in operands))
    return below


def _tensor_operands(step: Step) -> Iterator[NodeId]:
    return (operand.node for operand in step.operands if operand.kind in _TENSOR_KINDS and not _is_reference(step, operand.node))


def _is_reference(step: Step, node: NodeId) -> bool:
    """Tell whether a node is only looked at beside the value: models that a metric is divided by may be of any kind."""
    return any(operand.node == node for operand in step.inputs.get("references", ()))


def _make_family(members: Sequence[NodeId], resolved: Resolved) -> Family | None:
    base = _find_base(members, resolved)
    family = _share_tensors(base, tuple(member for member in members if member != base), resolved)
    return family if family.tensors else None


def _find_base(members: Sequence[NodeId], resolved: Resolved) -> NodeId:
    """Return the most frequent base, of equals the first in the graph."""
    derived = [value for node, value in resolved.values.items() if node not in resolved.sources or value.kind is PortKind.VECTOR]
    vectors = [base for value in derived if value.kind is PortKind.VECTOR for base in value.bases]
    parents = [base for value in derived if value.kind is PortKind.CHECKPOINT for base in value.bases]
    votes = next((votes for many in (vectors, parents) if (votes := _count(many, members))), Counter[NodeId]())
    models = [member for member in members if resolved.sources[member].adapts is None]
    return max(models, key=lambda member: (votes[member], -members.index(member)))


def _count(nodes: Iterable[NodeId], members: Sequence[NodeId]) -> Counter[NodeId]:
    return Counter(node for node in nodes if node in members)


def _share_tensors(base: NodeId, vectors: tuple[NodeId, ...], resolved: Resolved) -> Family:
    shapes = [_shapes_of(member, resolved) for member in (base, *vectors)]
    elsewhere = {name for vector in vectors for name in _measured_elsewhere(vector, base, resolved)}
    shared = tuple(
        name for name, shape in shapes[0].items() if name not in elsewhere and all(other.get(name) == shape for other in shapes[1:])
    )
    known = set(shared)
    left_out = dict.fromkeys(name for own in shapes for name in own if name not in known)
    return Family(base, vectors, shared, tuple(left_out))


def _measured_elsewhere(member: NodeId, base: NodeId, resolved: Resolved) -> list[str]:
    """Return the tensors that an adapter of something else than θ₀ holds whole: their differences are not from θ₀."""
    source = resolved.sources[member]
    bases = [twin.adapts for twin in resolved.sources.values() if twin.identity == member and twin.adapts is not None]
    if all(adapted in resolved.sources and resolved.sources[adapted].identity == base for adapted in bases):
        return []
    return [name for name, spec in source.header.tensors.items() if spec.product is None]


def _fits(single: NodeId, family: Family, resolved: Resolved) -> bool:
    return _shapes_of(single, resolved) == _shapes_of(family.base, resolved)


def _shapes_of(identity: NodeId, resolved: Resolved) -> Mapping[str, Shape]:
    return resolved.values[identity].shapes
