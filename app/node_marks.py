"""What stands on each node: how far it is in the run, and a line of facts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from PySide6.QtCore import QCoreApplication

from app.canvas.node_state import NodeState, StateKind
from app.check_lane import CheckSummary
from app.run_progress import RunProgress, format_seconds
from engine.document.model import Document, NodeId
from engine.events import MetricMeasured

_PARAMETERS, _WRITES_TO, _CHOSEN, _ADAPTER = "Parameters", "Writes to", "Strength chosen (λ)", "Adapter"
_STEPS, _SO_FAR = "Checkpoints", "Best strength so far (λ)"
Facts = Mapping[NodeId, tuple[tuple[str, str], ...]]
"""By node: what is known of it, a name and a value each."""


def mark_nodes(document: Document, run: RunProgress | None, stale: frozenset[NodeId]) -> Mapping[NodeId, NodeState]:
    """Return the states of the nodes that a run tells of; nodes changed since then count as estimated."""
    if run is None:
        return {}
    states: dict[NodeId, NodeState] = {}
    for node_id in document.nodes:
        if node_id == run.failed_node:
            states[node_id] = NodeState(StateKind.ERROR, text=run.message)
        elif node_id in stale:
            if node_id in run.document.nodes:
                states[node_id] = NodeState(StateKind.ESTIMATED, text=_tr("changed since the last run"))
        elif node_id in run.working and not run.ending:
            left = _tr("{time} left").format(time=format_seconds(run.seconds_left)) if run.seconds_left is not None else ""
            states[node_id] = NodeState(StateKind.RUNNING, run.share, left)
        elif node_id in run.finished or run.ending == "done":
            states[node_id] = _mark_done(run, node_id)
    return states


def _mark_done(run: RunProgress, node_id: NodeId) -> NodeState:
    """Return the mark of a node whose work is over: cached, where all its figures come from earlier runs."""
    told = [event.measurement.measured_at for event in run.measured if event.node == node_id]
    if not told or not all(told):
        return NodeState(StateKind.DONE)
    days = sorted({when.partition("T")[0] for when in told})
    when = days[0] if len(days) == 1 else _tr("{first} to {last}").format(first=days[0], last=days[-1])
    return NodeState(StateKind.CACHED, text=_tr("measured {when}, nothing has changed since").format(when=when))


def gather_facts(document: Document, summary: CheckSummary | None, run: RunProgress | None, stale: frozenset[NodeId]) -> Facts:
    """Return what the check and the last run found out about each node."""
    facts: dict[NodeId, tuple[tuple[str, str], ...]] = {}
    for node_id in document.nodes:
        known: list[tuple[str, str]] = []
        if summary is not None and node_id in summary.parameters:
            known.append((_tr(_PARAMETERS), f"{summary.parameters[node_id]:,}"))
        if summary is not None and node_id in summary.steps:
            known.append((_tr(_STEPS), _tell_steps(summary.steps[node_id])))
        if summary is not None and node_id in summary.adapters:
            found = summary.adapters[node_id]
            known.append((_tr("Tensors changed"), f"{found.tensors:,}"))
            known.append((_tr(_ADAPTER), ", ".join(found.settings)))
        if summary is not None and summary.targets and node_id in summary.targets:
            known.append((_tr(_WRITES_TO), str(summary.targets[node_id])))
        if run is not None and node_id not in stale:
            known += _tell_run(run, node_id)
        facts[node_id] = tuple(known)
    return facts


def shorten_facts(facts: Facts) -> Mapping[NodeId, str]:
    """Return one line for each node, to stand on it; where a node writes to stands there anyway, as its user has typed it."""
    shown = {node_id: tuple(fact for fact in known if fact[0] != _tr(_WRITES_TO)) for node_id, known in facts.items()}
    return {node_id: _shorten(known) for node_id, known in shown.items() if known}


def _tell_steps(steps: Sequence[int]) -> str:
    return _tr("{count} ({first} to {last})").format(count=len(steps), first=f"{steps[0]:,}", last=f"{steps[-1]:,}")


def _tell_run(run: RunProgress, node_id: NodeId) -> list[tuple[str, str]]:
    known = [(_tr(_CHOSEN if chosen.is_final else _SO_FAR), chosen.strength) for chosen in run.chosen if chosen.node == node_id]
    strengths = {value for _, value in known}
    searcher = run.document.nodes.get(node_id)
    if not known and searcher is not None and searcher.operation == "strength_search":
        # What it compares with is no figure of its own, and those of what it tries are not the end.
        return []
    final = [event for event in run.measured if event.node == node_id and _is_final(event, strengths)]
    return known + [_tell_measurement(event) for event in final]


def _is_final(event: MetricMeasured, chosen: Collection[str]) -> bool:
    """Tell whether a figure is of a model that there is in the end; a search measures many more."""
    return event.strength is None or f"{event.strength:g}" in chosen


def _tell_measurement(event: MetricMeasured) -> tuple[str, str]:
    metric = event.measurement.metric.replace("_", " ")
    name = _tr("{metric} of {model} on {test_set}").format(metric=metric, model=event.checkpoint, test_set=event.test_set)
    return name, f"{event.measurement.value:.3f}"


def _shorten(known: tuple[tuple[str, str], ...]) -> str:
    # What a search has chosen says more than what it compared with.
    name, value = next((fact for fact in known if fact[0] in (_tr(_CHOSEN), _tr(_SO_FAR))), known[-1])
    if name == _tr(_PARAMETERS):
        return _tr("{count} parameters").format(count=value)
    if name == _tr(_STEPS):
        count, _, steps = value.partition(" ")
        return _tr("{count} checkpoints {steps}").format(count=count, steps=steps)
    if name == _tr(_ADAPTER):
        return value
    if name == _tr(_CHOSEN):
        return f"λ = {value}"
    if name == _tr(_SO_FAR):
        return _tr("λ = {strength} so far").format(strength=value)
    return f"{name.split(' of ')[0]} {value}"


def _tr(text: str) -> str:
    return QCoreApplication.translate("node marks", text)
