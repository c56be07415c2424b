"""Measure checkpoints on test sets, each pair once, and put the figures in relation to one another."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import chain

from engine.document.model import NodeId
from engine.evaluation.measurement import Measurement
from engine.evaluation.settings import EvaluationSettings
from engine.evaluation.tasks import Task
from engine.evaluation.test_sets import TestSet, open_test_set
from engine.events import Listener, MetricMeasured
from engine.execution.kept_figures import KeptFigures, Question
from engine.execution.model_slot import ModelSlot
from engine.execution.progress import Progress
from engine.execution.result import CheckpointRole, MetricRecord, TestSetRecord
from engine.operation import Choice, Kernel, PortKind
from engine.planning.coefficient import NOTHING_KNOWN, Strengths, Symbol
from engine.planning.figure_counts import knows_who_takes_part
from engine.planning.fill_costs import FillCost, cost_fill
from engine.planning.formula import group_forms
from engine.planning.linear import Folding, strength_symbols
from engine.planning.measurements import evaluation_settings, test_set_settings
from engine.planning.plan import Plan
from engine.planning.structure import Step


@dataclass(frozen=True)
class Subject:
    """Hold a checkpoint to be measured, with what it is in its table."""

    node: NodeId
    role: CheckpointRole
    label: str


class Measurer:
    """Measure checkpoints of a graph; remembers figures, so that the base is measured once however often it is asked for."""

    def __init__(
        self,
        plan: Plan,
        slot: ModelSlot,
        kept: KeptFigures,
        listener: Listener,
        progress: Progress,
        stops: Callable[[], bool],
    ) -> None:
        """Begin with nothing measured.

        Args:
            plan: what is run.
            slot: the model that is measured.
            kept: knows the figures of earlier runs.
            listener: hears of every figure.
            progress: told what need not be read because the figures are known or the strength is 0, and how long others took.
            stops: whether the user has stopped the run.
        """
        self._planner = plan.planner
        self._steps = plan.resolved.graph.steps
        self._slot = slot
        self._kept = kept
        self._folder = plan.folder
        self._listener = listener
        self._progress = progress
        self._stops = stops
        self._sets: dict[NodeId, TestSet] = {}
        self._costs: dict[NodeId, FillCost] = {}
        self._found: dict[tuple[object, ...], tuple[Measurement, ...]] = {}
        self.known: dict[Symbol, Fraction] = {}
        """The strengths that searches have chosen so far."""

    def measure(
        self, subject: Subject, test_sets: Sequence[NodeId], by: Step, strengths: Strengths
    ) -> list[tuple[NodeId, tuple[Measurement, ...]]]:
        """Return the figures of a checkpoint on several test sets; the model is filled once, and only if nobody has measured one of them.

        Args:
            subject: the checkpoint.
            test_sets: Test set nodes.
            by: the node that asks, with its settings.
            strengths: strengths to try, beside the ones already chosen.
        """
        began = self._progress.seconds
        strengths = {**self.known, **strengths}
        settings = evaluation_settings(by, self._folder)
        keys = {node: (self._identity(subject.node, strengths), node, settings) for node in test_sets}
        missing = [node for node in test_sets if keys[node] not in self._found]
        questions = {node: self._ask(subject.node, node, settings, strengths) for node in missing}
        kept = {node: figures for node, question in questions.items() if (figures := self._kept.find(question)) is not None}
        if test_sets:
            self._spare_reading(subject.node, by, strengths, is_filled=len(kept) < len(questions))
        still_open = {node: question for node, question in questions.items() if node not in kept}
        for node, figures in chain(kept.items(), self._answer(still_open)):
            self._found[keys[node]] = figures
            self._tell(subject, node, by, figures, strengths)
        self._progress.measured(len(missing), len(still_open), self._progress.seconds - began)
        return [(node, self._found[keys[node]]) for node in test_sets]

    def _answer(self, questions: Mapping[NodeId, Question]) -> Iterator[tuple[NodeId, tuple[Measurement, ...]]]:
        """Give the figures of a checkpoint by test set, measured now; the model is filled once for each task."""
        by_task: dict[Task, list[tuple[NodeId, Question]]] = {}
        for node, question in questions.items():
            by_task.setdefault(question.test_set.task, []).append((node, question))
        for task, asked in by_task.items():
            model = self._slot.fill(asked[0][1].node, task, asked[0][1].strengths)
            for node, question in asked:
                figures = model.measure(question.test_set, question.settings, self._stops)
                self._kept.remember(question, figures)
                yield node, figures

    def _spare_reading(self, node: NodeId, by: Step, strengths: Strengths, *, is_filled: bool) -> None:
        """Tell what of the planned reading of a checkpoint is not done: all of it, or what a strength of 0 leaves out."""
        # Where the vector stays in memory only the base is read.
        cost = self._cost_filling(self._steps[node].inputs["base"][0].node if self._slot.keeps_vector(node, strengths) else node)
        needed = cost.count_bytes(strengths)
        planned = needed if node == by.id and knows_who_takes_part(by) else cost.count_bytes(NOTHING_KNOWN)
        self._progress.spare(planned - (needed if is_filled else 0))

    def _cost_filling(self, node: NodeId) -> FillCost:
        if node not in self._costs:
            self._costs[node] = cost_fill(self._planner, node)
        return self._costs[node]

    def _ask(self, checkpoint: NodeId, test_set: NodeId, settings: EvaluationSettings, strengths: Strengths) -> Question:
        opened, chosen = self.open_set(test_set), test_set_settings(self._steps[test_set], self._folder)
        return Question(checkpoint, strengths, opened, chosen, settings, self._slot.keeps_vector(checkpoint, strengths))

    def open_set(self, node: NodeId) -> TestSet:
        """Return a test set, read once."""
        if node not in self._sets:
            self._sets[node] = open_test_set(test_set_settings(self._steps[node], self._folder))
        return self._sets[node]

    def describe_sets(self) -> tuple[TestSetRecord, ...]:
        """Return the records of all test sets that were read."""
        return tuple(self._describe_set(node) for node in sorted(self._sets))

    def subject(self, node: NodeId, role: CheckpointRole | None = None) -> Subject:
        """Return a checkpoint with the role it has in the graph unless one is given."""
        return Subject(node, role or find_role(self._planner.folding, node), self.title(node))

    def title(self, node: NodeId) -> str:
        """Return what the user calls a node."""
        return self._planner.resolved.title(node)

    def record(self, subject: Subject, test_set: NodeId, figure: Measurement) -> MetricRecord:
        """Return a figure as a line of the metrics table."""
        return MetricRecord(subject.label, subject.role, self.title(test_set), figure, checkpoint_node=subject.node, test_set_node=test_set)

    def base_of(self, node: NodeId) -> NodeId:
        """Return the source that a checkpoint is an edit of: its structural parent; for a tuned source the graph's one base."""
        resolved = self._planner.resolved
        if node not in resolved.sources:
            return resolved.values[node].parent or node
        bases = {base for value in resolved.values.values() if value.kind is PortKind.VECTOR for base in value.bases}
        base = next(iter(bases)) if len(bases) == 1 else node
        return base if resolved.values[base].shapes == resolved.values[node].shapes else node

    def _identity(self, node: NodeId, strengths: Strengths) -> tuple[object, ...]:
        source = self._planner.resolved.sources.get(node)
        if source:
            return (source.identity,)
        # By ancestry and not by the common normal form: a strength may matter in some tensors only.
        ancestors = self._planner.resolved.graph.ancestors(node)
        return (node, *sorted((symbol, value) for symbol, value in strengths.items() if symbol.node in ancestors))

    def _describe_set(self, node: NodeId) -> TestSetRecord:
        step, found = self._steps[node], self._sets[node]
        role = "control" if step.parameters["role"] == "control" else "target"
        split = "validation" if step.parameters["split"] == "validation" else "test"
        return TestSetRecord(node, self.title(node), role, split, str(step.parameters["source"]), found.sha256, found.examples)

    def _tell(self, subject: Subject, node: NodeId, by: Step, figures: Iterable[Measurement], strengths: Strengths) -> None:
        own = [float(strengths[symbol]) for symbol in strength_symbols(by) if symbol in strengths]
        strength = sum(own) / len(own) if own else None
        each = tuple(own) if isinstance(by.behaviour, Choice) and by.behaviour.is_each else ()
        for figure in figures:
            self._listener(MetricMeasured(by.id, subject.label, self.title(node), figure, strength, each))


def find_role(folding: Folding, node: NodeId) -> CheckpointRole:
    """Return what a checkpoint is: a source others are measured from, a source, a random control, or an edit."""
    resolved = folding.resolved
    if node in resolved.sources:
        identity = resolved.sources[node].identity
        is_base = any(identity in value.bases for value in resolved.values.values() if value.kind is PortKind.VECTOR)
        return "base" if is_base else "other"
    steps = resolved.graph.steps
    atoms = {atom.node for form in group_forms(folding, node) for atom, _ in form.weights}
    behaviours = [steps[atom].behaviour for atom in atoms]
    return "random control" if any(isinstance(found, Kernel) and found.is_random_control for found in behaviours) else "edited"


def relate_figures(records: Sequence[MetricRecord], sets: Sequence[TestSetRecord]) -> tuple[MetricRecord, ...]:
    """Return the records with normalized figures and control ratios where the same table holds what to divide by.

    Of several references the best on a test set is the one fine-tuned for it.
    """
    return tuple(_relate(record, records, sets) for record in records)


def _relate(record: MetricRecord, records: Sequence[MetricRecord], sets: Sequence[TestSetRecord]) -> MetricRecord:
    alike = [
        other for other in records if other.test_set_key == record.test_set_key and other.measurement.metric == record.measurement.metric
    ]
    reference = best_figure([other.measurement for other in alike if other.role == "reference"])
    base = next((other.measurement for other in alike if other.role == "base"), None)
    is_control = any(record.is_on(test_set) and test_set.role == "control" for test_set in sets)
    return replace(
        record,
        # A reference is fine-tuned for the target; what it does to a control set is nothing to measure up to.
        normalized=None if is_control else _divide(record.measurement, reference),
        control_ratio=_divide(record.measurement, base) if is_control else None,
    )


def best_figure(figures: Sequence[Measurement]) -> Measurement | None:
    """Return the best of several figures of one metric; None of none."""
    if not figures:
        return None
    return max(figures, key=lambda figure: figure.value if figure.higher_is_better else -figure.value)


def _divide(figure: Measurement, by: Measurement | None) -> float | None:
    return figure.value / by.value if by is not None and by.value else None
