"""The engine's process measures the similarities of a document's checkpoints for the window: an estimate first, then the exact figures."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from engine.document.storage import parse_document
from engine.errors import Cancelled, EngineError
from engine.events import SHORTEST_SECONDS
from engine.execution.allocator import give_back_freed_memory  # noqa: TID253  (this module is only imported to compute)
from engine.execution.gram_pass import PassSettings, measure_gram  # noqa: TID253  (see above)
from engine.execution.gram_sample import ReadingBudget, choose_budget, estimate_gram  # noqa: TID253  (see above)
from engine.execution.kernel_exact import measure_kernels  # noqa: TID253  (see above)
from engine.execution.kernel_sample import estimate_kernels  # noqa: TID253  (see above)
from engine.execution.stop import Stop  # noqa: TID253  (see above)
from engine.planning.families import find_family_files
from engine.planning.kernel_graph import KernelGraph
from engine.planning.resolve import resolve_values
from engine.planning.series import expand_series
from engine.planning.structure import read_graph
from engine.similarity.family_files import is_settled
from engine.similarity.gram_files import hand_over_table, tables_folder
from engine.similarity.gram_table import GramTable
from engine.similarity.kernel_sums import KernelSums
from engine.similarity.store import GramStore
from engine.worker_jobs import describe_fault
from engine.worker_messages import GramJob, GramMoved, GramReady, Outcome

BUDGET = ReadingBudget()


@dataclass(frozen=True)
class GramTalk:
    """Hold how a job is stopped, and how it speaks while it goes on."""

    stop: Stop
    send: Callable[[GramReady | GramMoved], None]


def run_gram(job: GramJob, talk: GramTalk, *, with_estimate: bool = True) -> Outcome:
    """Measure the families of a document; tables are sent as paths while it goes on. Nothing escapes, for the window must hear of it.

    A job that was stopped goes on where it was when it is given again: what is done is in the cache.
    """
    try:
        _send_tables(job, talk, with_estimate=with_estimate)
    except Cancelled:
        return Outcome("stopped", "The similarities were stopped. What was measured is kept.")
    except EngineError as error:
        return Outcome("failed", str(error), type(error).__name__, error.location)
    except OSError as error:
        return Outcome("failed", f"The figures can't be kept in {tables_folder()}: {error}. Free space there, or set WEIGHTLOOM_CACHE.")
    except MemoryError:
        return Outcome("failed", "There was not enough memory for the similarities. Close other programs.")
    except Exception as fault:  # noqa: BLE001  (a fault of ours must reach the window, which shows where its traceback lies)
        return describe_fault(fault, job)
    finally:
        # A run may follow, whose plan knows nothing of what was held before it.
        give_back_freed_memory()
    return Outcome("done")


def _send_tables(job: GramJob, talk: GramTalk, *, with_estimate: bool) -> None:
    store = GramStore.of_user()
    expansion, _ = expand_series(parse_document(job.document), job.folder)
    resolved, _ = resolve_values(read_graph(expansion.document)[0], job.folder, expansion)
    families = [family for family in find_family_files(resolved) if family.is_here]
    for family in families if with_estimate else ():
        budget = choose_budget(family, store, BUDGET)
        if budget is not None:
            table = estimate_gram(family, store, PassSettings(stops=talk.stop.is_requested), budget)
            talk.send(_ready(job, table))
    for family in families:
        table = measure_gram(family, store, PassSettings(stops=talk.stop.is_requested, moved=_tell_progress(job, talk))).table
        graph = KernelGraph.of(expansion.document, job.folder, resolved, family)
        if not job.made:
            # After a run the window has figures of the kernels, which are not to vanish for as long as better ones take.
            talk.send(_ready(job, table))
        if graph.kernels:
            _send_kernels(job, talk, graph, table)
        elif job.made:
            talk.send(_ready(job, table))


def _send_kernels(job: GramJob, talk: GramTalk, graph: KernelGraph, table: GramTable) -> None:
    """Send the table with the kernels: what is known of them, estimates for the rest, and then what a run has made, exactly."""
    try:
        known = KernelSums(graph.files, graph.identify(), GramStore.of_user())
        if known.has_all(graph.kernels, table.tensors, with_base=True):
            talk.send(_ready(job, known.widen(table, graph.kernels)))
            return
        estimated = estimate_kernels(graph, table, talk.stop)
        table = known.fill_in(estimated)
        talk.send(_ready(job, table))
        made = [kernel for kernel in graph.kernels if kernel in job.made]
        if made and table.is_estimate and not known.has_all(made, table.tensors, with_base=False):
            measured = measure_kernels(graph, made, talk.stop, _tell_progress(job, talk))
            known.add(measured, is_kept=all(map(is_settled, graph.files.headers)))
            talk.send(_ready(job, known.fill_in(estimated)))
    except Cancelled:
        raise
    except EngineError as error:
        # All other figures stand; what keeps the kernels from running is told by the check, or by the run.
        note = f"What is not linear can't be measured: {error}"
        talk.send(_ready(job, replace(table, notes=(*table.notes, note))))


def _ready(job: GramJob, table: GramTable) -> GramReady:
    return GramReady(job.job, job.revision, hand_over_table(table))


def _tell_progress(job: GramJob, talk: GramTalk) -> Callable[[int, int], None]:
    last = 0.0

    def moved(done: int, total: int) -> None:
        nonlocal last
        now = time.monotonic()
        if done == total or now - last >= SHORTEST_SECONDS:
            last = now
            talk.send(GramMoved(job.job, job.revision, done, total))

    return moved
