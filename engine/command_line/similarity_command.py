"""`weightloom similarity`: compare fine-tuned checkpoints by the task vectors that lead to them."""

from __future__ import annotations

import argparse
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from engine import Document, check
from engine.adapter_bases import is_adapter
from engine.command_line.console import Console
from engine.command_line.event_json import write_record
from engine.command_line.exit_status import ExitStatus
from engine.command_line.interrupts import stop_on_interrupt
from engine.command_line.problem_lines import tell_problems
from engine.command_line.progress_lines import ProgressLines
from engine.command_line.similarity_figures import gather_figures
from engine.command_line.similarity_lines import describe_similarity
from engine.document.edits import add_node, connect
from engine.document.model import Node, NodeId, PortRef, Wire
from engine.errors import EngineError
from engine.events import Event
from engine.execution.gram_comparison import compare_checkpoints
from engine.execution.stop import Stop
from engine.planning.options import RunOptions
from engine.planning.plan import Plan
from engine.problems import Problem
from engine.report.wording import write_count
from engine.training_folder import holds_series

_BASE = NodeId("base")
_SIMILARITY = NodeId("similarity")
_MISFIT_HINT = "Compare checkpoints that have the same tensors as their base; weightloom inspect tells how these differ."


def compare_vectors(chosen: argparse.Namespace, console: Console) -> ExitStatus:
    """Measure the similarities of task vectors.

    Raises:
        EngineError: a checkpoint can't be read.
    """
    document = draw_similarity_graph(chosen.base, chosen.tuned, per_layer=chosen.per_layer)
    # Nothing is exported, so nothing needs the fingerprints that an export carries.
    verdict = check(document, Path.cwd(), RunOptions(fingerprints=False))
    tell_problems([_advise(problem) for problem in verdict.problems], console)
    if verdict.plan is None:
        return ExitStatus.PROBLEMS
    _tell_series(verdict.plan, name_sources(chosen.tuned), console)
    stop = Stop()
    with stop_on_interrupt(stop):
        try:
            found = compare_checkpoints(verdict.plan, _ignore if chosen.json else ProgressLines(console), stop)
        except EngineError:
            if not stop.is_requested():
                raise
            console.tell("The comparison was stopped. What was measured is kept for the next one.")
            return ExitStatus.INTERRUPTED
    for note in found.measured.table.notes:
        console.tell(note)
    if not found.record.entries:
        console.tell("No tensor holds floating-point numbers: there is nothing to compare.")
    elif found.measured.is_from_cache:
        console.tell("These checkpoints were measured before: the figures come from the cache, and nothing was read.")
    for line in [write_record(gather_figures(found.record))] if chosen.json else describe_similarity(found.record):
        console.say(line)
    return ExitStatus.DONE


def _ignore(event: Event) -> None:
    """Tell nothing of the progress: a program reads the figures alone."""


def _advise(problem: Problem) -> Problem:
    """Return a problem with advice that fits the command: the user drew no node whose policy could be changed."""
    return replace(problem, node="", field="", hint=_MISFIT_HINT) if problem.field == "misfit" else problem


def _tell_series(plan: Plan, names: Sequence[str], console: Console) -> None:
    """Say which of the folders are series."""
    for number, name in enumerate(names, 1):
        members = plan.resolved.expansion.series.get(NodeId(f"tuned_{number}"), ())
        if members:
            console.tell(f"{name} is read as a series of {write_count(len(members), 'checkpoint')}; whatever else lies there is left out.")


def draw_similarity_graph(base: str, tuned: Sequence[str], *, per_layer: bool) -> Document:
    """Return the graph that compares the task vectors of fine-tuned checkpoints with a base.

    A training's output folder is a series, a LoRA adapter the task vector itself.
    """
    # The names belong to the vectors, which the figures are of; a name that two nodes share would be told with their ids.
    document = add_node(
        Document(title="Similarity"), _BASE, Node("checkpoint", {"source": base}, label=f"checkpoint {name_sources([base])[0]}")
    )
    document = add_node(document, _SIMILARITY, Node("similarity", {"per_layer": per_layer}))
    for number, (source, name) in enumerate(zip(tuned, name_sources(tuned), strict=True), 1):
        checkpoint, vector = NodeId(f"tuned_{number}"), NodeId(f"vector_{number}")
        if _holds(is_adapter, source):
            document = add_node(document, vector, Node("lora_adapter", {"source": source}, label=name))
        else:
            operation = "series" if _holds(holds_series, source) else "checkpoint"
            document = add_node(document, checkpoint, Node(operation, {"source": source}, label=f"checkpoint {name}"))
            document = add_node(document, vector, Node("task_vector", label=name))
            document = connect(document, Wire(PortRef(checkpoint, "checkpoint"), PortRef(vector, "tuned")))
        document = connect(document, Wire(PortRef(_BASE, "checkpoint"), PortRef(vector, "base")))
        document = connect(document, Wire(PortRef(vector, "vector"), PortRef(_SIMILARITY, "vectors")))
    return document


def _holds(kind: Callable[[Path], bool], source: str) -> bool:
    try:
        return kind(Path(source))
    except (OSError, ValueError, EngineError):
        # Whatever it is, it is read as a checkpoint, and said to be none then.
        return False


def name_sources(sources: Sequence[str]) -> list[str]:
    """Return the last part of each source, or the whole of it where two would have the same name; one given again has a number, too."""
    ends = [re.split(r"[/\\]", source.rstrip("/\\"))[-1] or source for source in sources]
    different = {(end, source) for end, source in zip(ends, sources, strict=True)}
    shared = Counter(end for end, _ in different)
    names = [end if shared[end] == 1 else source for end, source in zip(ends, sources, strict=True)]
    earlier = [names[:number].count(name) for number, name in enumerate(names)]
    return [f"{name} ({count + 1})" if count else name for name, count in zip(names, earlier, strict=True)]
