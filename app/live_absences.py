"""What of a graph is not in weight space, and why: a file that is missing, models without floating-point numbers."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QCoreApplication

from app.canvas.connection import find_operation, name_node
from engine.document.model import Document, NodeId
from engine.operation import PortKind
from engine.planning.families import find_sources
from engine.planning.live_model import LiveModel
from engine.planning.resolve import Resolved
from engine.problems import Problem

Lack = Literal["integers", "unshared"]
"""What keeps a model that can be read out of every family: it holds no floating-point number, or shares no tensor with its base."""
_MOST_NAMED = 3
_TENSOR_KINDS = {PortKind.CHECKPOINT, PortKind.VECTOR}


@dataclass(frozen=True)
class Absence:
    """Hold nodes that are in no figure for one reason."""

    nodes: tuple[NodeId, ...]
    names: tuple[str, ...]
    """What the user calls them."""
    reason: str
    """As a sentence."""


def find_lacks(resolved: Resolved, live: LiveModel) -> Mapping[NodeId, Lack]:
    """Return what keeps nodes out of every family though all they are made of can be read; one that is joined to nothing lacks nothing."""
    within = _list_within(live)
    below = find_sources(resolved)
    found: dict[NodeId, Lack] = {}
    for node, value in resolved.values.items():
        if node in within:
            continue
        if not value.shapes:
            found[node] = "integers"
        elif len(below[node]) > 1:
            found[node] = "unshared"
    return found


def list_absences(
    document: Document, live: LiveModel, problems: Iterable[Problem], lacks: Mapping[NodeId, Lack], read: Collection[NodeId]
) -> tuple[Absence, ...]:
    """Return the models and vectors of a graph that are in no family and the reasons, as far as these are known.

    Args:
        document: the graph as it was checked.
        live: its families.
        problems: what the check found, the worst first.
        lacks: what `find_lacks` found.
        read: the nodes whose values are known: what is wrong with these keeps nothing out.
    """
    within = _list_within(live)
    causes = _spread_causes(document, problems, read)
    grouped: dict[str, list[NodeId]] = {}
    for node in dict.fromkeys((*causes, *document.nodes)):
        if node in within or not _has_weights(document, node):
            continue
        if node in lacks:
            grouped.setdefault(_explain_lack(lacks[node]), []).append(node)
        elif node in causes:
            reason = _tr("‘{0}’: {1}").format(name_node(document, NodeId(causes[node].node)), causes[node].message)
            grouped.setdefault(reason, []).append(node)
    return tuple(Absence(tuple(nodes), tuple(name_node(document, node) for node in nodes), reason) for reason, nodes in grouped.items())


def tell_absences(absences: Sequence[Absence]) -> str:
    """Return in a line what is left out and why; empty where nothing is."""
    return " · ".join(_tr("left out: {0}. {1}").format(_name_some(absence.names), absence.reason) for absence in absences)


def explain_absences(absences: Sequence[Absence]) -> str:
    """Return why there is no figure at all, where that is known; else nothing."""
    return "\n".join(dict.fromkeys(absence.reason for absence in absences))


def find_reason(absences: Sequence[Absence], node: NodeId) -> str:
    """Return why a node is left out; empty where it is not."""
    return next((absence.reason for absence in absences if node in absence.nodes), "")


def _list_within(live: LiveModel) -> frozenset[NodeId]:
    """Return the nodes of all families; what a series or a node that works on one became stands for that."""
    own = {node.node for family in live.families for node in family.nodes}
    made = {each.node for family in live.families for each in (*family.series, *family.lists) if each.node is not None}
    return frozenset(own | made)


def _has_weights(document: Document, node: NodeId) -> bool:
    operation = find_operation(document, node)
    return operation is not None and not _TENSOR_KINDS.isdisjoint(operation.outputs)


def _explain_lack(lack: Lack) -> str:
    if lack == "integers":
        return _tr("No tensor holds floating-point numbers: there is nothing to compare.")
    return _tr("The models that are wired together have no tensor in one shape: there is nothing to compare.")


def _spread_causes(document: Document, problems: Iterable[Problem], read: Collection[NodeId]) -> Mapping[NodeId, Problem]:
    """Return the nodes that have no value, near ones first, with the problem that keeps them from it: theirs, or one of what they take."""
    causes: dict[NodeId, Problem] = {}
    for problem in problems:
        if problem.node in document.nodes and problem.node not in read:
            causes.setdefault(NodeId(problem.node), problem)
    waiting = deque(causes)
    while waiting:
        node = waiting.popleft()
        for wire in document.wires_from(node):
            below = wire.target.node
            if below in document.nodes and below not in causes and below not in read:
                causes[below] = causes[node]
                waiting.append(below)
    return causes


def _name_some(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMED
    named = ", ".join(names[: _MOST_NAMED if more > 1 else len(names)])
    return _tr("{0} and {1} more").format(named, more) if more > 1 else named


def _tr(text: str) -> str:
    return QCoreApplication.translate("live_absences", text)
