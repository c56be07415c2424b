"""Run a plan and publish it: the report goes into every staged folder before the folder becomes the target."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from engine.checkpoints.provenance import RECIPE_NAME
from engine.checkpoints.recipe_paths import rebase_recipe
from engine.errors import EngineError, SelectionError
from engine.events import Listener, RunCancelled, RunFailed, RunFinished
from engine.execution.outputs import Output
from engine.execution.result import OutputRecord, RunResult
from engine.execution.run import Execution
from engine.execution.stop import Stop
from engine.execution.summary import summarise
from engine.planning.plan import Plan
from engine.report.render import render_html, render_json, render_model_card


def run_plan(plan: Plan, listener: Listener, stop: Stop) -> RunResult:
    """Run a plan to its end: every output folder whole, with its report, or absent.

    Args:
        plan: from `check_document`.
        listener: told what happens while it happens, one event at a time, from several threads.
        stop: the user's wish to stop.

    Returns:
        What was found and written.

    Raises:
        EngineError: what failed; Cancelled when the user stopped; SelectionError when no strength qualified, after
            everything that does not hang on it was written.
    """
    try:
        return _run(plan, listener, stop)
    except EngineError as failure:
        listener(RunCancelled() if stop.is_requested() else _describe_failure(failure))
        raise


def _run(plan: Plan, listener: Listener, stop: Stop) -> RunResult:
    execution = Execution(plan, listener, stop)
    try:
        findings = execution.run()
        with execution.settle_on_failure():
            result = _publish(execution, summarise(execution))
        execution.commit()
    finally:
        execution.close()
    folders = tuple(output.folder for output in result.outputs)
    conditions = result.conditions
    if findings.failures:
        raise _join_failures(tuple(findings.failures.values()))
    listener(RunFinished(folders, conditions.seconds, conditions.bytes_read, conditions.bytes_written, conditions.peak_bytes))
    return result


def _publish(execution: Execution, result: RunResult) -> RunResult:
    records = {record.node: record for record in result.outputs}
    published: dict[str, OutputRecord] = {}
    for node, output in execution.outputs.by_node.items():
        plan = execution.plan
        output.write_small(RECIPE_NAME, rebase_recipe(plan.recipe, plan.folder, plan.targets[node]).encode())
        record = dataclasses.replace(records[node], files=tuple(output.files))
        published[node] = _write_report(dataclasses.replace(result, outputs=_with(result, record)), record, output)
    return dataclasses.replace(result, outputs=tuple(published.values()))


def _write_report(result: RunResult, record: OutputRecord, output: Output) -> OutputRecord:
    """Write report, card and finally report.json, which lists every file of the folder but itself."""
    for name, text in (("README.md", render_model_card(result, record)), ("report.html", render_html(result, record))):
        output.write_small(name, text.encode())
    listed = dataclasses.replace(record, files=tuple(output.files))
    output.write_small("report.json", render_json(dataclasses.replace(result, outputs=_with(result, listed)), listed).encode())
    return dataclasses.replace(record, files=tuple(output.files))


def _with(result: RunResult, record: OutputRecord) -> tuple[OutputRecord, ...]:
    return tuple(record if other.node == record.node else other for other in result.outputs)


def _join_failures(failures: Sequence[SelectionError]) -> SelectionError:
    """Return one failure that tells all of them, each with its search."""
    if len(failures) == 1:
        return failures[0]
    fact = " ".join(f"“{failure.location.node}”: {failure.fact}" for failure in failures)
    return SelectionError(fact, " ".join(dict.fromkeys(failure.remedy for failure in failures)))


def _describe_failure(failure: EngineError) -> RunFailed:
    place = failure.location
    return RunFailed(str(failure), place.node, place.tensor, place.path)
