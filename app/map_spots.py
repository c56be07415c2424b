"""Which nodes of a family are one point of the map: a point neither comes nor goes while numbers move."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.widgets.map_scene import MapKind
from engine.operation import PortKind
from engine.planning.live_model import LiveFamily, LiveNode
from engine.similarity.geometry_map import SAME

_RANKS = (MapKind.BASE, MapKind.TUNED, MapKind.EDITED, MapKind.VECTOR)
"""Of nodes that are one point the first gives it its name and shape."""


@dataclass(frozen=True)
class Spot:
    """Hold one point with the rows of the nodes it stands for."""

    kind: MapKind
    rows: tuple[int, ...]
    company: tuple[int, ...] = ()
    """The rows of other points' nodes that lie at this place at the present numbers."""


def find_kind(node: LiveNode) -> MapKind:
    """Return what a node is on the map."""
    if node.kind is PortKind.VECTOR:
        return MapKind.VECTOR
    if node.source is None:
        return MapKind.EDITED
    return MapKind.BASE if node.column is None else MapKind.TUNED


def find_spots(family: LiveFamily, known: Iterable[int], distances: Sequence[Sequence[float]]) -> list[Spot]:
    """Return the points of a map.

    Args:
        family: whose nodes they are.
        known: the rows of those that have a place.
        distances: between all rows; the last of each is that from θ₀.
    """
    kinds = {row: find_kind(family.nodes[row]) for row in known}
    rows = sorted(kinds, key=lambda row: _RANKS.index(kinds[row]))
    reach = SAME * max((distances[row][-1] for row in rows), default=0.0)
    found: list[list[int]] = []
    for row in rows:
        # An edited model is a point of its own wherever it lies: it is what the hand moves.
        spot = _find_spot(family, row, found, distances[row], reach) if kinds[row] is not MapKind.EDITED else None
        if spot is None:
            found.append([row])
        else:
            spot.append(row)
    return [Spot(kinds[spot[0]], tuple(spot), _find_company(rows, spot, distances[spot[0]], reach)) for spot in found]


def _find_spot(family: LiveFamily, row: int, found: Iterable[list[int]], distances: Sequence[float], reach: float) -> list[int] | None:
    """Return the point where a node lies at all numbers: what stands still is found by its place, what moves only by what it is."""
    moving, origins = family.moving, family.origins
    for spot in found:
        is_still = row not in moving and spot[0] not in moving and distances[spot[0]] <= reach
        if is_still or origins[row] == origins[spot[0]]:
            return spot
    return None


def _find_company(rows: Sequence[int], spot: Sequence[int], distances: Sequence[float], reach: float) -> tuple[int, ...]:
    return tuple(row for row in rows if distances[row] <= reach and row not in spot)
