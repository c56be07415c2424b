"""Run a strength search: measure the grid on validation data, choose by the rule, measure test data once at the choice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import get_args

from engine.document.model import NodeId
from engine.evaluation.measurement import Measurement
from engine.execution.measuring import Measurer, Subject, best_figure
from engine.execution.result import MetricRecord, SearchPoint, SearchRecord
from engine.planning.coefficient import Symbol
from engine.planning.structure import Step
from engine.search.grid import grid
from engine.search.rules import Point, RuleName, ScoredPoint, SelectionRule, StrengthChoice, choose_strength

_RULES: Mapping[str, RuleName] = {rule: rule for rule in get_args(RuleName)}


@dataclass(frozen=True)
class SearchPorts:
    """Hold the nodes wired into a search, by port."""

    base: NodeId
    targets: tuple[NodeId, ...]
    controls: tuple[NodeId, ...]
    tests: tuple[NodeId, ...]
    references: tuple[NodeId, ...]

    @staticmethod
    def of(step: Step) -> SearchPorts:
        """Return the ports of a Strength search node."""

        def nodes(port: str) -> tuple[NodeId, ...]:
            return tuple(operand.node for operand in step.inputs[port])

        return SearchPorts(nodes("base")[0], nodes("targets"), nodes("controls"), nodes("tests"), nodes("references"))


def search_strength(step: Step, measurer: Measurer) -> tuple[Fraction, SearchRecord]:
    """Return the chosen strength and the record of the search.

    Raises:
        SelectionError: no strength in the grid satisfies the rule.
        EngineError: what a measurement fails of.
    """
    ports = SearchPorts.of(step)
    validation = (*ports.targets, *ports.controls)
    points = [_measure_point(step, ports, validation, measurer, strength) for strength in _strengths(step)]
    references = _measure_references(step, ports, measurer)
    choice = choose_strength(points, _rule(step), references)
    symbol = Symbol(step.id, "strength")
    tests = _measure_tests(step, ports, measurer, {symbol: choice.strength})
    return choice.strength, _record(step, ports, measurer, choice, tests)


def _strengths(step: Step) -> list[Fraction]:
    """Return the grid with 0, the reference, first in it."""
    found = grid(_exact(step, "start"), _exact(step, "stop"), _exact(step, "step"))
    return [Fraction(0), *(strength for strength in found if strength)]


def _rule(step: Step) -> SelectionRule:
    return SelectionRule(_RULES[str(step.parameters["rule"])], _exact(step, "keep_share"), _exact(step, "allowed_increase"))


def _measure_point(step: Step, ports: SearchPorts, sets: Sequence[NodeId], measurer: Measurer, strength: Fraction) -> Point:
    if strength:
        subject = Subject(step.id, "edited", measurer.title(step.id))
        figures = measurer.measure(subject, sets, step, {Symbol(step.id, "strength"): strength})
    else:
        figures = measurer.measure(measurer.subject(ports.base, "base"), sets, step, {})
    first = tuple(found[0] for _, found in figures)
    return Point(strength, first[: len(ports.targets)], first[len(ports.targets) :])


def _measure_references(step: Step, ports: SearchPorts, measurer: Measurer) -> tuple[Measurement, ...]:
    """Return, per target, the figure of the reference that is best at it."""
    rows = [measurer.measure(measurer.subject(node, "reference"), ports.targets, step, {}) for node in ports.references]
    columns = [[row[index][1][0] for row in rows] for index in range(len(ports.targets))]
    return tuple(best for column in columns if (best := best_figure(column)) is not None)


def _measure_tests(step: Step, ports: SearchPorts, measurer: Measurer, strengths: dict[Symbol, Fraction]) -> tuple[MetricRecord, ...]:
    subjects = [measurer.subject(ports.base, "base"), *(measurer.subject(node, "reference") for node in ports.references)]
    rows = [(subject, measurer.measure(subject, ports.tests, step, {})) for subject in subjects]
    edited = Subject(step.id, "edited", measurer.title(step.id))
    rows.append((edited, measurer.measure(edited, ports.tests, step, strengths)))
    return tuple(measurer.record(subject, node, figure) for subject, figures in rows for node, found in figures for figure in found)


def _record(step: Step, ports: SearchPorts, measurer: Measurer, choice: StrengthChoice, tests: tuple[MetricRecord, ...]) -> SearchRecord:
    return SearchRecord(
        node=step.id,
        rule=choice.rule.name,
        limit=choice.limit,
        is_normalized=choice.is_normalized,
        target_names=tuple(measurer.title(node) for node in ports.targets),
        control_names=tuple(measurer.title(node) for node in ports.controls),
        points=tuple(_record_point(point) for point in choice.points),
        chosen=float(choice.strength),
        chosen_text=choice.text,
        tests=tests,
    )


def _record_point(scored: ScoredPoint) -> SearchPoint:
    point = scored.point
    return SearchPoint(float(point.strength), point.targets, point.controls, scored.score, scored.qualifies)


def _exact(step: Step, name: str) -> Fraction:
    value = step.parameters[name]
    return value if isinstance(value, Fraction) else Fraction(0)
