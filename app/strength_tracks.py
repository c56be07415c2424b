"""What searches have measured of the very models that a slider makes: the points of the curve beside it.

A search has tried base + Σ λᵢvᵢ, a slider x makes start + x·way; all are weights of the same checkpoints (the normal form), so what was
tried lies on the slider's way or does not, however either is wired. Base and vectors are those of the document that was run; where one of
them has changed since, nothing is known of what it was.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

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
Found = TypeVar("Found")
_ROUNDING = 1e-9
_NEAR = 1e-6
"""So little of a square may lie beside a way that is to be looked at: far more than rounding leaves, of thousands of cells, too."""
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
    """Hold a graph's sums, to be asked at every move of a slider: what does not hang on the number that moves is worked out once."""

    def __init__(self, model: LiveModel) -> None:
        """Lay out the families once."""
        self.model = model
        self._spaces = tuple(_Space(family) for family in model.families)

    def find(self, document: Document, parameter: NodeParameter, sweeps: Sequence[Sweep]) -> tuple[Track, ...]:
        """Return where the search that has most to tell of a parameter lies along it: a track for each of its numbers."""
        own = (number for number in self.model.numbers if (number.symbol.node, number.parameter) == (parameter.node, parameter.name))
        numbers = tuple(sorted(own, key=lambda number: number.index or 0))
        values = self.model.read_values(document)
        tried = [(sweep, found) for sweep in sweeps if (found := _find_tried(sweep, document)) is not None]
        found = [self._follow(sweep, sources, numbers, values) for sweep, sources in tried]
        return max(found, key=lambda tracks: sum(len(track.places) for track in tracks), default=())

    def _follow(self, sweep: Sweep, tried: _Tried, numbers: tuple[LiveNumber, ...], values: Mapping[Symbol, float]) -> tuple[Track, ...]:
        """Return the track of each number's own node or, where there is none, of the model on which most was measured."""
        tries = _list_tries(sweep)
        space = next((space for space in self._spaces if tried.nodes <= space.rows.keys()), None)
        if space is None or not tries or any(len(strengths) not in (1, len(tried.vectors)) for _, strengths in tries):
            return ()
        models = space.make_tried(tried, values, tuple(strengths for _, strengths in tries))
        found: dict[Symbol, list[Track]] = {}
        for ways in space.list_ways(numbers, tried, values):
            here = [values[number.symbol] for number in ways.numbers]
            placed = _place_tries([place for place, _ in tries], models - space.read_weights(ways.model, values), ways.ways, here)
            for number, places in zip(ways.numbers, placed, strict=True):
                if len(places) >= _FEWEST or len(places) == len(tries) > 1:
                    found.setdefault(number.symbol, []).append(Track(sweep, number, ways.model, places))
        return tuple(_choose_track(found[number.symbol]) for number in numbers if number.symbol in found)


def _choose_track(tracks: Sequence[Track]) -> Track:
    return sorted(tracks, key=lambda track: (track.model == track.number.symbol.node, len(track.places)))[-1]


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


@dataclass(frozen=True)
class _Ways:
    """Hold how a model moves with some numbers, each by itself."""

    model: NodeId
    numbers: tuple[LiveNumber, ...]
    ways: Floats
    """(numbers, cells)."""


class _Latest(Generic[Found]):
    """Hold what was worked out last, for as long as it is asked for again."""

    def __init__(self) -> None:
        self._latest: tuple[object, Found] | None = None

    def find(self, key: object, make: Callable[[], Found]) -> Found:
        """Return what belongs to a key; it is made where another was asked for last."""
        if self._latest is None or self._latest[0] != key:
            self._latest = (key, make())
        return self._latest[1]


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
        self._weights = _Latest[Floats]()
        self._tried = defaultdict[tuple[NodeId, ...], _Latest[Floats]](_Latest)
        """By the vectors that a search tried."""
        self._ways = defaultdict[tuple[NodeId, ...], _Latest[tuple[_Ways, ...]]](_Latest)
        """The same."""

    def read_weights(self, node: NodeId, values: Mapping[Symbol, float]) -> Floats:
        """Return (cells): a node's weights at some numbers."""
        weights = self._weights.find(_name_known(values, values), lambda: self._evaluator.evaluate(values))
        return weights[:, self.rows[node]].ravel()

    def list_ways(self, numbers: tuple[LiveNumber, ...], tried: _Tried, values: Mapping[Symbol, float]) -> tuple[_Ways, ...]:
        """Return how each drawn model moves with those numbers that it follows, but not those that what a search tried follows, too.

        Of what a kernel (TIES, DARE …) makes of a number the weights tell nothing, but then what was tried has no part in the kernel.
        """
        # A way from a number to a model passes the number's node once, so that none of its numbers is multiplied by another one.
        others = values.keys() - {number.symbol for number in numbers}
        key = (numbers, tried, _name_known(values, others))
        return self._ways[tried.vectors].find(key, lambda: tuple(self._find_ways(numbers, tried, values)))

    def make_tried(self, tried: _Tried, values: Mapping[Symbol, float], strengths: tuple[tuple[float, ...], ...]) -> Floats:
        """Return (T, cells): the models that a search made at T sets of strengths; one strength holds for all vectors."""
        at = _name_known(values, self._follow(tried))
        return self._tried[tried.vectors].find((tried.base, at, strengths), lambda: self._add_up(tried, values, strengths))

    def _find_ways(self, numbers: tuple[LiveNumber, ...], tried: _Tried, values: Mapping[Symbol, float]) -> Iterator[_Ways]:
        measured = self._follow(tried)
        slopes = {number: self._evaluator.slope(values, number.symbol) for number in numbers if number.symbol not in measured}
        for row, node in enumerate(self._family.nodes):
            own = tuple(number for number in slopes if number.symbol in self._symbols[row])
            if own and node.kind is PortKind.CHECKPOINT and node.node in tried.drawn:
                yield _Ways(node.node, own, np.stack([slopes[number][:, row].ravel() for number in own]))

    def _follow(self, tried: _Tried) -> frozenset[Symbol]:
        """Return the numbers that what a search tried follows."""
        return frozenset[Symbol]().union(*(self._symbols[self.rows[node]] for node in tried.nodes))

    def _add_up(self, tried: _Tried, values: Mapping[Symbol, float], strengths: Sequence[tuple[float, ...]]) -> Floats:
        vectors = np.stack([self.read_weights(vector, values) for vector in tried.vectors])
        each = np.array([one if len(one) == len(vectors) else one * len(vectors) for one in strengths])
        return self.read_weights(tried.base, values) + each @ vectors


def _name_known(values: Mapping[Symbol, float], symbols: Collection[Symbol]) -> Mapping[Symbol, float]:
    """Return some numbers, those that are known: NaN is not equal to itself."""
    return {symbol: value for symbol in symbols if not math.isnan(value := values.get(symbol, math.nan))}


def _place_tries(places: Sequence[float], apart: Floats, ways: Floats, here: Sequence[float]) -> Iterator[Mapping[float, float]]:
    """Give for each number, by place, the numbers that make what was tried there; what is not known is nowhere.

    Args:
        places: of the tries.
        apart: (T, cells): what was tried without the model as it is.
        ways: (numbers, cells): how the model moves with each number.
        here: what the numbers are.
    """
    squares, lengths = (ways**2).sum(axis=1), np.abs(apart).max(axis=1, initial=0.0)
    steps = apart @ ways.T / np.where(squares > 0, squares, np.nan)
    # What lies on a way is as long as its step along it, which leaves few to be looked at cell by cell.
    beside = (apart**2).sum(axis=1)[:, None] - steps**2 * squares
    for index, (way, number) in enumerate(zip(ways, here, strict=True)):
        bound = _ROUNDING * np.maximum(np.maximum(lengths, abs(number) * np.abs(way).max(initial=0.0)), 1)
        near = np.flatnonzero(beside[:, index] <= _NEAR * (1 + lengths**2))
        is_on = np.abs(apart[near] - steps[near, index, None] * way).max(axis=1, initial=0.0) <= bound[near]
        yield _sort_places(places, near[is_on], np.round(steps[:, index] + number, 9) + 0.0)


def _sort_places(places: Sequence[float], tries: Iterable[int], numbers: Floats) -> Mapping[float, float]:
    found: dict[float, float] = {}
    for index in tries:
        # Of one model that was tried twice the first figures stand.
        found.setdefault(float(numbers[index]), places[index])
    return {place: number for number, place in sorted(found.items())}


def _list_tries(sweep: Sweep) -> list[tuple[float, tuple[float, ...]]]:
    """Return (place on the sweep's axis, strengths) of everything that was tried."""
    places = _list_places(sweep)
    if not sweep.vector_names:
        return [(place, (place,)) for place in places]
    return [(place, trial.strengths) for place, trial in zip(places, sweep.trials, strict=False)]


def _list_places(sweep: Sweep) -> list[float]:
    return sorted({place for curve in sweep.curves for place, _ in curve.points})
