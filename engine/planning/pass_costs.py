"""What each pass of a run costs, and how large its pieces may be so that all of it stays within the budget."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from engine.document.model import NodeId
from engine.evaluation.memory import estimate_model_bytes
from engine.operation import Choice
from engine.planning.costs import KEPT_BYTES, LARGEST_PIECE, PROCESS_BYTES, SMALLEST_PIECE, StreamCost, cost_stream, factor_bytes
from engine.planning.figure_counts import count_search_tries, knows_who_takes_part
from engine.planning.fill_costs import cost_fill
from engine.planning.linear import Folding
from engine.planning.measurements import evaluation_settings, likely_task, measured_values
from engine.planning.options import RunOptions
from engine.planning.passes import MeasurePass, Pass, SearchPass, StreamPass, order_passes
from engine.planning.resolve import Resolved
from engine.planning.work import TensorWork, WorkPlanner
from engine.problems import Problem, error
from engine.sizes import write_bytes

_MOST_WORKERS = 8


@dataclass(frozen=True)
class PlannedPass:
    """Hold a pass with what it costs."""

    work: Pass
    bytes_read: int
    bytes_written: int
    peak_bytes: int
    """Of the whole process while the pass runs."""
    keeps_vector: bool = False
    """For a search: whether Στ stays in memory, so that only the base is read again for every strength."""


@dataclass(frozen=True)
class _Ground:
    """Hold what is decided for all passes alike."""

    folder: Path
    workers: int
    kept_bytes: int
    budget: int
    """What may be held beside the process."""


@dataclass(frozen=True)
class PassPlan:
    """Hold the passes of a run with their costs and how they are cut."""

    planner: WorkPlanner
    passes: tuple[PlannedPass, ...]
    piece_entries: int
    workers: int
    read_files: frozenset[Path]
    """Files of which some bytes are read; the others have coefficient 0, or only give names and settings."""
    kept_bytes: int
    """For operands kept between the rounds over a tensor."""


def plan_passes(resolved: Resolved, folder: Path, options: RunOptions) -> PassPlan:
    """Return the passes with their costs, the piece's entries and the number of workers, fitted to the budget."""
    planner = WorkPlanner(resolved, Folding(resolved))
    passes = order_passes(resolved)
    works = {index: _list_work(planner, item) for index, item in enumerate(passes)}
    most = options.workers or max(min(os.cpu_count() or 1, _MOST_WORKERS), 1)
    factors = max((factor_bytes(planner, work, most) for work in works.values()), default=0)
    budget = memory_budget(options) - PROCESS_BYTES - _resident_bytes(resolved) - factors
    piece = options.piece_entries or LARGEST_PIECE
    costs = _cost_streams(planner, works, piece)
    while options.piece_entries is None and piece > SMALLEST_PIECE and most * _most_bytes(costs) > budget:
        piece //= 2
        costs = _cost_streams(planner, works, piece)
    widest = _most_bytes(costs)
    workers = options.workers or max(min(most, budget // max(widest, 1)), 1)
    kept = _kept_bytes(works.values(), budget - widest * workers)
    ground = _Ground(folder, workers, kept, budget)
    planned = tuple(_cost_pass(planner, item, works[index], costs[index], ground) for index, item in enumerate(passes))
    read = _list_read_files(planner, passes, works.values())
    return PassPlan(planner, planned, piece, workers, read, kept)


def _list_read_files(planner: WorkPlanner, passes: Sequence[Pass], works: Iterable[Sequence[TensorWork]]) -> frozenset[Path]:
    """Return the files that hold needed tensors; a model that is measured is first loaded whole."""
    resolved = planner.resolved
    streamed = [work for many in works for work in many]
    specs = [spec for work in streamed for spec in work.specs]
    read = {spec.path for spec in specs if not spec.product} | {part.path for spec in specs if spec.product for part in spec.stored}
    needed = frozenset(source for work in streamed for source in work.needs.sources)
    adapters = [source for source in resolved.sources.values() if source.adapts is not None and source.identity in needed]
    # What an adapter's config says is read with its first product.
    read |= {adapter.header.files[-1].path for adapter in adapters}
    measured = [node for item in passes if not isinstance(item, StreamPass) for node in measured_values(resolved.graph.steps[item.node])]
    parents = {parent for node in measured if (parent := resolved.values[node].parent)}
    loaded = {stamp.path for parent in parents for stamp in resolved.sources[parent].header.files}
    return frozenset(read | loaded)


def memory_budget(options: RunOptions) -> int:
    """Return the bytes that the whole process may hold: what was asked for, or half of the free memory."""
    return options.memory_bytes or psutil.virtual_memory().available // 2


def check_budget(passes: Sequence[PlannedPass], options: RunOptions) -> list[Problem]:
    """Return a problem, with the numbers, when the plan needs more memory than it may have."""
    budget = memory_budget(options)
    peak = max(passes, key=lambda item: item.peak_bytes, default=None)
    if peak is None or peak.peak_bytes <= budget:
        return []
    message = f"{peak.work.title}: that needs {write_bytes(peak.peak_bytes)} of memory; the budget is {write_bytes(budget)}."
    return [error(message, "Close other programs, raise --memory, or measure on a machine with more memory.")]


def _list_work(planner: WorkPlanner, item: Pass) -> tuple[TensorWork, ...]:
    if isinstance(item, StreamPass):
        return planner.stream_work(item)
    step = planner.resolved.graph.steps[item.node]
    values = [item.node] if isinstance(item, SearchPass) else []
    return tuple(work for node in [*values, *measured_values(step)] for work in planner.checkpoint_work(node))


def _cost_streams(planner: WorkPlanner, works: Mapping[int, Sequence[TensorWork]], piece_entries: int) -> dict[int, StreamCost]:
    return {index: cost_stream(planner, work, piece_entries) for index, work in works.items()}


def _most_bytes(costs: Mapping[int, StreamCost]) -> int:
    return max((cost.worker_bytes for cost in costs.values()), default=0)


def _kept_bytes(works: Iterable[Sequence[TensorWork]], left: int) -> int:
    """Return what operands kept between rounds may take of what the pieces leave of the budget; without them they are read again."""
    return max(min(KEPT_BYTES, left), 0) if any(map(_has_rounds, works)) else 0


def _has_rounds(works: Sequence[TensorWork]) -> bool:
    return any(work.needs.rounds > 1 for work in works)


def _resident_bytes(resolved: Resolved) -> int:
    return sum(source.header.resident_bytes for source in resolved.sources.values())


def _cost_pass(planner: WorkPlanner, item: Pass, works: Sequence[TensorWork], cost: StreamCost, ground: _Ground) -> PlannedPass:
    needed = PROCESS_BYTES + _resident_bytes(planner.resolved) + cost.worker_bytes * ground.workers
    needed += factor_bytes(planner, works, ground.workers) + (ground.kept_bytes if _has_rounds(works) else 0)
    if isinstance(item, StreamPass):
        return PlannedPass(item, cost.bytes_read, cost.bytes_written, needed)
    model = _model_bytes(planner, item.node, ground.folder)
    if isinstance(item, MeasurePass):
        return PlannedPass(item, cost.bytes_read, 0, needed + model)
    return _cost_search(planner, item, needed + model, ground.budget + PROCESS_BYTES)


def _cost_search(planner: WorkPlanner, item: SearchPass, needed: int, budget: int) -> PlannedPass:
    """Decide whether Στ stays in memory between the strengths, and cost the search with or without."""
    step = planner.resolved.graph.steps[item.node]
    works = planner.checkpoint_work(item.node)
    vector = 4 * sum(work.entries for work in works)
    # Every vector by itself would take as much memory again, so they are read anew for each set of strengths.
    is_each = isinstance(step.behaviour, Choice) and step.behaviour.is_each
    keeps = not is_each and needed + vector <= budget
    whole, base = (_fill_bytes(planner, node) for node in (item.node, step.inputs["base"][0].node))
    references = sum(_fill_bytes(planner, operand.node) for operand in step.inputs["references"])
    tested = 1 if step.inputs["tests"] else 0
    # The base and the references are measured on validation data, and once more where there is test data.
    read = (1 + tested) * (base + references)
    tries = count_search_tries(step)
    if knows_who_takes_part(step):
        read += cost_fill(planner, step.id).count_try_bytes(step) + tested * whole
    else:
        read += whole + (tries + tested) * base if keeps else (tries + tested) * whole
    return PlannedPass(item, read, 0, needed + (vector if keeps else 0), keeps_vector=keeps)


def _fill_bytes(planner: WorkPlanner, node: NodeId) -> int:
    """Return the bytes read to fill a model with a checkpoint's value, whatever strengths are found to be."""
    return cost_stream(planner, planner.checkpoint_work(node), LARGEST_PIECE).bytes_read


def _model_bytes(planner: WorkPlanner, node: NodeId, folder: Path) -> int:
    """Return the memory of the models that a measurement loads, one after the other: the largest counts."""
    step = planner.resolved.graph.steps[node]
    settings = evaluation_settings(step, folder)
    task = likely_task(step, planner.resolved.graph, folder)
    return max(estimate_model_bytes(*_describe_model(planner.resolved, value), settings, task) for value in measured_values(step))


def _describe_model(resolved: Resolved, node: NodeId) -> tuple[Path, int]:
    value = resolved.values[node]
    header = resolved.sources[value.parent].header if value.parent else None
    entries = sum(spec.count for spec in header.tensors.values()) if header else 0
    return (header.folder if header and header.folder else Path()), entries
