"""What searches have measured of the very models that a slider makes: the points of the curve beside it.

A search has tried base + Σ λᵢvᵢ, a slider x makes start + x·way; all are weights of the same checkpoints (the normal form), so what was
tried lies on the slider's way or does not, however either is wired. Base and vectors are those of the document that was run; where one of
them has changed since, nothing is known of what it was.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.node_parameter import NodeParameter
from app.run_progress import changed_nodes
from app.sweeps import Curve, Sweep
from engine.document.model import Document, NodeId
from engine.operation import PortKind
from engine.planning.coefficient import Symbol
from engine.planning.live_model import LiveFamily, LiveModel
from engine.planning.live_numbers import LiveNumber
from engine.planning.live_weights import WeightEvaluator

Floats = NDArray[np.float64]
_Way = tuple[NodeId, Floats, Floats]
_ROUNDING = 1e-9
_FEWEST = 3
"""Points that make a curve, where not all that was tried lies on it."""


@dataclass(frozen=True)
class Track:
    """Hold what a search has measured along the way of one number, all others as they are."""

    sweep: Sweep
    number: LiveNumber
    model: NodeId
    """The node whose value was measured there; not always the number's own."""
    places: Mapping[float, float]
    """By the place on the sweep's own axis the number that makes the model of that try, ascending."""

    @property
    def curves(self) -> tuple[Curve, ...]:
        """Return the sweep's curves over the number."""
        found = ((curve, tuple((x, dict(curve.points)[place]) for place, x in self._within(curve))) for curve in self.sweep.curves)
        return tuple(Curve(curve.name, points, curve.is_control) for curve, points in found)

    @property
    def scores(self) -> tuple[tuple[float, float], ...]:
        """Return the mean target figure over the number, where the search had a strength for each vector."""
        scores = {place: trial.score for place, trial in zip(_list_places(self.sweep), self.sweep.trials, strict=False)}
        return tuple((x, scores[place]) for place, x in self.places.items() if place in scores)

    def _within(self, curve: Curve) -> Iterator[tuple[float, float]]:
        known = {place for place, _ in curve.points}
        return ((place, x) for place, x in self.places.items() if place in known)


class StrengthTracks:
    """Hold a graph's sums, to be asked at every move of a slider."""

    def __init__(self, model: LiveModel) -> None:
        """Lay out the families once."""
        self.model = model
        self._spaces = tuple(_Space(family) for family in model.families)

    def find(self, document: Document, parameter: NodeParameter, sweeps: Sequence[Sweep]) -> tuple[Track, ...]:
        """Return where the search that has most to tell of a parameter lies along it: a track for each of its numbers."""
        own = (number for number in self.model.numbers if (number.symbol.node, number.parameter) == (parameter.node, parameter.name))
        numbers = sorted(own, key=lambda number: number.index or 0)
        values = self.model.read_values(document)
        tried = [(sweep, found) for sweep in sweeps if (found := _find_tried(sweep, document)) is not None]
        found = [self._follow(sweep, sources, numbers, values) for sweep, sources in tried]
        return max(found, key=lambda tracks: sum(len(track.places) for track in tracks), default=())

    def _follow(self, sweep: Sweep, tried: _Tried, numbers: Sequence[LiveNumber], values: Mapping[Symbol, float]) -> tuple[Track, ...]:
        """Return the track of each number's own node or, where there is none, of the model on which most was measured."""
        tries = _list_tries(sweep)
        space = next((space for space in self._spaces if tried.nodes <= space.rows.keys()), None)
        if space is None or not tries or any(len(strengths) not in (1, len(tried.vectors)) for _, strengths in tries):
            return ()
        models = space.make_tried(tried, values, [strengths for _, strengths in tries])
        tracks: list[Track] = []
        for number in numbers:
            ways = [way for way in space.list_ways(number.symbol, tried.nodes, values) if way[0] in tried.drawn]
            placed = [(node, _place_tries([place for place, _ in tries], models, start, way)) for node, start, way in ways]
            own = [Track(sweep, number, node, places) for node, places in placed if len(places) >= _FEWEST or len(places) == len(tries) > 1]
            tracks += sorted(own, key=lambda track: (track.model == number.symbol.node, len(track.places)))[-1:]
        return tuple(tracks)


@dataclass(frozen=True)
class _Tried:
    """Name what a search tried strengths on."""

    base: NodeId
    vectors: tuple[NodeId, ...]
    """In the order of their strengths; with one strength for all, all of them."""
    drawn: Collection[NodeId]
    """The nodes of the document as it is now."""

    @property
    def nodes(self) -> frozenset[NodeId]:
        """Return the base with the vectors."""
        return frozenset((self.base, *self.vectors))


def _find_tried(sweep: Sweep, document: Document) -> _Tried | None:
    """Return what a search tried, by the wires of the run; None where some of it is another value by now, or the search is gone."""
    ran = sweep.document
    if ran is None or sweep.node not in document.nodes:
        return None
    bases, vectors = ([wire.source.node for wire in ran.wires_into(sweep.node, port)] for port in ("base", "vectors"))
    sources = {*bases, *vectors}
    if len(bases) != 1 or not vectors or not sources <= document.nodes.keys() or sources & changed_nodes(ran, document):
        return None
    return _Tried(bases[0], tuple(vectors), document.nodes.keys())


class _Space:
    """Hold a family's nodes as sums of its columns."""

    def __init__(self, family: LiveFamily) -> None:
        self._family = family
        self._evaluator = WeightEvaluator(family)
        self.rows = {node.node: row for row, node in enumerate(family.nodes)}
        self._symbols: list[frozenset[Symbol]] = []
        """Per node the numbers that it follows."""
        for node in family.nodes:
            below = [term.row for term in node.terms] or [self.rows[operand] for operand in node.operands]
            own = frozenset(symbol for term in node.terms for weight in term.weights for symbol in weight.symbols)
            self._symbols.append(own.union(*(self._symbols[row] for row in below)))

    def list_ways(self, symbol: Symbol, tried: Collection[NodeId], values: Mapping[Symbol, float]) -> list[_Way]:
        """Return each model that follows a number, as (node, start, way); none where what a search tried follows it, too.

        Of what a kernel (TIES, DARE …) makes of a number the weights tell nothing, but then what was tried has no part in the kernel.
        """
        models = [row for row, node in enumerate(self._family.nodes) if node.kind is PortKind.CHECKPOINT and symbol in self._symbols[row]]
        if not models or any(symbol in self._symbols[self.rows[node]] for node in tried):
            return []
        starts = self._evaluator.evaluate({**values, symbol: 0.0})
        ways = self._evaluator.slope(values, symbol)
        return [(self._family.nodes[model].node, starts[:, model].ravel(), ways[:, model].ravel()) for model in models]

    def make_tried(self, tried: _Tried, values: Mapping[Symbol, float], strengths: Sequence[tuple[float, ...]]) -> Floats:
        """Return (T, cells): the models that a search made at T sets of strengths; one strength holds for all vectors."""
        weights = self._evaluator.evaluate(values)
        vectors = np.stack([weights[:, self.rows[vector]].ravel() for vector in tried.vectors])
        each = np.array([one if len(one) == len(vectors) else one * len(vectors) for one in strengths])
        return weights[:, self.rows[tried.base]].ravel() + each @ vectors


def _place_tries(places: Sequence[float], tried: Floats, start: Floats, way: Floats) -> Mapping[float, float]:
    """Return, by place, the numbers at which start + x·way is what was tried there; what is not known is nowhere."""
    square = float(way @ way)
    if not square > 0:
        return {}
    apart = tried - start
    numbers = apart @ way / square
    is_on = np.abs(apart - numbers[:, None] * way).max(axis=1) <= _ROUNDING * np.maximum(np.abs(apart).max(axis=1), 1)
    found: dict[float, float] = {}
    for place, number, is_there in zip(places, np.round(numbers, 9) + 0.0, is_on, strict=True):
        if is_there:
            # Of one model that was tried twice the first figures stand.
            found.setdefault(float(number), place)
    return {place: number for number, place in sorted(found.items())}


def _list_tries(sweep: Sweep) -> list[tuple[float, tuple[float, ...]]]:
    """Return (place on the sweep's axis, strengths) of everything that was tried."""
    places = _list_places(sweep)
    if not sweep.vector_names:
        return [(place, (place,)) for place in places]
    return [(place, trial.strengths) for place, trial in zip(places, sweep.trials, strict=False)]


def _list_places(sweep: Sweep) -> list[float]:
    return sorted({place for curve in sweep.curves for place, _ in curve.points})
