"""Everything that is wrong with a document, at once, and the plan of its run where nothing is."""

from __future__ import annotations

import gc
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from engine.document.model import SETTING_CHOICES, Document, NodeId
from engine.operation import PortKind, Sink, Source
from engine.planning.coefficient import ONE, ZERO
from engine.planning.form_text import format_coefficient
from engine.planning.formula import group_forms
from engine.planning.measurements import check_measurements
from engine.planning.options import RunOptions
from engine.planning.pass_costs import PassPlan, check_budget, plan_passes
from engine.planning.paths import find_path, is_file
from engine.planning.plan import Plan, PlanDraft, make_plan
from engine.planning.resolve import Resolved, resolve_values
from engine.planning.series import expand_series
from engine.planning.structure import Graph, read_graph
from engine.planning.targets import check_space, check_targets, find_targets
from engine.problems import Problem, Severity, error, stops_a_run


@dataclass(frozen=True)
class Verdict:
    """Hold the problems of a document, and its plan when none of them stops a run."""

    problems: tuple[Problem, ...]
    plan: Plan | None
    resolved: Resolved
    """What of the graph is sound, whatever stops the run of the rest."""


def check_document(document: Document, folder: Path, options: RunOptions | None = None) -> Verdict:
    """Check a document and plan its run; reads headers and names, never tensors (but see `tied`).

    Args:
        document: the graph.
        folder: what relative paths count from: the folder of the `.loom` file.
        options: what the caller decides; the defaults of `weightloom run` without.
    """
    with _uncollected():
        return _check(document, folder, options or RunOptions())


def _check(document: Document, folder: Path, options: RunOptions) -> Verdict:
    expansion, found = expand_series(document, folder)
    graph, problems = read_graph(expansion.document)
    problems += graph.weigh_problems(found)
    problems += _check_settings(document)
    problems += _check_metric_files(graph, folder)
    resolved, found = resolve_values(graph, folder, expansion)
    problems += found
    problems += check_measurements(resolved, folder)
    targets, found = find_targets(graph, folder, options)
    problems += [*found, *check_targets(resolved, targets, folder, options)]
    if stops_a_run(problems) or not _is_complete(resolved):
        return Verdict(_in_order(expansion.name_own_nodes(problems)), None, resolved)
    passes = plan_passes(resolved, folder, options)
    problems += check_budget(passes.passes, options)
    problems += check_space(targets, {node: _export_bytes(passes, node) for node in targets})
    if stops_a_run(problems):
        return Verdict(_in_order(expansion.name_own_nodes(problems)), None, resolved)
    for step in resolved.graph.steps.values():
        if isinstance(step.behaviour, Sink):
            _hold_to_law(passes, passes.planner.sink_value(step.id))
    draft = PlanDraft(document, folder, options, resolved, targets)
    told = expansion.name_own_nodes(problems)
    return Verdict(_in_order(told), make_plan(draft, passes, tuple(told)), resolved)


@contextmanager
def _uncollected() -> Generator[None]:
    """Keep the garbage collector from walking, again and again, over the small records that a check makes: none is a cycle."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _export_bytes(passes: PassPlan, node: NodeId) -> int:
    return sum(tensor.size_bytes for tensor in passes.planner.output_tensors(node))


def _hold_to_law(passes: PassPlan, node: NodeId) -> None:
    """Hold what is written to the planner's invariant: over checkpoints the weights of a model sum to 1, those of a vector to 0.

    Raises:
        RuntimeError: the planner is at fault, and what it planned must not be written.
    """
    folding = passes.planner.folding
    wanted = ONE if folding.resolved.values[node].kind is PortKind.CHECKPOINT else ZERO
    for form, tensors in group_forms(folding, node).items():
        if form.checkpoint_sum() != wanted:
            found = format_coefficient(form.checkpoint_sum(), folding.resolved.title) or "0"
            message = (
                f"internal error: at {node} the checkpoints' weights sum to {found} instead of {wanted.number} in {', '.join(tensors[:3])}"
            )
            raise RuntimeError(message)


def _check_settings(document: Document) -> list[Problem]:
    problems: list[Problem] = []
    for name, choice in document.settings.unknown_choices().items():
        known = ", ".join(SETTING_CHOICES[name])
        problems.append(
            error(f"The graph's setting {name} is “{choice}”, which this version does not know.", f"It can be {known}.", field=name)
        )
    return problems


def _check_metric_files(graph: Graph, folder: Path) -> list[Problem]:
    """Return a problem for every CSV of metrics measured elsewhere that is not there."""
    problems: list[Problem] = []
    for step in graph.steps.values():
        if step.behaviour == Source("metrics"):
            path = find_path(folder, str(step.parameters["source"]))
            if not is_file(path):
                problems.append(error(f"There is no file {path}.", "Point to a CSV of metrics.", node=step.id, field="source"))
    return graph.weigh_problems(problems)


def _is_complete(resolved: Resolved) -> bool:
    """Tell whether every node that something depends on has come through: one that has not had a problem of its own."""
    return all(node in resolved.graph.steps for node in resolved.graph.needed)


def _in_order(problems: list[Problem]) -> tuple[Problem, ...]:
    """Return each problem once, those that stop a run first."""
    return tuple(sorted(dict.fromkeys(problems), key=lambda problem: problem.severity is not Severity.ERROR))
