"""`weightloom run`: check and plan a graph, run it, and say what was written where."""

from __future__ import annotations

import argparse
from pathlib import Path

from engine import Document, Plan, RunOptions, Verdict, check, fetch, open_document, run
from engine.catalogue import catalogue
from engine.command_line.arguments import read_options
from engine.command_line.console import Console
from engine.command_line.event_json import write_event
from engine.command_line.exit_status import ExitStatus, UsageError
from engine.command_line.interrupts import stop_on_interrupt
from engine.command_line.overrides import apply_overrides
from engine.command_line.problem_lines import say_problems, tell_problems
from engine.command_line.progress_lines import ProgressLines
from engine.command_line.result_lines import say_result
from engine.document.model import NodeId
from engine.errors import CheckpointError, EngineError
from engine.events import Event, Listener, RunFailed
from engine.execution.stop import Stop
from engine.problems import Severity


def run_file(chosen: argparse.Namespace, console: Console) -> ExitStatus:
    """Run a `.loom` file.

    Raises:
        UsageError: an option does not fit the graph.
        EngineError: what failed.
    """
    try:
        plan = _plan_file(chosen, console)
    except EngineError as failure:
        if chosen.json:
            place = failure.location
            console.say(write_event(RunFailed(str(failure), place.node, place.tensor, place.path)))
        raise
    if plan is None:
        return ExitStatus.PROBLEMS
    return _run_plan(plan, console, as_json=chosen.json)


def _plan_file(chosen: argparse.Namespace, console: Console) -> Plan | None:
    path: Path = chosen.file
    document = apply_overrides(open_document(path), chosen.set)
    options = read_options(chosen)
    _check_output(document, options)
    verdict = check(document, path.absolute().parent, options)
    if _waits_for_hub(document, verdict):
        _fetch(document, verdict, _write_events(console) if chosen.json else ProgressLines(console))
        verdict = check(document, path.absolute().parent, options)
    (say_problems if chosen.json else tell_problems)(verdict.problems, console)
    return verdict.plan


def _waits_for_hub(document: Document, verdict: Verdict) -> bool:
    """Tell whether nothing stops the run but sources on the Hub: nobody waits for a download to hear of another mistake."""
    errors = [problem for problem in verdict.problems if problem.severity is Severity.ERROR]
    return bool(errors) and all(problem.field == "source" and _is_on_hub(document, problem.node) for problem in errors)


def _is_on_hub(document: Document, node: str) -> bool:
    found = document.nodes.get(NodeId(node))
    return found is not None and str(found.parameters.get("source")).startswith("hub:")


def _fetch(document: Document, verdict: Verdict, listener: Listener) -> None:
    try:
        fetch(document, listener)
    except CheckpointError as failure:
        if not any(failure.fact in problem.message for problem in verdict.problems):
            raise


def _check_output(document: Document, options: RunOptions) -> None:
    """Refuse `--output` for a graph in which it could mean none or several of the outputs."""
    if options.output is None:
        return
    known = catalogue()
    outputs = [
        name
        for name, node in document.nodes.items()
        if node.operation in known and not known[node.operation].outputs and not node.muted and known[node.operation].parameter("folder")
    ]
    if len(outputs) > 1:
        message = (
            f"--output stands for one folder, and the graph writes {len(outputs)} ({', '.join(outputs)}): mute all but one, or use --set"
        )
        raise UsageError(message)
    if not outputs:
        message = "--output names a folder, and the graph has no output that is not muted"
        raise UsageError(message)


def _run_plan(plan: Plan, console: Console, *, as_json: bool) -> ExitStatus:
    stop = Stop()
    listener = _write_events(console) if as_json else ProgressLines(console)
    with stop_on_interrupt(stop):
        try:
            result = run(plan, listener, stop)
        except EngineError:
            if not stop.is_requested():
                raise
            kept = "What it had begun is kept; --resume goes on from there." if plan.options.keep_partial else "Nothing was written."
            console.tell(f"The run was stopped. {kept}")
            return ExitStatus.INTERRUPTED
    if not as_json:
        say_result(result, console)
    return ExitStatus.DONE


def _write_events(console: Console) -> Listener:
    def write(event: Event) -> None:
        console.say(write_event(event))

    return write
