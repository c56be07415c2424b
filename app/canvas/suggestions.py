"""What a wire dropped on empty canvas, or on a port it does not fit, could go to instead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from app.canvas.connection import PortEnd, find_input, find_operation, port_kind
from engine.catalogue import catalogue
from engine.document.edits import add_node, connect, fresh_node_id
from engine.document.model import Document, Node, NodeId, PortRef, Position, Wire
from engine.operation import Operation, PortKind

_LATER: Mapping[PortKind, tuple[str, ...]] = MappingProxyType(
    {
        PortKind.CHECKPOINT: (
            "task_vector",
            "apply",
            "evaluate",
            "export_checkpoint",
            "average",
            "interpolate",
            "strength_search",
            "lora_adapter",
        ),
        PortKind.VECTOR: ("apply", "negate", "scale", "add", "analogy", "ties", "similarity", "trim", "strength_search", "export_vector"),
        PortKind.TEST_SET: ("evaluate", "strength_search"),
        PortKind.METRICS: ("export_checkpoint", "export_vector"),
    }
)
"""What usually follows a value of a kind, most usual first; the rest follow in the order of the catalogue."""
_EARLIER: Mapping[PortKind, tuple[str, ...]] = MappingProxyType(
    {
        PortKind.CHECKPOINT: ("checkpoint", "apply", "strength_search", "average"),
        PortKind.VECTOR: ("task_vector", "lora_adapter", "negate", "scale", "add", "analogy", "random_vector"),
        PortKind.TEST_SET: ("test_set",),
        PortKind.METRICS: ("evaluate", "similarity", "strength_search", "measured_metrics"),
    }
)
"""What usually makes a value of a kind."""
_CONVERSIONS: Mapping[tuple[PortKind, PortKind], tuple[str, str]] = MappingProxyType(
    {
        (PortKind.CHECKPOINT, PortKind.VECTOR): ("task_vector", "tuned"),
        (PortKind.VECTOR, PortKind.CHECKPOINT): ("apply", "vector"),
        (PortKind.CHECKPOINT, PortKind.METRICS): ("evaluate", "checkpoint"),
        (PortKind.VECTOR, PortKind.METRICS): ("similarity", "vectors"),
        (PortKind.TEST_SET, PortKind.METRICS): ("evaluate", "test_set"),
    }
)
"""The operation that turns one kind into another, with the port that the first goes into."""


@dataclass(frozen=True, slots=True)
class Conversion:
    """Say which node put in between would make a refused wire right."""

    operation: str
    title: str
    entry: str
    source: PortRef
    target: PortRef
    base: PortRef | None
    """What its `base` input gets, where the graph tells; None where it has none or the user must say."""


def suggest_operations(document: Document, end: PortEnd) -> tuple[Operation, ...]:
    """Return what could be added at the other end of a wire from this port, best first."""
    kind = port_kind(document, end)
    if kind is None:
        return ()
    order = (_LATER if end.is_output else _EARLIER)[kind]
    found = [operation for operation in catalogue().values() if _choose_port(document, end, operation) is not None]
    return tuple(sorted(found, key=lambda each: order.index(each.id) if each.id in order else len(order)))


def offer_conversion(document: Document, source: PortRef, target: PortRef) -> Conversion | None:
    """Return the node that would make a wire between two kinds right, if there is one."""
    given, wanted = port_kind(document, PortEnd(source, is_output=True)), find_input(document, target)
    found = _CONVERSIONS.get((given, wanted.kind)) if given is not None and wanted is not None else None
    if found is None or source.node == target.node:
        return None
    operation = catalogue()[found[0]]
    base = guess_base(document, target.node, source) if operation.input("base") is not None else None
    return Conversion(operation.id, operation.title, found[1], source, target, base)


def convert(document: Document, conversion: Conversion, position: Position) -> Document:
    """Put the node in between and join it on both sides."""
    node_id = fresh_node_id(document, conversion.operation)
    after = add_node(document, node_id, Node(conversion.operation, position=position))
    after = connect(after, Wire(conversion.source, PortRef(node_id, conversion.entry)))
    if conversion.base is not None:
        after = connect(after, Wire(conversion.base, PortRef(node_id, "base")))
    return join(after, PortRef(node_id, catalogue()[conversion.operation].outputs[0]), conversion.target)


def join(document: Document, source: PortRef, target: PortRef) -> Document:
    """Connect two ports; an input of one wire lets go of the one it has."""
    declared = find_input(document, target)
    return connect(document, Wire(source, target), replace_others=declared is None or not declared.many)


def add_joined(document: Document, operation: str, position: Position, end: PortEnd | None) -> tuple[Document, NodeId]:
    """Add a node, joined to the port that a wire was drawn from; return the document with the id of the node."""
    node_id = fresh_node_id(document, operation)
    after = add_node(document, node_id, Node(operation, position=position))
    chosen = _choose_port(after, end, catalogue().get(operation)) if end is not None else None
    if end is None or chosen is None:
        return after, node_id
    other = PortRef(node_id, chosen)
    return (join(after, end.ref, other) if end.is_output else join(after, other, end.ref)), node_id


def guess_base(document: Document, near: NodeId, other_than: PortRef | None = None) -> PortRef | None:
    """Return the checkpoint that a new task vector counts from: what its neighbours count from, else what most of the graph does."""
    for candidates in (_list_bases_behind(document, near), _list_bases(document)):
        counted = [base for base in candidates if base != other_than]
        if counted:
            return max(counted, key=counted.count)
    return None


def _choose_port(document: Document, end: PortEnd, operation: Operation | None) -> str | None:
    """Return the port of an operation that a wire from this one goes to; None where it has none."""
    kind = port_kind(document, end)
    if kind is None or operation is None:
        return None
    if not end.is_output:
        return str(kind) if kind in operation.outputs else None
    names = [port.name for port in operation.inputs if port.kind is kind]
    if not names:
        return None
    is_base = any(wire.target.port == "base" for wire in document.wires_from(end.ref.node, end.ref.port))
    return "base" if is_base and "base" in names else names[0]


def _list_bases(document: Document) -> list[PortRef]:
    return [wire.source for wire in document.wires if wire.target.port == "base"]


def _list_bases_behind(document: Document, node_id: NodeId) -> list[PortRef]:
    """Return the bases of the task vectors and adapters that feed a node directly."""
    feeding = [wire.source.node for wire in document.wires_into(node_id)]
    return [wire.source for node in feeding if _is_difference(document, node) for wire in document.wires_into(node, "base")]


def _is_difference(document: Document, node_id: NodeId) -> bool:
    operation = find_operation(document, node_id)
    return operation is not None and operation.id in ("task_vector", "lora_adapter")
