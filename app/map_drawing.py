"""A family's figures as a scene of the weight map."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from itertools import combinations

from app.analogy_roles import read_roles
from app.canvas.connection import name_node
from app.live_view import FamilyView
from app.map_spots import Spot, find_kind, find_spots
from app.way_names import Way, WayNames
from app.widgets.map_scene import MapArrow, MapEnds, MapHandle, MapKind, MapParallelogram, MapPath, MapPoint, MapScene, Place
from engine.catalogue import catalogue
from engine.document.model import Document, NodeId
from engine.operation import PortKind
from engine.parameters import Real
from engine.planning.coefficient import Symbol
from engine.planning.live_model import LiveNode, LiveSeries
from engine.similarity.figure_errors import find_residual_error
from engine.similarity.geometry_map import SAME
from engine.similarity.geometry_series import follow_series

_CORNERS = 3
"""What an analogy is made of: A, B and C."""
_SLOPE = math.radians(12)
"""How steeply the line from A to B rises in the small map."""
_LETTERS = {"strength": "λ"}


def draw_family(view: FamilyView, document: Document) -> MapScene:
    """Return the map of a family at its present numbers."""
    return _FamilyDrawing(view, document).draw()


def draw_analogy(view: FamilyView, document: Document, node: NodeId) -> MapScene | None:
    """Return the small map of one analogy, on the plane through its A, B and C; None where one of them is not known."""
    rows = view.space.rows
    own = view.space.family.nodes[rows[node]] if node in rows else None
    if own is None or len(own.compared) > 1 or len(own.operands) != _CORNERS:
        return None
    nodes = (*own.operands, node, *(other for other in own.compared if other in rows))
    if not all(view.figures.is_known[rows[each]] for each in nodes):
        return None
    found = view.space.place_apart(view.figures, own.operands, nodes)
    places = _lay_upright([(float(x), float(y)) for x, y in found.places])
    distances = view.figures.distances
    letters = ("A", "B", "C", "D̂", "D") if own.compared else ("A", "B", "C", "D")
    names = {role.letter.upper(): role.name for role in read_roles(document, node)} | {letters[3]: view.names.get(node, str(node))}
    kinds = (MapKind.TUNED, MapKind.TUNED, MapKind.TUNED, MapKind.VECTOR, MapKind.TUNED)
    points = tuple(
        MapPoint(each, f"{letter}: {names.get(letter, '')}", kind, place, *_measure_length(view, rows[each]))
        for each, letter, kind, place in zip(nodes, letters, kinds, places, strict=False)
    )
    a, b, c, made, *true = places
    shape = MapParallelogram(node, names[letters[3]], (a, b, c, made))
    if true:
        shape = _compare(view, shape, (rows[node], rows[nodes[-1]]), true[0])
    return MapScene(
        points=points,
        distances=tuple(tuple(float(distances[rows[one], rows[other]]) for other in nodes) for one in nodes),
        parallelograms=(shape,),
        base_norm=view.space.geometry.base_norm(),
        shown_share=found.shown_share,
        models=found.models,
        is_estimate=view.is_estimate,
        letters=tuple(zip(letters, places, strict=False)),
    )


def _lay_upright(places: Sequence[Place]) -> list[Place]:
    """Return places turned so that B lies to the right of A, a little above it, and C above both: every analogy is drawn alike."""
    (ax, ay), (bx, by), (cx, cy) = places[:_CORNERS]
    level = _turn(places, -math.atan2(by - ay, bx - ax))
    if (bx - ax) * (cy - ay) < (by - ay) * (cx - ax):
        level = [(x, -y) for x, y in level]
    return _turn(level, _SLOPE)


def _turn(places: Sequence[Place], angle: float) -> list[Place]:
    cosine, sine = math.cos(angle), math.sin(angle)
    return [(x * cosine - y * sine, x * sine + y * cosine) for x, y in places]


def _compare(view: FamilyView, shape: MapParallelogram, rows: tuple[int, int], place: Place) -> MapParallelogram:
    """Return a parallelogram with how far what was made is from what is true; `rows` are those of both."""
    name = view.names.get(view.space.family.nodes[rows[1]].node, "")
    residual, cosine = view.figures.residual(*rows), float(view.figures.cosines[rows])
    shape = replace(shape, true=place, true_name=name, residual=residual, cosine=cosine)
    residual_error = find_residual_error(view.error_geometry, view.figures, *rows)
    return replace(shape, residual_error=residual_error, cosine_error=float(view.errors.cosines[rows]))


def _measure_length(view: FamilyView, row: int) -> tuple[float, float]:
    """Return how far a node is from θ₀, with the standard error; an edit of 0 has none."""
    error = float(view.errors.norms[row])
    return float(view.figures.norms[row]), error if math.isfinite(error) else 0.0


class _FamilyDrawing:
    """Hold what every part of one picture is made of, as plain numbers."""

    def __init__(self, view: FamilyView, document: Document) -> None:
        self._view = view
        self._document = document
        self._nodes = view.space.family.nodes
        found = view.space.place(view.figures)
        self._share, self._models = found.shown_share, found.models
        self._places: Sequence[Place] = [(float(x), float(y)) for x, y in found.places]
        self._distances: Sequence[Sequence[float]] = view.figures.distances.tolist()
        self._origin: Place = self._places[-1]
        self._reach = SAME * max((self._distances[row][-1] for row in range(len(self._nodes)) if self._is_known(row)), default=0.0)
        """Shorter ways are rounding."""
        self._own: dict[NodeId, list[Symbol]] = {}
        for symbol in view.values:
            self._own.setdefault(symbol.node, []).append(symbol)
        self._ways = tuple(self._find_ways())
        self._way_names = WayNames(self._ways)
        self._between = {view.space.rows[member] for series in view.space.family.series if series.node for member in series.members[:-1]}
        """The rows of all checkpoints of a training but the last: its path leads to them, no arrow."""

    def _find_ways(self) -> Iterator[Way]:
        """Give the trainings whose checkpoints are all known."""
        for series in self._view.space.family.series:
            rows = self._find_rows(series)
            if series.node is not None and rows:
                name = name_node(self._document, series.node) if series.node in self._document.nodes else ""
                yield Way(series, name, rows)

    def _find_rows(self, series: LiveSeries) -> tuple[int, ...]:
        """Return the rows of a series' checkpoints; () where one of them is not known."""
        rows = self._view.space.rows
        found = tuple(rows[member] for member in series.members if member in rows)
        return found if len(found) == len(series.members) and all(map(self._is_known, found)) else ()

    def draw(self) -> MapScene:
        """Return the scene."""
        spots = find_spots(self._view.space.family, filter(self._is_known, range(len(self._nodes))), self._distances)
        passed = {row for spot in spots if not self._between.isdisjoint(spot.rows) for row in spot.rows}
        origins = [spot.rows[0] for spot in spots]
        return MapScene(
            points=tuple(self._make_point(spot) for spot in spots),
            distances=tuple(tuple(self._distances[row][column] for column in origins) for row in origins),
            arrows=tuple(self._list_arrows(passed)),
            parallelograms=tuple(self._list_parallelograms()),
            paths=tuple(self._list_paths()),
            ends=tuple(self._compare_ends()),
            base_norm=self._view.space.geometry.base_norm(),
            shown_share=self._share,
            models=self._models,
            is_estimate=self._view.is_estimate,
            unknown=tuple(self._name(row) for row in range(len(self._nodes)) if not self._is_known(row)),
        )

    def _is_known(self, row: int) -> bool:
        return bool(self._view.figures.is_known[row]) and not math.isnan(self._places[row][0])

    def _make_point(self, spot: Spot) -> MapPoint:
        row = spot.rows[0]
        handles = (handle for each in spot.rows if (handle := self._find_handle(each)) is not None)
        first = next(handles, None) if spot.kind in (MapKind.EDITED, MapKind.VECTOR) else None
        # A model that is no step of a training keeps its own mark where a training comes by.
        ways = {each: self._way_names.find_number(each) for each in spot.rows}
        kinds = {each: find_kind(self._nodes[each]) for each in spot.rows}
        others = [self._name(each) for each, way in ways.items() if way is None and kinds[each] in (MapKind.BASE, MapKind.TUNED)]
        return MapPoint(
            node=first[0] if first else self._nodes[row].node,
            name=self._name(row),
            kind=spot.kind,
            place=self._places[row],
            norm=self._distances[row][-1],
            norm_error=_measure_length(self._view, row)[1],
            also=tuple(map(self._name, (*spot.rows[1:], *spot.company))),
            models=tuple(self._name(each) for each, kind in kinds.items() if kind is not MapKind.VECTOR),
            handle=first[1] if first else None,
            step=self._way_names.name_step(spot.rows, others),
            # Where two trainings go one way, that of the last lies on top.
            way=None if others else max((way for way in ways.values() if way is not None), default=None),
            is_end=bool(self._way_names.find_ends(spot.rows)),
        )

    def _find_handle(self, row: int) -> tuple[NodeId, MapHandle] | None:
        """Return the node whose own live number moves a point, with its straight way; what is multiplied may be 0, which is no way."""
        node = self._nodes[row].node
        for symbol in self._own.get(node, ()):
            bounds, value = self._find_bounds(node, symbol.name), self._view.values[symbol]
            if bounds is None or not math.isfinite(value) or not self._follows(row, symbol):
                continue
            x, y = self._places[row]
            across, up = self._slope(symbol, row)
            if math.hypot(across, up) <= self._reach:
                across = up = 0.0
            zero = (x - across * value, y - up * value)
            one = (zero[0] + across, zero[1] + up)
            return node, MapHandle(symbol.name, _LETTERS.get(symbol.name, symbol.name), value, bounds, zero, one)
        return None

    def _follows(self, row: int, symbol: Symbol) -> bool:
        return any(symbol in weight.symbols for term in self._nodes[row].terms for weight in term.weights)

    def _slope(self, symbol: Symbol, row: int) -> Place:
        """Return how far a point moves per unit of its own number: as far as what it multiplies is from θ₀, where that is on the map."""
        terms = self._nodes[row].terms
        factors = [term.weights[0].factor_of(symbol).number if len(term.weights) == 1 else None for term in terms]
        if None in factors or not all(self._is_known(term.row) for term in terms):
            x, y = self._view.space.slope(self._view.values, symbol)[row].tolist()
            return x, y
        steps = [(float(factor or 0), self._places[term.row]) for factor, term in zip(factors, terms, strict=True)]
        across = sum(factor * (place[0] - self._origin[0]) for factor, place in steps)
        return across, sum(factor * (place[1] - self._origin[1]) for factor, place in steps)

    def _find_bounds(self, node: NodeId, parameter: str) -> tuple[float, float] | None:
        """Return the range of a number; None where it is no number of its own, as one of a list."""
        step = self._document.nodes.get(node)
        operation = catalogue().get(step.operation) if step is not None else None
        declared = operation.parameter(parameter) if operation is not None else None
        return (float(declared.minimum), float(declared.maximum)) if isinstance(declared, Real) else None

    def _list_arrows(self, passed: Collection[int]) -> Iterator[MapArrow]:
        """Return the vectors as arrows, but for some rows."""
        for row, node in enumerate(self._nodes):
            if node.kind is PortKind.VECTOR and self._is_known(row) and row not in passed:
                yield MapArrow(node.node, self._name(row), self._origin, self._places[row], is_made=not self._is_difference(node))

    def _is_difference(self, node: LiveNode) -> bool:
        """Tell whether a vector is the change of one checkpoint, not made of other vectors."""
        return all(self._nodes[self._view.space.rows[operand]].kind is PortKind.CHECKPOINT for operand in node.operands)

    def _list_parallelograms(self) -> Iterator[MapParallelogram]:
        rows = self._view.space.rows
        for row, node in enumerate(self._nodes):
            drawn = self._document.nodes.get(node.node)
            if drawn is None or drawn.operation != "analogy" or len(node.operands) != _CORNERS:
                continue
            corners = [rows[operand] for operand in node.operands] + [row]
            if not all(self._is_known(corner) for corner in corners):
                continue
            a, b, c, made = (self._places[corner] for corner in corners)
            true = next((rows[other] for other in node.compared if other in rows and self._is_known(rows[other])), None)
            shape = MapParallelogram(node.node, self._name(row), (a, b, c, made))
            yield shape if true is None else _compare(self._view, shape, (row, true), self._places[true])

    def _list_paths(self) -> Iterator[MapPath]:
        for series in self._view.space.family.series:
            members = self._find_rows(series)
            if not members:
                continue
            figures = follow_series(self._view.figures, members)
            places = tuple(self._places[row] for row in members)
            way = next((way for way in self._ways if way.series is series), None)
            yield MapPath(
                way.name if way is not None else "",
                series.quantity,
                series.numbers,
                (*((self._origin,) if way is not None else ()), *places),
                tuple(figures.cosines.tolist()),
                tuple(figures.norms.tolist()),
                () if way is not None else tuple(map(self._name_training, members)),
            )

    def _name_training(self, row: int) -> str:
        """Return the name of a training by its last checkpoint."""
        return next((way.name for way in self._ways if way.end == row), self._name(row))

    def _compare_ends(self) -> Iterator[MapEnds]:
        cosines, errors = self._view.figures.cosines, self._view.errors.cosines
        for one, other in combinations(self._ways, 2):
            places = (one.end, other.end)
            yield MapEnds(one.name, other.name, float(cosines[places]), bool(errors[places] > 0))

    def _name(self, row: int) -> str:
        node = self._nodes[row].node
        return self._view.names.get(node, str(node))
