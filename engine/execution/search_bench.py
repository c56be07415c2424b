"""What a strength search measures: the base with its vectors at some strengths, the references, and test data at the choice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from engine.document.model import NodeId
from engine.evaluation.measurement import Measurement
from engine.execution.measuring import Measurer, Subject, best_figure
from engine.execution.result import MetricRecord
from engine.operation import Choice
from engine.planning.coefficient import Strengths
from engine.planning.linear import strength_symbols
from engine.planning.structure import Step
from engine.search.grid import make_grid
from engine.search.rules import Point


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


class SearchBench:
    """Measure for one search."""

    def __init__(self, step: Step, measurer: Measurer) -> None:
        """Look at the node; nothing is measured yet."""
        self.step = step
        self.ports = SearchPorts.of(step)
        self.measurer = measurer
        self.symbols = strength_symbols(step)
        self.is_each = isinstance(step.behaviour, Choice) and step.behaviour.is_each
        self.mode = str(step.parameters["strengths"])
        """one, each, pairs, subsets or helpers."""

    def strengths(self) -> tuple[Fraction, ...]:
        """Return the grid."""
        return make_grid(self.read_real("start"), self.read_real("stop"), self.read_real("step"))

    def read_real(self, name: str) -> Fraction:
        """Return a real parameter."""
        value = self.step.parameters[name]
        return value if isinstance(value, Fraction) else Fraction(0)

    def read_whole(self, name: str) -> int:
        """Return a whole-number parameter."""
        value = self.step.parameters[name]
        return value if isinstance(value, int) else 0

    def measure_point(self, strengths: Sequence[Fraction]) -> Point:
        """Return the figures on validation data at some strengths, one for each unknown; with zeros only they are the base's own."""
        sets = (*self.ports.targets, *self.ports.controls)
        if any(strengths):
            figures = self.measurer.measure(self._edited(), sets, self.step, self.assign(strengths))
        else:
            figures = self.measurer.measure(self.measurer.subject(self.ports.base, "base"), sets, self.step, {})
        first = tuple(found[0] for _, found in figures)
        mean = sum(strengths, Fraction(0)) / len(strengths)
        each = tuple(strengths) if self.is_each else ()
        return Point(mean, first[: len(self.ports.targets)], first[len(self.ports.targets) :], each)

    def measure_references(self) -> tuple[MetricRecord, ...]:
        """Return the figures that the references are compared by, of each on each target."""
        measurer, targets = self.measurer, self.ports.targets
        subjects = [measurer.subject(node, "reference") for node in self.ports.references]
        rows = [(subject, measurer.measure(subject, targets, self.step, {})) for subject in subjects]
        return tuple(measurer.record(subject, node, found[0]) for subject, figures in rows for node, found in figures)

    def find_best(self, references: Sequence[MetricRecord]) -> tuple[Measurement, ...]:
        """Return, per target, the figure of the reference that is best at it."""
        columns = [[record.measurement for record in references if record.test_set_node == target] for target in self.ports.targets]
        return tuple(best for column in columns if (best := best_figure(column)) is not None)

    def record_point(self, point: Point) -> tuple[MetricRecord, ...]:
        """Return what was measured at some strengths as lines of the metrics table."""
        subject = self.measurer.subject(self.ports.base, "base") if point.is_reference else self._edited()
        figures = zip((*self.ports.targets, *self.ports.controls), (*point.targets, *point.controls), strict=True)
        return tuple(self.measurer.record(subject, node, figure) for node, figure in figures)

    def measure_tests(self, strengths: Sequence[Fraction]) -> tuple[MetricRecord, ...]:
        """Return the figures on test data of the base, the references and the choice."""
        measurer, tests = self.measurer, self.ports.tests
        subjects = [measurer.subject(self.ports.base, "base"), *(measurer.subject(node, "reference") for node in self.ports.references)]
        rows = [(subject, measurer.measure(subject, tests, self.step, {})) for subject in subjects]
        rows.append((self._edited(), measurer.measure(self._edited(), tests, self.step, self.assign(strengths))))
        return tuple(measurer.record(subject, node, figure) for subject, figures in rows for node, found in figures for figure in found)

    def assign(self, strengths: Sequence[Fraction]) -> Strengths:
        """Return the strengths under the symbols they stand for."""
        return dict(zip(self.symbols, strengths, strict=True))

    def _edited(self) -> Subject:
        return Subject(self.step.id, "edited", self.measurer.title(self.step.id))
