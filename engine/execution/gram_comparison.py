"""Compare checkpoints with a base by their Gram table: the figures of a Similarity node without a run."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.checkpoints.header import Header
from engine.document.model import NodeId
from engine.errors import NonFiniteError
from engine.events import SHORTEST_SECONDS, BytesMoved, Listener, PassStarted, RunStarted
from engine.execution.fetch import fetch_inputs
from engine.execution.gram_pass import MeasuredGram, PassSettings, measure_gram
from engine.execution.pace import extrapolate
from engine.execution.rated_paths import add_learning_rates
from engine.execution.result import SimilarityRecord
from engine.execution.similarity_record import describe_compared, make_record
from engine.execution.stop import Stop
from engine.operation import Measure
from engine.planning.costs import PROCESS_BYTES
from engine.planning.plan import Plan
from engine.similarity.family_files import FamilyFiles
from engine.similarity.gram_table import GramTable
from engine.similarity.store import GramStore


@dataclass(frozen=True)
class Comparison:
    """Hold the figures of some checkpoints, and what they took."""

    record: SimilarityRecord
    measured: MeasuredGram


def compare_checkpoints(plan: Plan, listener: Listener, stop: Stop) -> Comparison:
    """Return how checkpoints differ from their base and from one another; only what the cache does not know is read.

    Args:
        plan: of a graph that nothing speaks against, with one Similarity node of task vectors and adapters from one base.
        listener: told how far the reading is.
        stop: the user's wish to stop.

    Raises:
        NonFiniteError: a checkpoint holds NaN or infinity.
        EngineError: a file can't be fetched or read.
        Cancelled: the user stopped; what was measured is kept.
    """
    steps, planner = plan.resolved.graph.steps, plan.planner
    similarity = next(step.id for step in steps.values() if step.behaviour == Measure("similarity"))
    vectors = planner.compared_vectors(similarity)
    # An adapter is read as the vector it is.
    tuned = [vector if vector in plan.resolved.sources else steps[vector].inputs["tuned"][0].node for vector in vectors]
    base = steps[vectors[0]].inputs["base"][0].node
    files = _find_files(plan, base, tuned, listener, stop)
    measured = measure_gram(files, GramStore.of_user(), PassSettings(stops=stop.is_requested, moved=_tell_progress(listener)))
    _refuse_non_finite(plan, files, measured.table)
    table = _choose_vectors(measured.table, [str(plan.resolved.sources[node].identity) for node in tuned])
    return Comparison(add_learning_rates(make_record(describe_compared(planner, similarity), table), planner), measured)


def _find_files(plan: Plan, base: NodeId, tuned: Sequence[NodeId], listener: Listener, stop: Stop) -> FamilyFiles:
    stamps = {stamp.path: stamp for stamp in fetch_inputs(plan, listener, stop.is_requested)}
    sources = plan.resolved.sources

    def find_header(node: NodeId) -> Header:
        header = sources[node].header
        return replace(header, files=tuple(stamps.get(stamp.path, stamp) for stamp in header.files))

    others = list(dict.fromkeys(sources[node].identity for node in tuned if sources[node].identity != sources[base].identity))
    tensors = tuple(plan.resolved.values[base].shapes)
    headers = tuple(find_header(node) for node in (base, *others))
    return FamilyFiles(str(sources[base].identity), tuple(map(str, others)), tensors, (), headers)


def _choose_vectors(table: GramTable, chosen: Sequence[str]) -> GramTable:
    """Return the table with the vectors of the chosen checkpoints, in their order; one that is the base itself has a vector of zeros."""
    zero = len(table.vectors) + 1
    places = np.array([0, *(table.vectors.index(name) + 1 if name in table.vectors else zero for name in chosen)])
    products = np.pad(table.products, ((0, 0), (0, 1), (0, 1)))[:, places][:, :, places]
    own = places[1:] - 1
    both, signs = (np.pad(counts, ((0, 0), (0, 1), (0, 1)))[:, own][:, :, own] for counts in (table.both, table.signs))
    magnitudes = np.pad(table.magnitudes, ((0, 0), (0, 1), (0, 0)))[:, own]
    return replace(table, vectors=tuple(chosen), products=products, both=both, signs=signs, magnitudes=magnitudes)


def _refuse_non_finite(plan: Plan, files: FamilyFiles, table: GramTable) -> None:
    if not table.non_finite:
        return
    tensor, member = table.non_finite[0]
    others = len(table.non_finite) - 1
    more = "" if not others else " So does one more tensor." if others == 1 else f" So do {others:,} more tensors."
    fact = f"“{plan.resolved.title(NodeId(member))}” holds NaN or infinity in “{tensor}”.{more}"
    path = files.headers[(table.base, *table.vectors).index(member)].tensors[tensor].path
    raise NonFiniteError(fact, "Repair the checkpoint, or compare another one.").located(tensor=tensor, path=str(path))


def _tell_progress(listener: Listener) -> Callable[[int, int], None]:
    began, last = time.monotonic(), 0.0

    def moved(done: int, total: int) -> None:
        nonlocal last
        now = time.monotonic()
        if not last:
            listener(RunStarted("Similarity", 1, total, 0, PROCESS_BYTES, "cpu"))
            listener(PassStarted(0, "Inner products of the differences"))
        if now - last >= SHORTEST_SECONDS or done == total:
            last = now
            listener(BytesMoved(done, 0, now - began, seconds_left=extrapolate(now - began, done, total)))

    return moved
