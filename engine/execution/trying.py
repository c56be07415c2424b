"""Try strengths: those of a grid for all vectors, or one for each as a method proposes them, or those of every pair or subset."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import inf

from engine.document.model import NodeId
from engine.errors import Cancelled, SelectionError
from engine.evaluation.measurement import Measurement
from engine.events import Listener, StrengthChosen, StrengthTried
from engine.execution.search_bench import SearchBench
from engine.search.proposals import METHODS, MethodName, propose
from engine.search.rules import Point, SelectionRule, choose_strength, rate_point, score_points
from engine.search.subsets import spread_strengths

_METHODS: Mapping[str, MethodName] = {method: method for method in METHODS}


def try_strengths(bench: SearchBench, rule: SelectionRule, references: Sequence[Measurement], listener: Listener) -> list[Point]:
    """Return what was measured, the base first, in the order in which it was tried.

    Raises:
        SelectionError: the rule can't be applied to what was measured of the base.
        Cancelled: the user stopped the run; the best so far has been told.
        EngineError: what a measurement fails of.
    """
    points: list[Point] = []
    teller = _Teller(bench.step.id, rule, references, listener)
    try:
        for point in _try_proposals(bench, rule, references) if bench.is_each else _try_grid(bench):
            points.append(point)
            teller.tell(points[0], point)
    except Cancelled:
        _tell_best(bench, points, rule, references, listener)
        raise
    return points


def _try_grid(bench: SearchBench) -> Iterator[Point]:
    yield bench.measure_point((Fraction(0),))
    for strength in bench.strengths():
        if strength:
            yield bench.measure_point((strength,))


def _try_proposals(bench: SearchBench, rule: SelectionRule, references: Sequence[Measurement]) -> Iterator[Point]:
    grid, vectors = bench.strengths(), len(bench.symbols)
    base = bench.measure_point((Fraction(0),) * vectors)
    yield base
    if bench.mode != "each":
        for strengths in spread_strengths(bench.mode, vectors, grid):
            yield bench.measure_point(strengths)
        return
    proposals = propose(_METHODS[str(bench.step.parameters["method"])], vectors, len(grid), bench.read_whole("seed"))
    places, left = next(proposals, None), bench.read_whole("budget")
    while places is not None and left:
        strengths = tuple(grid[place] for place in places)
        rating = -inf
        if any(strengths):
            point = bench.measure_point(strengths)
            yield point
            left -= 1
            rating = rate_point(score_points((base, point), rule, references)[1], rule, is_normalized=bool(references))
        try:
            places = proposals.send(rating)
        except StopIteration:
            places = None


@dataclass
class _Teller:
    """Tell of each try what the rule makes of it, and whether it is the best so far."""

    node: NodeId
    rule: SelectionRule
    references: Sequence[Measurement]
    listener: Listener
    best: tuple[Point, ...] = ()
    """The one that the rule would choose; () while it may choose none."""

    def tell(self, base: Point, point: Point) -> None:
        """Tell the latest point.

        Raises:
            SelectionError: the rule can't be applied to what was measured of the base.
        """
        scored = score_points((base, point), self.rule, self.references)[-1]
        if scored.qualifies:
            # The best so far stands for all before it.
            choice = choose_strength((base, *self.best, point), self.rule, self.references)
            self.best = tuple(each for each in (*self.best, point) if each.place == (choice.strengths or (choice.strength,)))[:1]
        self.listener(StrengthTried(self.node, tuple(map(float, point.place)), scored.qualifies, self.best == (point,)))


def _tell_best(
    bench: SearchBench, points: Sequence[Point], rule: SelectionRule, references: Sequence[Measurement], listener: Listener
) -> None:
    try:
        choice = choose_strength(points, rule, references)
    except SelectionError:
        return  # nothing qualifies yet
    listener(StrengthChosen(bench.step.id, choice.text, rule.name, is_final=False))
