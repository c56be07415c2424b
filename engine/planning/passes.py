"""The order of a run: what must be known before what, as a short list of passes and measurements."""

from __future__ import annotations

from dataclasses import dataclass

from engine.document.model import NodeId
from engine.operation import Choice, Kernel, Measure, Sink
from engine.planning.needs import model_rounds
from engine.planning.resolve import Resolved
from engine.planning.structure import Step


@dataclass(frozen=True, slots=True)
class ModelReduction:
    """Name one reduction over the whole model."""

    kernel: NodeId
    index: int
    """Which of the kernel's reductions."""


@dataclass(frozen=True)
class StreamPass:
    """Stream over the tensors once, for all its consumers at once."""

    title: str
    reductions: tuple[ModelReduction, ...] = ()
    similarities: tuple[NodeId, ...] = ()
    sinks: tuple[NodeId, ...] = ()


@dataclass(frozen=True)
class SearchPass:
    """Fill a model with base + λΣτ for every λ of a grid, measure it, and choose."""

    title: str
    node: NodeId


@dataclass(frozen=True)
class MeasurePass:
    """Fill a model with a checkpoint's value and its references', and measure them."""

    title: str
    node: NodeId


Pass = StreamPass | SearchPass | MeasurePass


def order_passes(resolved: Resolved) -> tuple[Pass, ...]:
    """Return the passes of a run.

    Level by level: a reduction over the model runs once its operands are known, a search once its vectors are. Nobody
    waits for files and similarities, so one last pass serves them all: a linear export with its similarities is one pass.
    Measurements come before it, so that what fails there has written nothing.
    """
    steps = [step for name, step in resolved.graph.steps.items() if name in resolved.graph.needed]
    levels = _find_levels(steps)
    passes: list[Pass] = []
    for level in range(max(levels.values(), default=0) + 1):
        reductions = tuple(item for step in steps for item in _reductions_at(step, level, levels))
        if reductions:
            titles = ", ".join(dict.fromkeys(f"“{resolved.title(item.kernel)}”" for item in reductions))
            passes.append(StreamPass(f"Look over the whole model for {titles}", reductions=reductions))
        passes += [SearchPass(f"Search the strength of “{step.title}”", step.id) for step in steps if _searches_at(step, level, levels)]
        passes += [MeasurePass(f"Measure “{step.title}”", step.id) for step in steps if _measures_at(step, level, levels)]
    last = _last_pass(steps)
    return (*passes, last) if last else tuple(passes)


def _find_levels(steps: list[Step]) -> dict[NodeId, int]:
    """Return, per node, the level at which its value can be streamed."""
    levels: dict[NodeId, int] = {}
    for step in steps:
        before = max((levels.get(operand.node, 0) for operand in step.operands), default=0)
        match step.behaviour:
            case Kernel():
                levels[step.id] = before + model_rounds(step)
            case Choice():
                levels[step.id] = before + 1
            case _:
                levels[step.id] = before
    return levels


def _reductions_at(step: Step, level: int, levels: dict[NodeId, int]) -> list[ModelReduction]:
    if not isinstance(step.behaviour, Kernel):
        return []
    first = levels[step.id] - model_rounds(step)
    indexes = [index for index, reduction in enumerate(step.behaviour.reductions) if reduction.scope == "model"]
    return [ModelReduction(step.id, index) for rank, index in enumerate(indexes) if first + rank == level]


def _searches_at(step: Step, level: int, levels: dict[NodeId, int]) -> bool:
    return isinstance(step.behaviour, Choice) and levels[step.id] == level + 1


def _measures_at(step: Step, level: int, levels: dict[NodeId, int]) -> bool:
    return step.behaviour == Measure("evaluate") and levels[step.id] == level


def _last_pass(steps: list[Step]) -> StreamPass | None:
    sinks = tuple(step.id for step in steps if isinstance(step.behaviour, Sink))
    similarities = tuple(step.id for step in steps if step.behaviour == Measure("similarity"))
    if not sinks and not similarities:
        return None
    titles = ", ".join(f"“{step.title}”" for step in steps if step.id in sinks)
    return StreamPass(f"Write {titles}" if sinks else "Compare the vectors", similarities=similarities, sinks=sinks)
