"""Which wires a document admits, with the reason where it does not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from engine.catalogue import catalogue
from engine.document.model import Document, NodeId, PortRef, Wire
from engine.operation import Input, Operation, PortKind

KIND_WORDS = {
    PortKind.CHECKPOINT: "a checkpoint",
    PortKind.VECTOR: "a task vector",
    PortKind.TEST_SET: "a test set",
    PortKind.METRICS: "metrics",
}
"""What each kind is called in a sentence."""


@dataclass(frozen=True, slots=True)
class PortEnd:
    """Name a port together with its side of the node: an input and an output may share a name."""

    ref: PortRef
    is_output: bool


def find_operation(document: Document, node_id: NodeId) -> Operation | None:
    """Return what a node does; None where the node or its operation is unknown."""
    node = document.nodes.get(node_id)
    return catalogue().get(node.operation) if node is not None else None


def name_node(document: Document, node_id: NodeId) -> str:
    """Return what the user calls a node: its label, else what it opens, else the title of its operation."""
    node, operation = document.nodes[node_id], find_operation(document, node_id)
    return node.label or node.source_name or (operation.title if operation is not None else node.operation)


def find_input(document: Document, target: PortRef) -> Input | None:
    """Return the declaration of an input port, if there is one."""
    operation = find_operation(document, target.node)
    return operation.input(target.port) if operation is not None else None


def port_kind(document: Document, end: PortEnd) -> PortKind | None:
    """Return what flows through a port; None for one that no declaration knows."""
    if not end.is_output:
        declared = find_input(document, end.ref)
        return declared.kind if declared is not None else None
    operation = find_operation(document, end.ref.node)
    return next((kind for kind in operation.outputs if kind == end.ref.port), None) if operation is not None else None


def main_kind(operation: Operation) -> PortKind:
    """Return the kind whose colour an operation wears: what it gives first, else what it takes first."""
    return operation.outputs[0] if operation.outputs else operation.inputs[0].kind


def can_connect(document: Document, source: PortRef, target: PortRef) -> str | None:
    """Return why an output may not feed an input; None where it may."""
    given, wanted = port_kind(document, PortEnd(source, is_output=True)), find_input(document, target)
    if given is None or wanted is None:
        return _refuse_unknown_port(document, source if given is None else target)
    if source.node == target.node:
        return f"‘{name_node(document, source.node)}’ cannot feed itself."
    if given is not wanted.kind:
        return _refuse_kind(document, target, wanted.kind, given)
    if any(wire.source == source for wire in document.wires_into(target.node, target.port)):
        return "These two are joined already."
    if source.node in find_followers(document, target.node):
        return f"This would make a circle: ‘{name_node(document, source.node)}’ already depends on ‘{name_node(document, target.node)}’."
    return None


def explain_ends(document: Document, one: PortEnd, other: PortEnd) -> str | None:
    """Return why two ports may not be joined, whichever of them is the output; None where they may."""
    if one.is_output == other.is_output:
        side = "outputs" if one.is_output else "inputs"
        return f"Both of these are {side}: a wire goes from an output to an input."
    return can_connect(document, *order_ends(one, other))


def order_ends(one: PortEnd, other: PortEnd) -> tuple[PortRef, PortRef]:
    """Return the two ports as source and target."""
    return (one.ref, other.ref) if one.is_output else (other.ref, one.ref)


def find_fitting(document: Document, end: PortEnd) -> frozenset[PortEnd]:
    """Return every port that a wire from this one may go to."""
    kind = port_kind(document, end)
    if kind is None:
        return frozenset()
    barred = find_sources(document, end.ref.node) if end.is_output else find_followers(document, end.ref.node)
    nodes = (node_id for node_id in document.nodes if node_id not in barred)
    ports = (port for node_id in nodes for port in list_ports(document, node_id, is_output=not end.is_output))
    joined = _list_joined(document, end)
    return frozenset(port for port in ports if port_kind(document, port) is kind and port.ref not in joined)


def list_ports(document: Document, node_id: NodeId, *, is_output: bool) -> Iterator[PortEnd]:
    """Yield the declared ports of one side of a node, in order."""
    operation = find_operation(document, node_id)
    if operation is None:
        return
    names = operation.outputs if is_output else (port.name for port in operation.inputs)
    yield from (PortEnd(PortRef(node_id, str(name)), is_output) for name in names)


def choose_port(document: Document, end: PortEnd, node_id: NodeId) -> PortEnd | None:
    """Return the port that a wire dropped on a node's body goes to: an empty required one first, then any that fits."""
    candidates = [port for port in list_ports(document, node_id, is_output=not end.is_output) if explain_ends(document, end, port) is None]
    return min(candidates, key=lambda port: _rank_port(document, port), default=None)


def explain_node(document: Document, end: PortEnd, node_id: NodeId) -> str:
    """Return why no port of a node takes a wire from this port."""
    name, kind = name_node(document, node_id), port_kind(document, end)
    ports = list(list_ports(document, node_id, is_output=not end.is_output))
    same_kind = [port for port in ports if port_kind(document, port) is kind]
    if len(ports) == 1 or same_kind:
        return explain_ends(document, end, (same_kind or ports)[0]) or ""
    thing = KIND_WORDS[kind] if kind is not None else "this"
    return f"‘{name}’ gives nothing like this: {thing} is needed." if not end.is_output else f"‘{name}’ does not take {thing}."


def find_followers(document: Document, node_id: NodeId) -> frozenset[NodeId]:
    """Return the node and all that depend on it."""
    return _reach(node_id, lambda node: (wire.target.node for wire in document.wires_from(node)))


def find_sources(document: Document, node_id: NodeId) -> frozenset[NodeId]:
    """Return the node and all that it depends on."""
    return _reach(node_id, lambda node: (wire.source.node for wire in document.wires_into(node)))


def list_passages(operation: Operation, kind: PortKind) -> tuple[str, str] | None:
    """Return the input and the output by which an operation sits in the middle of a wire of this kind; None where it cannot."""
    entry = next((port.name for port in operation.inputs if port.kind is kind), None)
    return (entry, str(kind)) if entry is not None and kind in operation.outputs else None


def can_insert(document: Document, wire: Wire, node_id: NodeId) -> tuple[PortRef, PortRef] | None:
    """Return the input and output of a node by which it can be put in the middle of a wire; None where it cannot."""
    kind, operation = port_kind(document, PortEnd(wire.source, is_output=True)), find_operation(document, node_id)
    if kind is None or operation is None or node_id in {wire.source.node, wire.target.node}:
        return None
    if document.wires_into(node_id) or document.wires_from(node_id):
        return None
    names = list_passages(operation, kind)
    return (PortRef(node_id, names[0]), PortRef(node_id, names[1])) if names is not None else None


def _refuse_unknown_port(document: Document, port: PortRef) -> str:
    if port.node not in document.nodes:
        return f"There is no node ‘{port.node}’."
    name = name_node(document, port.node)
    if find_operation(document, port.node) is None:
        return f"This version does not know what ‘{name}’ does, so nothing can be joined to it."
    return f"‘{name}’ has no port ‘{port.port}’."


def _refuse_kind(document: Document, target: PortRef, wanted: PortKind, given: PortKind) -> str:
    operation = find_operation(document, target.node)
    title = operation.title if operation is not None else target.node
    this = "these are" if given is PortKind.METRICS else "this is"
    return f"{title} needs {KIND_WORDS[wanted]} here; {this} {KIND_WORDS[given]}."


def _list_joined(document: Document, end: PortEnd) -> frozenset[PortRef]:
    if end.is_output:
        return frozenset(wire.target for wire in document.wires_from(end.ref.node, end.ref.port))
    return frozenset(wire.source for wire in document.wires_into(end.ref.node, end.ref.port))


def _rank_port(document: Document, port: PortEnd) -> int:
    declared = find_input(document, port.ref)
    if port.is_output or declared is None:
        return 0
    if declared.many:
        return 1 if not declared.optional else 3
    is_taken = bool(document.wires_into(port.ref.node, port.ref.port))
    return 4 if is_taken else 2 if declared.optional else 0


def _reach(start: NodeId, list_next: Callable[[NodeId], Iterator[NodeId]]) -> frozenset[NodeId]:
    seen, waiting = {start}, [start]
    while waiting:
        for node in list_next(waiting.pop()):
            if node not in seen:
                seen.add(node)
                waiting.append(node)
    return frozenset(seen)
