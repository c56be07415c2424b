"""The one loop over a plan's passes: it decides nothing, the plan has decided all but the strengths."""

from __future__ import annotations

import datetime
import threading
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from engine.checkpoints.fingerprints import Fingerprinter
from engine.checkpoints.positioned_io import FileSet
from engine.document.model import NodeId
from engine.errors import (
    Cancelled,
    CheckpointError,
    DeviceError,
    EngineError,
    EvaluationError,
    InputChangedError,
    NonFiniteError,
    SelectionError,
)
from engine.events import Event, Listener, NodeFinished, PassStarted, Remarked, RunStarted, StrengthChosen
from engine.execution.allocator import keep_freed_memory
from engine.execution.device import describe_device, find_device
from engine.execution.fetch import fetch_inputs
from engine.execution.kept_figures import KeptFigures
from engine.execution.measured_metrics import read_measured_metrics
from engine.execution.measuring import Measurer, Subject
from engine.execution.model_reductions import ModelReducer, ModelResults
from engine.execution.model_slot import ModelSlot
from engine.execution.outputs import Outputs
from engine.execution.peak_memory import PeakMemory
from engine.execution.pieces import Ground
from engine.execution.progress import Progress
from engine.execution.result import MetricRecord, SearchRecord, SimilarityRecord
from engine.execution.searching import search_strength
from engine.execution.similarities import SimilarityGatherer
from engine.execution.stop import Stop
from engine.execution.stream import Consumer, Stream, StreamSettings, make_tasks
from engine.loops.compiled import load_compiler
from engine.operation import Source
from engine.planning.coefficient import Strengths
from engine.planning.costs import cost_stream
from engine.planning.figure_counts import count_new_figures
from engine.planning.passes import MeasurePass, SearchPass, StreamPass
from engine.planning.paths import find_path
from engine.planning.plan import Plan
from engine.planning.work import TensorWork, WorkPlanner
from engine.similarity.gram_table import GramTable

_MEETS_AGAIN = (Cancelled, NonFiniteError, InputChangedError, EvaluationError, CheckpointError, DeviceError)
"""Failures that a second try would meet again, and the user's own stop: nothing is kept for it."""


@dataclass
class Findings:
    """Gather what a run finds, until it is told as a RunResult."""

    metrics: dict[NodeId, tuple[MetricRecord, ...]] = field(default_factory=dict[NodeId, tuple[MetricRecord, ...]])
    searches: dict[NodeId, SearchRecord] = field(default_factory=dict[NodeId, SearchRecord])
    similarities: dict[NodeId, SimilarityRecord] = field(default_factory=dict[NodeId, SimilarityRecord])
    tables: dict[NodeId, GramTable] = field(default_factory=dict[NodeId, GramTable])
    """Per Similarity node the sums that its record follows from."""
    failures: dict[NodeId, SelectionError] = field(default_factory=dict[NodeId, SelectionError])
    """Searches of which no strength qualified: what hangs on them is not written."""
    notices: list[str] = field(default_factory=list[str])
    """Fallbacks and resumed stagings, as sentences."""
    fingerprints: Mapping[Path, str] = field(default_factory=dict[Path, str])


class Execution:
    """Run a plan up to the point where its files lie staged and whole; the caller adds the report and commits."""

    def __init__(self, plan: Plan, listener: Listener, stop: Stop) -> None:
        """Fetch what lies on the Hub, open the inputs and find the device; nothing is read or written yet.

        Raises:
            DeviceError: the device is not there.
            EngineError: as `fetch_inputs`.
        """
        load_compiler()
        plan = replace(plan, inputs=fetch_inputs(plan, listener, stop.is_requested))
        self.plan = plan
        self.device = find_device(plan.options.device)
        self.findings = Findings()
        self._listener = listener = _serialised(listener)
        self.outputs = Outputs(plan, listener)
        self.files = FileSet(plan.inputs)
        self.started_at = datetime.datetime.now().astimezone()
        planned = [item.bytes_read + item.bytes_written for item in plan.passes]
        figures = count_new_figures([item.work for item in plan.passes], plan.resolved, plan.folder)
        self.progress = Progress(self.files, lambda: self.outputs.bytes_written, listener, planned, figures)
        self.memory = PeakMemory()
        self._stop = stop
        self._model_results: ModelResults = {}
        self._ground = Ground(plan.planner, self.files, self.device, {}, plan.document.settings.non_finite == "allow", self._model_results)
        self._stream_settings = StreamSettings(
            plan.piece_entries, plan.workers, plan.kept_bytes, stop.is_requested, self._notice, self.progress.moved
        )
        slot = ModelSlot(self._ground, self._stream_settings, plan.kept_searches)
        self.measurer = Measurer(plan, slot, KeptFigures(plan, self.device), self._listener, self.progress, stop.is_requested)
        self._slot = slot

    def run(self) -> Findings:
        """Do all passes and finish the staged folders, reports aside; on failure the stagings are removed or kept as they must.

        Raises:
            EngineError: what failed, located; Cancelled when the user stopped.
        """
        keep_freed_memory()
        with self.settle_on_failure():
            self._tell_start()
            for notice in self.outputs.open():
                self._notice(notice)
            # The plan knows it as “auto” at most, and two kinds of device round differently.
            self.outputs.settle("device", self.device.type)
            with Fingerprinter() as fingerprinter:
                if self.plan.options.fingerprints:
                    fingerprinter.start(stamp for stamp in self.plan.inputs if stamp.modified_ns)
                for index, planned in enumerate(self.plan.passes):
                    self._stop.check()
                    self.progress.begin_pass(index)
                    self._listener(PassStarted(index, planned.work.title))
                    self._do_pass(planned.work)
                self.progress.end()
                self.files.verify_unchanged()
                self.findings.fingerprints = self._await_fingerprints(fingerprinter)
            self.outputs.finish(self.findings.fingerprints)
        return self.findings

    def commit(self) -> None:
        """Let the staged folders become their targets.

        Raises:
            WriteError: a folder can't be moved; it stays staged.
        """
        with self.settle_on_failure():
            self.outputs.commit()

    def close(self) -> None:
        """Close the inputs and let go of memory."""
        self.files.close()
        self._slot.release()
        self.memory.stop()

    @property
    def strengths(self) -> Strengths:
        """Return the strengths that searches have chosen."""
        return self.measurer.known

    def read_metric_files(self) -> Mapping[NodeId, tuple[MetricRecord, ...]]:
        """Return the metrics measured elsewhere, per Measured metrics node.

        Raises:
            EvaluationError: a CSV can't be read or understood.
        """
        graph = self.plan.resolved.graph
        steps = (step for step in graph.steps.values() if step.behaviour == Source("metrics") and step.id in graph.needed)
        sources = {step.id: find_path(self.plan.folder, str(step.parameters["source"])) for step in steps}
        return {node: read_measured_metrics(path) for node, path in sources.items()}

    def _tell_start(self) -> None:
        plan = self.plan
        device = describe_device(self.device)
        self._listener(RunStarted(plan.document.title, len(plan.passes), plan.bytes_read, plan.bytes_written, plan.peak_bytes, device))

    def _notice(self, sentence: str) -> None:
        self.findings.notices.append(sentence)
        self._listener(Remarked(sentence))

    def _await_fingerprints(self, fingerprinter: Fingerprinter) -> Mapping[Path, str]:
        if not self.plan.options.fingerprints:
            return {}
        return dict(fingerprinter.results(self._stop.is_requested))

    def _do_pass(self, work: StreamPass | SearchPass | MeasurePass) -> None:
        match work:
            case StreamPass():
                self._do_stream(work)
            case SearchPass():
                self._do_search(work.node)
            case MeasurePass():
                self._do_measure(work.node)

    # --- streamed passes ---

    def _do_stream(self, stream: StreamPass) -> None:
        wanted = self._without_failed(stream)
        self.outputs.drop(node for node in stream.sinks if node not in wanted.sinks)
        works = self.plan.planner.stream_work(wanted)
        self._expect(wanted)
        tasks = make_tasks(self._ground, works, self.plan.piece_entries)
        steps = self.plan.resolved.graph.steps
        reducers = [ModelReducer(item, steps[item.kernel], tasks, self._model_results) for item in wanted.reductions]
        gatherers = {node: SimilarityGatherer(self.plan.planner, node) for node in wanted.similarities}
        writers = {node: self.outputs.by_node[node].writer for node in wanted.sinks}
        needed = {reducer.item: reducer for reducer in reducers if reducer.is_needed()}

        def consumers_of(work: TensorWork) -> Sequence[Consumer]:
            return (
                *(needed[item] for item in work.reductions if item in needed),
                *(gatherers[node] for node in work.similarities),
                *(writers[node] for node in work.sinks),
            )

        if needed or gatherers or writers:
            self.progress.nodes = (*wanted.sinks, *wanted.similarities, *(item.kernel for item in wanted.reductions))
            self._slot.release()
            Stream(self._ground, self._stream_settings, consumers_of).run(tasks)
        for reducer in reducers:
            kernel = reducer.item.kernel
            result = reducer.finish() if reducer.item in needed else None
            self._model_results[kernel] = (*self._model_results.get(kernel, ()), result)
        for node, gatherer in gatherers.items():
            table = self.findings.tables[node] = gatherer.make_table()
            self.findings.similarities[node] = gatherer.record(table)
        for node in (*gatherers, *writers):
            self._listener(NodeFinished(node))

    def _expect(self, stream: StreamPass) -> None:
        """Tell what a pass reads and writes at the strengths that searches have chosen: where one is 0, less than planned."""
        if self.findings.searches or self.findings.failures:
            planner = WorkPlanner(self.plan.resolved, self.plan.folding, self.strengths)
            cost = cost_stream(planner, planner.stream_work(stream), self.plan.piece_entries)
            self.progress.expect(cost.bytes_read + cost.bytes_written)

    def _without_failed(self, stream: StreamPass) -> StreamPass:
        """Return the pass without what depends on a search that found nothing."""
        return StreamPass(
            stream.title,
            tuple(item for item in stream.reductions if not self._depends_on_failure(item.kernel)),
            tuple(node for node in stream.similarities if not self._depends_on_failure(node)),
            tuple(node for node in stream.sinks if not self._depends_on_failure(node)),
        )

    def _depends_on_failure(self, node: NodeId) -> bool:
        steps = self.plan.resolved.graph.steps
        return node in self.findings.failures or any(self._depends_on_failure(operand.node) for operand in steps[node].operands)

    # --- measurements ---

    def _do_search(self, node: NodeId) -> None:
        step = self.plan.resolved.graph.steps[node]
        if any(self._depends_on_failure(operand.node) for operand in step.operands):
            return
        self.progress.nodes = (node,)
        try:
            strengths, record = search_strength(step, self.measurer, self._listener)
        except SelectionError as failure:
            self.findings.failures[node] = failure.located(node=self.measurer.title(node))
            self._notice(str(failure))
            return
        self.outputs.settle(f"strength of {node}", " ".join(map(str, strengths.values())))
        for symbol, strength in strengths.items():
            self._ground.set_strength(symbol, strength)
            self.measurer.known[symbol] = strength
        self.findings.searches[node] = record
        self.findings.metrics[node] = record.tests
        self._listener(StrengthChosen(node, record.chosen_text, record.rule))
        self._listener(NodeFinished(node))

    def _do_measure(self, node: NodeId) -> None:
        step = self.plan.resolved.graph.steps[node]
        if self._depends_on_failure(node):
            return
        self.progress.nodes = (node,)
        test_set = step.inputs["test_set"][0].node
        measured = step.inputs["checkpoint"][0].node
        base = self.measurer.base_of(measured)
        subjects = [] if base == measured else [self.measurer.subject(base, "base")]
        subjects.append(self.measurer.subject(measured))
        subjects += [self.measurer.subject(operand.node, "reference") for operand in step.inputs["references"]]
        records = [record for subject in _unique(subjects) for record in self._measure(subject, test_set, node)]
        self.findings.metrics[node] = tuple(records)
        self._listener(NodeFinished(node))

    def _measure(self, subject: Subject, test_set: NodeId, by: NodeId) -> list[MetricRecord]:
        found = self.measurer.measure(subject, (test_set,), self.plan.resolved.graph.steps[by], {})
        return [self.measurer.record(subject, test_set, figure) for _, figures in found for figure in figures]

    # --- what becomes of the stagings when something fails ---

    @contextmanager
    def settle_on_failure(self) -> Generator[None]:
        """Remove the stagings when a second try would meet the same again or the user stopped; keep them otherwise."""
        try:
            yield
        except EngineError as failure:
            if isinstance(failure, _MEETS_AGAIN) and not self.plan.options.keep_partial:
                self.outputs.discard()
            else:
                self._tell_kept(self.outputs.keep())
            raise
        except BaseException:
            self.outputs.keep()
            raise

    def _tell_kept(self, folders: Sequence[str]) -> None:
        for folder in folders:
            self._listener(Remarked(f"What is written so far stays in {folder}; --resume goes on from there."))


def _unique(subjects: Sequence[Subject]) -> list[Subject]:
    """Return each checkpoint once, in the first role it is named in."""
    return list({subject.node: subject for subject in reversed(subjects)}.values())[::-1]


def _serialised(listener: Listener) -> Listener:
    """Return a listener that may be called from several threads: one event after the other."""
    lock = threading.Lock()

    def tell(event: Event) -> None:
        with lock:
            listener(event)

    return tell
