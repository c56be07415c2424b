"""How many figures the measurements of a run ask for: one for each checkpoint on each test set."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from fractions import Fraction
from itertools import product
from pathlib import Path

from engine.document.model import NodeId
from engine.evaluation.settings import EvaluationSettings
from engine.planning.measurements import evaluation_settings
from engine.planning.passes import MeasurePass, Pass, SearchPass, StreamPass
from engine.planning.resolve import Resolved
from engine.planning.structure import Graph, Step
from engine.search.subsets import HELPERS, SUBSET_MODES
from engine.search.tries import count_grid, count_tries

_Question = tuple[NodeId, NodeId, EvaluationSettings]
"""A checkpoint (by identity), a test set, and how it is measured."""


def count_new_figures(passes: Sequence[Pass], resolved: Resolved, folder: Path) -> list[int]:
    """Return how many figures each pass of a run asks for at most that none before it has: no checkpoint is measured twice."""
    asked: set[_Question] = set()
    counts: list[int] = []
    for item in passes:
        questions = list(_list_questions(item, resolved, folder))
        new = set(questions) - asked
        counts.append(count_figures(item, resolved.graph) - len(questions) + len(new))
        asked |= new
    return counts


def count_figures(item: Pass, graph: Graph) -> int:
    """Return how many figures a pass asks for at most, by itself; a stream asks for none."""
    if isinstance(item, SearchPass):
        return _count_searched(graph.steps[item.node])
    if isinstance(item, MeasurePass):
        # The measured one, its base and the references, on one test set.
        return 2 + len(graph.steps[item.node].inputs["references"])
    return 0


def count_search_tries(step: Step) -> int:
    """Return how many sets of strengths a search tries at most, the base by itself not among them."""
    return _count_tries_of(step, len(step.inputs["vectors"]))


def knows_who_takes_part(step: Step) -> bool:
    """Tell whether it is known beforehand which vectors take part in a search's tries, so that nothing else is planned to be read."""
    return str(step.parameters["strengths"]) in SUBSET_MODES


def count_tries_with(step: Step, vectors: Collection[int]) -> int:
    """Return how many of these sets let one of some vectors, by their places among all, take part: where that is known beforehand."""
    mode = str(step.parameters["strengths"])
    if mode == HELPERS and 0 in vectors:
        return count_search_tries(step)
    return count_search_tries(step) - _count_tries_of(step, len(step.inputs["vectors"]) - len(vectors))


def _count_tries_of(step: Step, vectors: int) -> int:
    """Return how many sets of strengths a search of so many vectors tries at most."""
    strengths = count_grid(*(_read_exact(step, name) for name in ("start", "stop", "step")))
    return count_tries(str(step.parameters["strengths"]), vectors, strengths, int(str(step.parameters["budget"])))


def _list_questions(item: Pass, resolved: Resolved, folder: Path) -> Iterator[_Question]:
    """Give what a pass asks of the graph's sources, whatever strengths it tries."""
    if isinstance(item, StreamPass):
        return
    step = resolved.graph.steps[item.node]
    settings = evaluation_settings(step, folder)
    for checkpoint, test_set in _list_searched(step) if isinstance(item, SearchPass) else _list_measured(step, resolved):
        if checkpoint in resolved.sources:
            yield resolved.sources[checkpoint].identity, test_set, settings


def _list_searched(step: Step) -> Iterator[tuple[NodeId, NodeId]]:
    """Give what a search asks of its base and references; each reference is measured on the targets, and all on test data."""
    base, targets, controls, tests, references = (
        [operand.node for operand in step.inputs[port]] for port in ("base", "targets", "controls", "tests", "references")
    )
    yield from product(base, (*targets, *controls))
    yield from product(references, targets)
    yield from product((*base, *references), tests)


def _list_measured(step: Step, resolved: Resolved) -> Iterator[tuple[NodeId, NodeId]]:
    """Give what a measurement asks of its checkpoint, of what that is an edit of, and of the references."""
    (measured,) = (operand.node for operand in step.inputs["checkpoint"])
    parent = resolved.values[measured].parent
    references = [operand.node for operand in step.inputs["references"]]
    checkpoints = [measured, *([parent] if parent else []), *references]
    yield from product(dict.fromkeys(checkpoints), [operand.node for operand in step.inputs["test_set"]])


def _count_searched(step: Step) -> int:
    targets, controls, tests, references = (len(step.inputs[port]) for port in ("targets", "controls", "tests", "references"))
    tried = (1 + count_search_tries(step)) * (targets + controls)
    # On test data: the base, the references and the choice.
    return references * targets + tried + (2 + references) * tests


def _read_exact(step: Step, name: str) -> Fraction:
    value = step.parameters[name]
    return value if isinstance(value, Fraction) else Fraction(0)
