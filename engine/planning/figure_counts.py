"""How many figures the measurements of a run ask for: one for each checkpoint on each test set."""

from __future__ import annotations

from collections.abc import Collection
from fractions import Fraction

from engine.planning.passes import MeasurePass, Pass, SearchPass
from engine.planning.structure import Graph, Step
from engine.search.subsets import HELPERS, SUBSET_MODES
from engine.search.tries import count_grid, count_tries


def count_figures(item: Pass, graph: Graph) -> int:
    """Return how many figures a pass asks for at most; a stream asks for none."""
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


def _count_searched(step: Step) -> int:
    targets, controls, tests, references = (len(step.inputs[port]) for port in ("targets", "controls", "tests", "references"))
    tried = (1 + count_search_tries(step)) * (targets + controls)
    # On test data: the base, the references and the choice.
    return references * targets + tried + (2 + references) * tests


def _read_exact(step: Step, name: str) -> Fraction:
    value = step.parameters[name]
    return value if isinstance(value, Fraction) else Fraction(0)
