"""Automatic layout: from left to right in columns, frames kept together."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from engine.document.model import Document, NodeId, Position, Rect

Size = tuple[float, float]
Edges = frozenset[tuple[str, str]]

COLUMN_GAP = 96.0
ROW_GAP = 36.0
FRAME_PADDING = 24.0
FRAME_TITLE = 36.0
_SWEEPS = 4
"""How often the columns are put in the order of their neighbours, to and fro: more changes little."""


@dataclass(frozen=True)
class Arrangement:
    """Hold where nodes go, and what their frames then cover."""

    positions: Mapping[NodeId, Position]
    frames: Mapping[str, Rect]


@dataclass(frozen=True)
class _Block:
    """A node, or a frame with the nodes in it, that moves as one."""

    size: Size
    members: Mapping[NodeId, Position]
    """The nodes in it, relative to its corner."""
    frame: str = ""


def arrange(document: Document, sizes: Mapping[NodeId, Size], origin: Position = (0, 0), grid: float = 24.0) -> Arrangement:
    """Return a layout of the nodes that have a size: wires run to the right, a frame's nodes stay in it.

    Args:
        document: the graph.
        sizes: width and height of the nodes to arrange; others stay where they are.
        origin: where the top left corner goes.
        grid: positions are multiples of it.
    """
    owner = _find_owners(document, sizes)
    blocks = _make_blocks(document, sizes, owner, grid)
    edges = frozenset((owner[wire.source.node], owner[wire.target.node]) for wire in document.wires
                      if wire.source.node in sizes and wire.target.node in sizes)  # fmt: skip
    places = _place_blocks(blocks, _drop_loops(edges), grid)
    positions: dict[NodeId, Position] = {}
    frames: dict[str, Rect] = {}
    for key, (x, y) in places.items():
        x, y = x + origin[0], y + origin[1]  # noqa: PLW2901  (moved as a whole)
        block = blocks[key]
        positions.update({node: (x + place[0], y + place[1]) for node, place in block.members.items()})
        if block.frame:
            frames[block.frame] = (x, y, *block.size)
    return Arrangement(positions, frames)


def place_loose(document: Document, sizes: Mapping[NodeId, Size]) -> Mapping[NodeId, Position]:
    """Return places for the nodes that the file gives none: below all others."""
    loose = {node: sizes[node] for node, held in document.nodes.items() if held.position is None}
    if not loose:
        return {}
    placed = [(held.position, sizes[node]) for node, held in document.nodes.items() if held.position is not None]
    bottom = max((place[1] + size[1] for place, size in placed), default=-48.0)
    left = min((place[0] for place, _ in placed), default=0.0)
    return arrange(document, loose, (left, math.ceil((bottom + 48) / 24) * 24)).positions


def _find_owners(document: Document, sizes: Mapping[NodeId, Size]) -> Mapping[str, str]:
    """Return for each node the block it belongs to: its first frame, else itself."""
    owner: dict[str, str] = {node: node for node in sizes}
    for frame in reversed(document.frames):
        owner.update({node: f"frame {frame.id}" for node in frame.nodes if node in sizes})
    return owner


def _make_blocks(document: Document, sizes: Mapping[NodeId, Size], owner: Mapping[str, str], grid: float) -> Mapping[str, _Block]:
    blocks = {node: _Block(size, {node: (0.0, 0.0)}) for node, size in sizes.items() if owner[node] == node}
    framed: dict[str, _Block] = {}
    for frame in document.frames:
        members = [node for node in sizes if owner[node] == f"frame {frame.id}"]
        if members:
            framed[f"frame {frame.id}"] = _arrange_inside(document, frame.id, {node: sizes[node] for node in members}, grid)
    return {**blocks, **framed}


def _arrange_inside(document: Document, frame: str, sizes: Mapping[NodeId, Size], grid: float) -> _Block:
    blocks = {str(node): _Block(size, {node: (0.0, 0.0)}) for node, size in sizes.items()}
    edges = frozenset((str(wire.source.node), str(wire.target.node)) for wire in document.wires
                      if wire.source.node in sizes and wire.target.node in sizes)  # fmt: skip
    places = _place_blocks(blocks, _drop_loops(edges), grid)
    inner = {node: (places[node][0] + FRAME_PADDING, places[node][1] + FRAME_TITLE + 12) for node in sizes}
    width = max(inner[node][0] + size[0] for node, size in sizes.items()) + FRAME_PADDING
    height = max(inner[node][1] + size[1] for node, size in sizes.items()) + FRAME_PADDING
    return _Block((width, height), inner, frame)


def _place_blocks(blocks: Mapping[str, _Block], edges: Edges, grid: float) -> Mapping[str, Position]:
    columns = _order_columns(_list_columns(blocks, edges), edges)
    heights = [sum(blocks[key].size[1] for key in column) + ROW_GAP * (len(column) - 1) for column in columns]
    tallest, x = max(heights, default=0.0), 0.0
    places: dict[str, Position] = {}
    for column, height in zip(columns, heights, strict=True):
        y = (tallest - height) / 2
        for key in column:
            places[key] = (x, _snap(y, grid))
            y = _snap(y, grid) + blocks[key].size[1] + ROW_GAP
        x = _snap(x + max(blocks[key].size[0] for key in column) + COLUMN_GAP, grid)
    return places


def _list_columns(blocks: Iterable[str], edges: Edges) -> list[list[str]]:
    """Return the blocks in columns: each as far right as its longest chain from the left, sources next to what they feed."""
    order = _sort_topologically(list(blocks), edges)
    level = dict.fromkeys(order, 0)
    before, after = _group(edges, by_target=True), _group(edges, by_target=False)
    for key in order:
        level[key] = max((level[source] + 1 for source in before.get(key, ())), default=0)
    for key in order:
        if key not in before and key in after:
            level[key] = min(level[target] for target in after[key]) - 1
    columns: list[list[str]] = [[] for _ in range(max(level.values(), default=-1) + 1)]
    for key in order:
        columns[level[key]].append(key)
    return [column for column in columns if column]


def _order_columns(columns: list[list[str]], edges: Edges) -> list[list[str]]:
    """Order every column by the mean place of its neighbours, sweeping to and fro, so that fewer wires cross."""
    before, after = _group(edges, by_target=True), _group(edges, by_target=False)
    for sweep in range(_SWEEPS):
        forward = sweep % 2 == 0
        place = {key: index / len(column) for column in columns for index, key in enumerate(column)}
        for column in columns if forward else reversed(columns):
            neighbours = before if forward else after
            mean = {key: _mean([place[other] for other in neighbours.get(key, ())], place[key]) for key in column}
            column.sort(key=lambda key, mean=mean: mean[key])
            place.update({key: index / len(column) for index, key in enumerate(column)})
    return columns


def _sort_topologically(keys: Sequence[str], edges: Edges) -> list[str]:
    after = _group(edges, by_target=False)
    missing = dict.fromkeys(keys, 0)
    for _, target in edges:
        missing[target] += 1
    ready = [key for key in keys if not missing[key]]
    order: list[str] = []
    while ready:
        key = ready.pop(0)
        order.append(key)
        for target in after.get(key, ()):
            missing[target] -= 1
            if not missing[target]:
                ready.append(target)
    return order


def _drop_loops(edges: Edges) -> Edges:
    """Leave out the edges that close a circle: frames can make one where the nodes have none."""
    after = _group(edges, by_target=False)
    kept: set[tuple[str, str]] = set()
    state: dict[str, int] = {}
    for start in sorted(after):
        _walk_down(start, after, state, kept)
    return frozenset(kept)


def _walk_down(start: str, after: Mapping[str, Sequence[str]], state: dict[str, int], kept: set[tuple[str, str]]) -> None:
    """Search in depth without recursion; state 1 is on the way down, 2 is done."""
    if start in state:
        return
    state[start] = 1
    path = [(start, iter(after.get(start, ())))]
    while path:
        key, rest = path[-1]
        target = next(rest, None)
        if target is None:
            state[key] = 2
            path.pop()
        elif state.get(target) != 1:
            kept.add((key, target))
            if target not in state:
                state[target] = 1
                path.append((target, iter(after.get(target, ()))))


def _group(edges: Edges, *, by_target: bool) -> Mapping[str, Sequence[str]]:
    groups: dict[str, list[str]] = {}
    for source, target in sorted(edges):
        groups.setdefault(target if by_target else source, []).append(source if by_target else target)
    return groups


def _mean(numbers: Sequence[float], otherwise: float) -> float:
    return sum(numbers) / len(numbers) if numbers else otherwise


def _snap(value: float, grid: float) -> float:
    return math.ceil(value / grid) * grid
