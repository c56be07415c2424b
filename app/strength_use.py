"""Where the strengths that a search has chosen belong in the graph: the nodes that make the same edit by hand, or new ones."""

from __future__ import annotations

import math
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from app.canvas.alignment import find_room
from app.run_progress import changed_nodes
from engine.document.edits import add_node, connect, fresh_node_id, set_parameter
from engine.document.json_values import JsonValue
from engine.document.model import Document, Node, NodeId, PortRef, Wire

_NODE_SIZE = (240.0, 140.0)
"""About as large as a node is drawn, where nobody has drawn it."""
_TOLERANCE = 1e-12
_APPLY, _SCALE, _ADD = ("apply", "strength"), ("scale", "factor"), ("add", "weights")


@dataclass(frozen=True)
class Setting:
    """Say what a parameter of a node is to be."""

    node: NodeId
    parameter: str
    value: float | tuple[float, ...]
    """() for weights that are all 1."""


@dataclass(frozen=True)
class StrengthUse:
    """Say how the graph comes to hold what a search has chosen."""

    search: NodeId
    strengths: tuple[float, ...]
    settings: tuple[Setting, ...]
    """() where no node makes the same edit: one is added then."""
    is_in_use: bool = False
    """Whether the graph makes the edit at these strengths already."""


def find_use(document: Document, search: NodeId, strengths: Sequence[float]) -> StrengthUse | None:
    """Return how strengths chosen by a search get into the graph.

    They belong to every Apply with the search's base whose vector is made of the very vectors of the search, by Add and Scale alone.

    Args:
        document: the graph.
        search: the Strength search.
        strengths: one for all its vectors, or one for each.

    Returns:
        None where the search is not in the graph, or has another number of vectors now.
    """
    node = document.nodes.get(search)
    leaves = [wire.source for wire in document.wires_into(search, "vectors")]
    base = _source(document, search, "base")
    if node is None or node.operation != "strength_search" or base is None or not leaves or len(strengths) not in (1, len(leaves)):
        return None
    each = tuple(strengths) if len(strengths) == len(leaves) else tuple(strengths) * len(leaves)
    fitting = {apply: found for apply in _list_applies(document, base) if (found := _set_apply(document, apply, leaves, each))}
    wanted = dict(zip(leaves, each, strict=True))
    is_in_use = bool(fitting) and all(_is_edit(document, apply, wanted) for apply in fitting)
    return StrengthUse(search, tuple(strengths), tuple(setting for found in fitting.values() for setting in found), is_in_use)


def is_of_same_models(document: Document, ran: Document, search: NodeId) -> bool:
    """Tell whether a search still has the base and the vectors, in their order, that it had when it ran: its strengths are theirs."""
    ports = ("base", "vectors")
    now, then = ([[wire.source for wire in each.wires_into(search, port)] for port in ports] for each in (document, ran))
    given = {source.node for sources in now for source in sources}
    return now == then and given.isdisjoint(changed_nodes(ran, document))


def use_strengths(document: Document, use: StrengthUse) -> Document:
    """Return the graph with the strengths in it."""
    if not use.settings:
        return _add_apply(document, use)
    for setting in use.settings:
        if _read(document, setting.node, setting.parameter) != setting.value:
            document = set_parameter(document, setting.node, setting.parameter, setting.value)
    return document


def _list_applies(document: Document, base: PortRef) -> list[NodeId]:
    nodes = [wire.target.node for wire in document.wires_from(base.node, base.port) if wire.target.port == "base"]
    return [node for node in dict.fromkeys(nodes) if _is(document, node, _APPLY[0])]


def _set_apply(document: Document, apply: NodeId, leaves: Sequence[PortRef], strengths: Sequence[float]) -> tuple[Setting, ...]:
    """Return what makes an Apply the edit of the search; () where it is another edit."""
    source = _source(document, apply, "vector")
    if source is None or len(set(leaves)) < len(leaves) or sorted(_list_leaves(document, source, leaves)) != sorted(leaves):
        return ()
    common, rest = _factor_out(dict(zip(leaves, strengths, strict=True)))
    return (Setting(apply, _APPLY[1], common), *_set_below(document, source, rest))


def _list_leaves(document: Document, source: PortRef, leaves: Sequence[PortRef]) -> list[PortRef]:
    """Return what a vector is made of, down to the search's vectors or to what is neither Add nor Scale; one too many tells enough."""
    return list(islice(_iterate_leaves(document, source, leaves, frozenset()), len(leaves) + 1))


def _iterate_leaves(document: Document, source: PortRef, leaves: Sequence[PortRef], above: frozenset[NodeId]) -> Iterator[PortRef]:
    is_passed = _is(document, source.node, _SCALE[0]) or _is(document, source.node, _ADD[0])
    if source in leaves or not is_passed or source.node in above:
        yield source
        return
    for below in _list_inputs(document, source.node):
        yield from _iterate_leaves(document, below, leaves, above | {source.node})


def _set_below(document: Document, source: PortRef, strengths: Mapping[PortRef, float]) -> tuple[Setting, ...]:
    """Return the settings by which a vector is its leaves at these strengths."""
    if source in strengths:
        return ()
    factors: list[float] = []
    settings: list[Setting] = []
    for below in _list_inputs(document, source.node):
        under = _list_leaves(document, below, tuple(strengths))
        common, rest = _factor_out({leaf: strengths[leaf] for leaf in under})
        factors.append(common)
        settings.extend(_set_below(document, below, rest))
    if _is(document, source.node, _SCALE[0]):
        return (Setting(source.node, _SCALE[1], factors[0]), *settings)
    return (Setting(source.node, _ADD[1], () if set(factors) == {1.0} else tuple(factors)), *settings)


def _is_edit(document: Document, apply: NodeId, strengths: Mapping[PortRef, float]) -> bool:
    """Tell whether an Apply adds the vectors at these strengths now, however the factors are spread over its Add and Scale nodes."""
    source = _source(document, apply, "vector")
    if source is None:
        return False
    found = dict(_multiply(document, source, strengths, _read_factors(document, apply, *_APPLY, 1)[0]))
    return all(math.isclose(found.get(leaf, math.nan), strength, abs_tol=_TOLERANCE) for leaf, strength in strengths.items())


def _multiply(document: Document, source: PortRef, leaves: Container[PortRef], factor: float) -> Iterator[tuple[PortRef, float]]:
    if source in leaves:
        yield source, factor
        return
    inputs = _list_inputs(document, source.node)
    operation, parameter = _SCALE if _is(document, source.node, _SCALE[0]) else _ADD
    for below, own in zip(inputs, _read_factors(document, source.node, operation, parameter, len(inputs)), strict=True):
        yield from _multiply(document, below, leaves, factor * own)


def _read_factors(document: Document, node: NodeId, operation: str, parameter: str, count: int) -> tuple[float, ...]:
    """Return by what a node multiplies each of its inputs; NaN where its parameter is no number, or not one for each."""
    value = document.nodes[node].parameters.get(parameter, () if operation == _ADD[0] else 1.0)
    listed = (1.0,) * count if value == () else value if isinstance(value, tuple) else (value,)
    factors = tuple(float(one) if isinstance(one, int | float) else math.nan for one in listed)
    return factors if len(factors) == count else (math.nan,) * count


def _factor_out(strengths: Mapping[PortRef, float]) -> tuple[float, Mapping[PortRef, float]]:
    """Return the strength that all have in common, or 1, and what is left for each."""
    values = set(strengths.values())
    return (values.pop(), dict.fromkeys(strengths, 1.0)) if len(values) == 1 else (1.0, strengths)


def _list_inputs(document: Document, node: NodeId) -> list[PortRef]:
    return [wire.source for wire in document.wires_into(node)]


def _source(document: Document, node: NodeId, port: str) -> PortRef | None:
    return next((wire.source for wire in document.wires_into(node, port)), None)


def _is(document: Document, node_id: NodeId, operation: str) -> bool:
    node = document.nodes.get(node_id)
    return node is not None and node.operation == operation and not node.muted


def _read(document: Document, node: NodeId, parameter: str) -> JsonValue:
    return document.nodes[node].parameters.get(parameter, () if parameter == _ADD[1] else 1.0)


def _add_apply(document: Document, use: StrengthUse) -> Document:
    """Put an Apply that makes the edit of the search beside it; where each vector has its own strength, an Add with weights before it."""
    vectors = [wire.source for wire in document.wires_into(use.search, "vectors")]
    base = _source(document, use.search, "base")
    if base is None:
        return document
    is_each = len(set(use.strengths)) > 1
    vector = vectors[0]
    if len(vectors) > 1:
        document, added = _put(document, Node(_ADD[0], {_ADD[1]: use.strengths} if is_each else {}), use.search)
        for source in vectors:
            document = connect(document, Wire(source, PortRef(added, "vectors")))
        vector = PortRef(added, "vector")
    document, apply = _put(document, Node(_APPLY[0], {_APPLY[1]: 1.0 if is_each else use.strengths[0]}), use.search)
    for source, port in ((base, "base"), (vector, "vector")):
        document = connect(document, Wire(source, PortRef(apply, port)))
    return document


def _put(document: Document, node: Node, beside: NodeId) -> tuple[Document, NodeId]:
    """Add a node where it covers no other."""
    boxes = {other: (*found.position, *_NODE_SIZE) for other, found in document.nodes.items() if found.position is not None}
    place = find_room(boxes, (beside,), (0.0, 0.0))
    node_id = fresh_node_id(document, node.operation)
    return add_node(document, node_id, Node(node.operation, node.parameters, position=place)), node_id
