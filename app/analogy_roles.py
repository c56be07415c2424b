"""The four roles of an analogy, told with the names of the checkpoints: A is to B as C is to D."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from app.canvas.connection import PortEnd, find_fitting, find_operation, list_ports, name_node, port_kind
from app.canvas.suggestions import convert, join, offer_conversion
from engine.document.edits import disconnect
from engine.document.model import Document, NodeId, PortRef
from engine.operation import PortKind

_LETTERS = ("a", "b", "c", "d")


@dataclass(frozen=True)
class Role:
    """Hold one role of an analogy."""

    letter: str
    """The name of its input port: a, b, c or d."""
    name: str
    """What plays it; empty while nothing does."""
    source: PortRef | None
    """The output that plays it: of the checkpoint that a task vector was made of, where it was."""

    @property
    def short_name(self) -> str:
        """Return “plain 0–4” for “A: plain 0–4”: the role says the letter already."""
        letter, colon, rest = self.name.partition(":")
        return rest.strip() if colon and len(letter) == 1 and rest.strip() else self.name


def read_roles(document: Document, node_id: NodeId) -> tuple[Role, ...]:
    """Return the four roles of an analogy node."""
    return tuple(read_role(document, node_id, letter) for letter in _LETTERS)


def read_role(document: Document, node_id: NodeId, letter: str) -> Role:
    """Return one role of an analogy node: a task vector stands for the checkpoint it was made of."""
    wire = next(iter(document.wires_into(node_id, letter)), None)
    if wire is None or wire.source.node not in document.nodes:
        return Role(letter, "", None)
    source = wire.source
    if document.nodes[source.node].operation == "task_vector":
        tuned = next(iter(document.wires_into(source.node, "tuned")), None)
        if tuned is not None and tuned.source.node in document.nodes:
            source = tuned.source
    return Role(letter, name_node(document, source.node), source)


def say_analogy(roles: tuple[Role, ...]) -> str:
    """Return “A is to B as C is to ?” with names; a role that nothing plays keeps its letter, and the answer is asked for."""
    a, b, c = (role.short_name or role.letter.upper() for role in roles[:3])
    return f"{a} is to {b} as {c} is to {roles[3].short_name or '?'}"


def list_candidates(document: Document, node_id: NodeId, letter: str) -> tuple[PortRef, ...]:
    """Return what could play a role: checkpoints, of which task vectors are made, and vectors."""
    target = PortRef(node_id, letter)
    vectors = [end.ref for end in find_fitting(document, PortEnd(target, is_output=False)) if _is_no_plain_vector(document, end.ref)]
    ends = (end for other in document.nodes if other != node_id for end in list_ports(document, other, is_output=True))
    sources = [end.ref for end in ends if port_kind(document, end) is PortKind.CHECKPOINT and _is_source(document, end.ref)]
    return tuple(sorted({*vectors, *sources}, key=lambda ref: (name_node(document, ref.node), ref)))


def play_role(document: Document, node_id: NodeId, letter: str, source: PortRef) -> Document:
    """Let an output play a role; of a checkpoint a task vector is made, unless there is one already."""
    target = PortRef(node_id, letter)
    for wire in document.wires_into(node_id, letter):
        document = disconnect(document, wire)
    if port_kind(document, PortEnd(source, is_output=True)) is PortKind.VECTOR:
        return join(document, source, target)
    made = next((wire.target.node for wire in document.wires_from(source.node, source.port) if wire.target.port == "tuned"), None)
    if made is not None:
        return join(document, PortRef(made, str(PortKind.VECTOR)), target)
    conversion = offer_conversion(document, source, target)
    if conversion is None:
        return document
    (x, y), (right, _) = (document.nodes[one].position or (0.0, 0.0) for one in (source.node, node_id))
    return convert(document, conversion, ((x + right) / 2, y))


def find_strengths(document: Document, node_id: NodeId) -> tuple[NodeId, ...]:
    """Return the Apply nodes whose strength says how much of this vector a model gets."""
    return tuple(dict.fromkeys(_follow_vector(document, node_id, frozenset())))


def find_searches(document: Document, node_id: NodeId) -> tuple[NodeId, ...]:
    """Return the searches that choose the strength of this vector."""
    fed = (wire.target.node for wire in document.wires_from(node_id))
    return tuple(dict.fromkeys(other for other in fed if other in document.nodes and document.nodes[other].operation == "strength_search"))


def _follow_vector(document: Document, node_id: NodeId, seen: frozenset[NodeId]) -> Iterator[NodeId]:
    for wire in document.wires_from(node_id):
        other, operation = wire.target.node, find_operation(document, wire.target.node)
        if operation is None or other in seen:
            continue
        if operation.id == "apply":
            yield other
        elif PortKind.VECTOR in operation.outputs:
            yield from _follow_vector(document, other, seen | {node_id})


def _is_source(document: Document, ref: PortRef) -> bool:
    """Tell whether a checkpoint comes in from outside: one that the graph makes could depend on the analogy itself."""
    return not document.wires_into(ref.node) and not any(wire.target.port == "base" for wire in document.wires_from(ref.node))


def _is_no_plain_vector(document: Document, ref: PortRef) -> bool:
    """Tell whether a vector is more than the change of one checkpoint, which is offered by the checkpoint's own name."""
    return document.nodes[ref.node].operation != "task_vector" or not document.wires_into(ref.node, "tuned")
