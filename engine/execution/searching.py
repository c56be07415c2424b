"""Run a strength search: measure strengths on validation data, choose by the rule, measure test data once at the choice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import get_args

from engine.evaluation.measurement import Measurement
from engine.events import Listener
from engine.execution.measuring import Measurer
from engine.execution.result import SearchPoint, SearchRecord
from engine.execution.search_bench import SearchBench
from engine.execution.trying import try_strengths
from engine.planning.coefficient import Strengths
from engine.planning.structure import Step
from engine.search.rules import Point, RuleName, ScoredPoint, SelectionRule, StrengthChoice, choose_strength

_RULES: Mapping[str, RuleName] = {rule: rule for rule in get_args(RuleName)}


def search_strength(step: Step, measurer: Measurer, listener: Listener) -> tuple[Strengths, SearchRecord]:
    """Return the chosen strength, or that of each vector, and the record of the search.

    Raises:
        SelectionError: no strength that was tried satisfies the rule.
        Cancelled: the user stopped the run; the best so far has been told.
        EngineError: what a measurement fails of.
    """
    bench = SearchBench(step, measurer)
    rule = _rule(bench)
    compared = bench.measure_references()
    references = bench.find_best(compared)
    points = try_strengths(bench, rule, references, listener)
    choice = choose_strength(points, rule, references)
    chosen = choice.strengths or (choice.strength,)
    best = next(point for point in points if point.place == chosen)
    validation = (*bench.record_point(points[0]), *compared, *bench.record_point(best))
    record = _record(bench, points, choice, references)
    return bench.assign(chosen), replace(record, tests=bench.measure_tests(chosen), validation=validation)


def _rule(bench: SearchBench) -> SelectionRule:
    name = _RULES[str(bench.step.parameters["rule"])]
    return SelectionRule(name, bench.read_real("keep_share"), bench.read_real("allowed_increase"))


def _record(bench: SearchBench, points: Sequence[Point], choice: StrengthChoice, references: tuple[Measurement, ...]) -> SearchRecord:
    measurer, ports, is_each = bench.measurer, bench.ports, bench.is_each
    scored = sorted(choice.points, key=lambda entry: points.index(entry.point)) if is_each else choice.points
    return SearchRecord(
        node=bench.step.id,
        rule=choice.rule.name,
        limit=choice.limit,
        is_normalized=choice.is_normalized,
        target_names=tuple(measurer.title(node) for node in ports.targets),
        control_names=tuple(measurer.title(node) for node in ports.controls),
        points=tuple(_record_point(point) for point in scored),
        chosen=float(choice.strength),
        chosen_text=choice.text,
        vector_names=tuple(measurer.title(operand.node) for operand in bench.step.inputs["vectors"]) if is_each else (),
        chosen_strengths=tuple(map(float, choice.strengths)),
        method=_name_method(bench),
        budget=bench.read_whole("budget") if is_each else 0,
        references=references,
        label=measurer.title(bench.step.id),
    )


def _name_method(bench: SearchBench) -> str:
    """Return how sets of strengths came about."""
    if not bench.is_each:
        return ""
    return str(bench.step.parameters["method"]) if bench.mode == "each" else bench.mode


def _record_point(scored: ScoredPoint) -> SearchPoint:
    point = scored.point
    return SearchPoint(
        float(point.strength), point.targets, point.controls, scored.score, scored.qualifies, tuple(map(float, point.strengths))
    )
