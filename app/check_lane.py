"""Lane one of the engine thread: checks, made without torch in a thread of the window's process."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from app.live_absences import Lack, find_lacks
from engine.document.model import Document, NodeId
from engine.errors import EngineError
from engine.planning.check import Verdict, check_document
from engine.planning.live_model import LiveModel, make_live_model
from engine.planning.options import RunOptions
from engine.planning.resolve import Resolved
from engine.problems import Problem, error

_PATIENCE_SECONDS = 5.0
FileTimes = tuple[tuple[str, int, int], ...]
"""Path, size and time of change (ns) of each file."""


@dataclass(frozen=True)
class CheckTask:
    """Ask for the check of a document."""

    revision: int
    document: Document
    folder: Path
    options: RunOptions


@dataclass(frozen=True)
class AdapterFacts:
    """Hold what there is to know of an adapter."""

    settings: tuple[str, ...]
    """Rank, alpha and the like, as people name them."""
    tensors: int
    """Of the base, that it changes."""


@dataclass(frozen=True)
class CheckSummary:
    """Hold what a check found out."""

    problems: tuple[Problem, ...]
    """Those that stop a run first."""
    formulas: Mapping[NodeId, str]
    """Per output and search the normal form of what it writes; empty unless the graph can run, as all that follows."""
    parameters: Mapping[NodeId, int]
    """Per checkpoint and adapter the number of entries that its files hold."""
    bytes_read: int = 0
    bytes_written: int = 0
    peak_bytes: int = 0
    targets: Mapping[NodeId, Path] | None = None
    """Per output the folder it will write; None unless the graph can run."""
    live: LiveModel | None = None
    """The weights of every node whose structure is sound as functions of the live numbers, also where the graph can't run."""
    files: Mapping[NodeId, FileTimes] = field(default_factory=dict[NodeId, FileTimes])
    """Per checkpoint that is read what its files looked like: other files, other figures."""
    adapters: Mapping[NodeId, AdapterFacts] = field(default_factory=dict[NodeId, "AdapterFacts"])
    """Per adapter that fits its base what it is."""
    steps: Mapping[NodeId, tuple[int, ...]] = field(default_factory=dict[NodeId, tuple[int, ...]])
    """Per series the numbers of its checkpoints that can be read, in their order; none where no one can."""
    lacks: Mapping[NodeId, Lack] = field(default_factory=dict[NodeId, Lack])
    """Per node that can be read and is in no family why."""
    titles: Mapping[NodeId, str] = field(default_factory=dict[NodeId, str])
    """What nodes are called, also those that a series was written out to."""


@dataclass(frozen=True)
class Checked:
    """Answer a CheckTask."""

    revision: int
    summary: CheckSummary


@dataclass(frozen=True)
class Broken:
    """Say that a check met a fault of Weightloom's own."""

    trace: str


Answer = Checked | Broken


class CheckLane:
    """Check one document after the other in a thread; one that a later one has overtaken is not begun."""

    def __init__(self, post: Callable[[Answer], None]) -> None:
        """Start the thread; `post` takes each answer, in that thread."""
        self._post = post
        self._waiting: CheckTask | None = None
        self._waking = threading.Condition()
        self._is_closed = False
        self._thread = threading.Thread(target=self._serve, name="checks", daemon=True)
        self._thread.start()

    def ask(self, task: CheckTask) -> None:
        """Check a document next, in the place of one that has not begun."""
        with self._waking:
            self._waiting = task
            self._waking.notify_all()

    def close(self) -> None:
        """Let go of what waits, and wait for what is being done; after that nothing is posted."""
        with self._waking:
            self._is_closed = True
            self._waking.notify_all()
        self._thread.join(_PATIENCE_SECONDS)

    def _serve(self) -> None:
        while (task := self._await_task()) is not None:
            answer = _do_task(task)
            with self._waking:
                if not self._is_closed:
                    self._post(answer)

    def _await_task(self) -> CheckTask | None:
        with self._waking:
            self._waking.wait_for(lambda: self._waiting is not None or self._is_closed)
            task, self._waiting = self._waiting, None
            return None if self._is_closed else task


def _do_task(task: CheckTask) -> Answer:
    try:
        return Checked(task.revision, _check(task))
    except Exception:  # noqa: BLE001  (a fault of ours must not end the lane; the window shows it)
        return Broken(traceback.format_exc())


def _check(task: CheckTask) -> CheckSummary:
    try:
        return summarise_verdict(check_document(task.document, task.folder, task.options))
    except EngineError as failure:
        location = failure.location
        return CheckSummary((error(failure.fact, failure.remedy, node=location.node),), formulas={}, parameters={})


def summarise_verdict(verdict: Verdict) -> CheckSummary:
    """Return what the window shows of a verdict; the plan itself is large and stays behind."""
    plan, resolved = verdict.plan, verdict.resolved
    model = make_live_model(resolved)
    live = CheckSummary(
        verdict.problems,
        formulas={},
        parameters={},
        live=model,
        files={node: _stamp_files(resolved, node) for node in resolved.sources},
        adapters={
            node: AdapterFacts(source.settings, len(source.header.tensors))
            for node, source in resolved.sources.items()
            if source.adapts is not None
        },
        steps=_list_steps(resolved),
        lacks=find_lacks(resolved, model),
        titles={node: resolved.title(node) for node in resolved.values},
    )
    if plan is None:
        return live
    sources = plan.resolved.sources
    return replace(
        live,
        formulas=plan.formulas,
        parameters={node: source.header.parameters for node, source in sources.items()},
        bytes_read=plan.bytes_read,
        bytes_written=plan.bytes_written,
        peak_bytes=plan.peak_bytes,
        targets=plan.targets,
    )


def _list_steps(resolved: Resolved) -> dict[NodeId, tuple[int, ...]]:
    lists = resolved.expansion.series.items()
    found = {node: tuple(member.entry.number for member in members if member.node in resolved.sources) for node, members in lists}
    return {node: steps for node, steps in found.items() if steps}


def _stamp_files(resolved: Resolved, node: NodeId) -> FileTimes:
    return tuple((str(stamp.path), stamp.size_bytes, stamp.modified_ns) for stamp in resolved.sources[node].header.files)
