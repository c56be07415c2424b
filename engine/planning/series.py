"""Series of checkpoints written out: each becomes a Checkpoint node, and what takes one checkpoint works on each of them.

Where many wires may go in (`*`) all members go in, in their order. A node that takes one value becomes a list of nodes, one for each
member, and so on; two lists that meet in one node go member by member. After this the engine knows no series.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from engine.catalogue import catalogue
from engine.checkpoints.series_folder import SeriesEntry, SeriesFolder, list_series
from engine.document.json_values import FrozenMapping
from engine.document.model import Document, Node, NodeId, PortRef, Wire
from engine.errors import NotFoundError, ReadError
from engine.operation import Source
from engine.parameters import ParameterError
from engine.planning.paths import find_path
from engine.problems import Problem, error, warning

_CHECKPOINT = "checkpoint"
_SERIES = Source("series")
_MOST_MEMBERS = 1000
_Item = TypeVar("_Item")


@dataclass(frozen=True)
class Member:
    """Name one node of a list."""

    node: NodeId
    entry: SeriesEntry


@dataclass(frozen=True)
class Expansion:
    """Hold a document without series, and what became of each of its nodes."""

    document: Document
    series: Mapping[NodeId, tuple[Member, ...]]
    """Per series node the checkpoints it became."""
    origins: Mapping[NodeId, NodeId]
    """Per node that was made the document's own; the nodes of a list by their numbers."""
    lists: Mapping[NodeId, tuple[Member, ...]] = field(default_factory=dict[NodeId, tuple[Member, ...]])
    """Per node that works on a series what it became; the series themselves are none of these."""

    def origin(self, node: NodeId) -> NodeId:
        """Return the document's own node that a node was made of, itself if nothing was made of it."""
        return self.origins.get(node, node)

    def find_entry(self, checkpoint: NodeId) -> SeriesEntry | None:
        """Return what of a series a checkpoint is; None for one that the document itself has."""
        members = self.series.get(self.origin(checkpoint), ())
        return next((member.entry for member in members if member.node == checkpoint), None)

    def order(self, nodes: Iterable[NodeId]) -> list[NodeId]:
        """Return nodes so that those of a series stand by their numbers, not by their names: in the same places, each list in its order."""
        return self.arrange(list(nodes), lambda node: node)

    def name_own_nodes(self, problems: Sequence[Problem]) -> list[Problem]:
        """Return problems told of the document's own nodes; those of a series' members stand by their numbers."""
        arranged = self.arrange(problems, lambda problem: NodeId(problem.node))
        return [replace(problem, node=self.origin(NodeId(problem.node))) if problem.node else problem for problem in arranged]

    def arrange(self, items: Sequence[_Item], node_of: Callable[[_Item], NodeId]) -> list[_Item]:
        """Return what is of some nodes, what is of a list's nodes in that list's order: in the same places."""
        if not self.origins:
            return list(items)
        places = {node: place for place, node in enumerate(self.origins)}
        made = sorted((item for item in items if node_of(item) in places), key=lambda item: places[node_of(item)])
        lists: dict[NodeId, list[_Item]] = {}
        for item in made:
            lists.setdefault(self.origins[node_of(item)], []).append(item)
        following = {origin: iter(own) for origin, own in lists.items()}
        return [next(following[self.origins[node_of(item)]]) if node_of(item) in places else item for item in items]


@dataclass
class _Draft:
    document: Document
    lists: dict[NodeId, tuple[Member, ...]] = field(default_factory=dict[NodeId, tuple[Member, ...]])
    sources: dict[NodeId, str] = field(default_factory=dict[NodeId, str])
    """The folders of the series."""
    problems: list[Problem] = field(default_factory=list[Problem])


def expand_series(document: Document, folder: Path) -> tuple[Expansion, list[Problem]]:
    """Return the document with its series written out, and what is wrong with them; folders are relative to `folder`."""
    draft = _Draft(document)
    for node_id, node in document.nodes.items():
        if not node.muted:
            _read_series(node_id, node, folder, draft)
    series = dict(draft.lists)
    if not series:
        return Expansion(document, {}, {}), draft.problems
    while any(_lift(wire, draft) for wire in document.wires):
        pass
    origins = {member.node: node_id for node_id, members in draft.lists.items() for member in members}
    lists = {node_id: members for node_id, members in draft.lists.items() if node_id not in series}
    return Expansion(_write_out(draft), series, origins, lists), draft.problems


def _read_series(node_id: NodeId, node: Node, folder: Path, draft: _Draft) -> None:
    operation = catalogue().get(node.operation)
    if operation is None or operation.inputs:
        return
    try:
        values = {each.name: each.parse(node.parameters.get(each.name, each.default)) for each in operation.parameters}
    except ParameterError:
        return  # told where parameters are read
    if operation.behaviour(values) == _SERIES:
        _list_members(node_id, node.label or operation.title, find_path(folder, str(values["source"])), str(values["pattern"]), draft)
        draft.sources[node_id] = str(values["source"])


def _list_members(node_id: NodeId, title: str, folder: Path, pattern: str, draft: _Draft) -> None:
    try:
        found = list_series(folder, pattern)
    except (NotFoundError, ReadError) as fault:
        draft.problems.append(error(fault.fact, fault.remedy, node=node_id, field="source"))
        return
    if not 0 < len(found.entries) <= _MOST_MEMBERS:
        count = f"{len(found.entries)} entries, more than {_MOST_MEMBERS}," if found.entries else "nothing with a number"
        message = f"“{title}”: {count} in {folder} is called like “{pattern}”."
        draft.problems.append(error(message, "Correct the folder or the pattern.", node=node_id, field="pattern"))
        return
    draft.lists[node_id] = _name_members(node_id, found.entries, draft)
    draft.problems += _tell_left_out(title, folder, found, draft.lists[node_id][0].node)


def _tell_left_out(title: str, folder: Path, found: SeriesFolder, node: NodeId) -> Iterator[Problem]:
    """Yield a warning for what looks like a checkpoint of the series and is none; `node` is one of its members."""
    if found.unnumbered:
        hint = "Bring it in by a Checkpoint node of its own."
        yield warning(f"“{title}” leaves out what has no number: {', '.join(found.unnumbered)}.", hint, node=node, field="pattern")
    if found.beside:
        message = f"“{title}” leaves out the model in the folder itself ({', '.join(found.beside)}): it has no number."
        yield warning(message, f"Bring it in as a checkpoint of its own: {folder.resolve() / found.beside[0]}.", node=node, field="pattern")


def _name_members(node_id: NodeId, entries: Sequence[SeriesEntry], draft: _Draft) -> tuple[Member, ...]:
    """Return a node for each entry, by a name that no other node has."""
    taken = {*draft.document.nodes, *(member.node for members in draft.lists.values() for member in members)}
    members: list[Member] = []
    for entry in entries:
        name = f"{node_id}-{re.sub('[^a-z0-9_-]', '-', entry.name.lower())}"
        while name in taken:
            name += "_"
        taken.add(NodeId(name))
        members.append(Member(NodeId(name), entry))
    return tuple(members)


def _lift(wire: Wire, draft: _Draft) -> bool:
    """Make a node a list where a list comes into a port for one; tell whether there is one list more."""
    source, target = wire.source.node, wire.target.node
    node = draft.document.nodes.get(target)
    operation = catalogue().get(node.operation) if node else None
    port = operation.input(wire.target.port) if operation else None
    if node is None or operation is None or port is None or port.many or source not in draft.lists:
        return False
    members = draft.lists[source]
    if target in draft.lists:
        _check_lengths(wire, len(members), draft)
        return False
    if len(operation.outputs) != 1:
        title = node.label or operation.title
        message = f"“{title}” takes one {port.kind} at “{port.name}”; this is a series of {len(members)}."
        _tell_once(error(message, "Wire in one of them by a Checkpoint node.", node=target, field=port.name), draft)
        return False
    draft.lists[target] = _name_members(target, [member.entry for member in members], draft)
    return True


def _check_lengths(wire: Wire, length: int, draft: _Draft) -> None:
    node, own = draft.lists[wire.target.node][0].node, len(draft.lists[wire.target.node])
    if own != length:
        message = f"Series of {own} and of {length} meet at “{wire.target.port}”, so they can't go member by member."
        _tell_once(error(message, "Take series of the same length.", node=node, field=wire.target.port), draft)


def _tell_once(problem: Problem, draft: _Draft) -> None:
    if problem not in draft.problems:
        draft.problems.append(problem)


# --- writing out ---


def _write_out(draft: _Draft) -> Document:
    nodes: dict[NodeId, Node] = {}
    for node_id, node in draft.document.nodes.items():
        if node_id not in draft.lists:
            nodes[node_id] = node
        for member in draft.lists.get(node_id, ()):
            nodes[member.node] = _copy_node(node_id, node, member, draft)
    wires = tuple(made for wire in draft.document.wires for made in _copy_wire(wire, draft))
    ordered = FrozenMapping[NodeId, Node]({name: nodes[name] for name in sorted(nodes)})
    return replace(draft.document, nodes=ordered, wires=wires, frames=(), notes=())


def _copy_node(node_id: NodeId, node: Node, member: Member, draft: _Draft) -> Node:
    label = f"{_name_list(node_id, node, draft)} · {member.entry.name}"
    if node_id not in draft.sources:
        return replace(node, label=label)
    path = f"{draft.sources[node_id].rstrip('/')}/{member.entry.name}"
    return Node(_CHECKPOINT, {"source": path}, label, node.position)


def _name_list(node_id: NodeId, node: Node, draft: _Draft) -> str:
    """Return what a node is called; one without a name is told from its like by the series it works on."""
    title = node.label or node.source_name or catalogue()[node.operation].title
    above = next(
        (wire.source.node for wire in draft.document.wires if wire.target.node == node_id and wire.source.node in draft.lists), None
    )
    return title if node.label or above is None else f"{title} of {_name_list(above, draft.document.nodes[above], draft)}"


def _copy_wire(wire: Wire, draft: _Draft) -> Iterator[Wire]:
    """Yield the wires between the copies of a wire's ends."""
    sources = [member.node for member in draft.lists.get(wire.source.node, ())]
    targets = [member.node for member in draft.lists.get(wire.target.node, ())]
    node = draft.document.nodes.get(wire.target.node)
    operation = catalogue().get(node.operation) if node else None
    port = operation.input(wire.target.port) if operation else None
    if port is not None and not port.many:
        pairs = list(zip(sources or [wire.source.node] * max(len(targets), 1), targets or [wire.target.node], strict=False))
    else:
        pairs = [(source, target) for target in targets or [wire.target.node] for source in sources or [wire.source.node]]
    for source, target in pairs:
        yield replace(wire, source=PortRef(source, wire.source.port), target=PortRef(target, wire.target.port))
