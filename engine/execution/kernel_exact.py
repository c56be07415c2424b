"""What TIES, DARE and other kernels make, exactly: they are computed whole, and compared with the checkpoints as both stream by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from engine.document.json_values import FrozenMapping
from engine.document.model import Document, Node, NodeId, PortRef, Wire
from engine.events import BytesMoved, Event, RunStarted
from engine.execution.side_run import open_side_run
from engine.execution.stop import Stop
from engine.operation import PortKind
from engine.planning.kernel_graph import KernelGraph
from engine.planning.options import RunOptions
from engine.similarity.gram_table import GramTable
from engine.similarity.table_making import leave_out_non_finite

Moved = Callable[[int, int], None]
_SIMILARITY = NodeId("weightloom-similarity")


def measure_kernels(graph: KernelGraph, kernels: Sequence[NodeId], stop: Stop, moved: Moved | None = None) -> GramTable:
    """Return the exact table of some kernels and of the checkpoints that they are compared with; nothing is written.

    Args:
        graph: the graph.
        kernels: some of its kernels.
        stop: the user's wish to stop.
        moved: called with how much of the planned reading is done, in bytes, and with all of it; what turns out not to be needed is
            counted as the rest goes on.

    Returns:
        A table whose vectors are those of the family, then the kernels, called by their nodes. Its base is "", and has no products, where
        a kernel is made of vectors that were measured from another checkpoint than the family's base.

    Raises:
        EngineError: a file can't be read, a checkpoint holds NaN, memory does not suffice.
        Cancelled: the user stopped.
    """
    with open_side_run(_compare(graph, kernels), graph.folder, RunOptions(fingerprints=False), stop, _Teller(moved).hear) as execution:
        found = execution.run().tables[_SIMILARITY]
    return _adopt(found, graph, kernels)


class _Teller:
    """Tell how far a pass is from what a run tells."""

    def __init__(self, moved: Moved | None) -> None:
        self._moved = moved
        self._total = 0

    def hear(self, event: Event) -> None:
        match event:
            case RunStarted():
                self._total = event.bytes_to_read
            case BytesMoved(share=share) if self._moved is not None and share is not None:
                self._moved(round(share * self._total), self._total)
            case _:
                pass


def _compare(graph: KernelGraph, kernels: Sequence[NodeId]) -> Document:
    """Return the part of the graph that makes the kernels, with a comparison of these and all members of the family."""
    base, members = NodeId(graph.files.base), [NodeId(vector) for vector in graph.files.vectors]
    document = graph.keep_branches([base, *members, *kernels])
    nodes, wires = dict(document.nodes), list(document.wires)
    nodes[_SIMILARITY] = Node("similarity")
    for node in (*members, *kernels):
        vector = node
        if graph.resolved.values[node].kind is PortKind.CHECKPOINT:
            vector = NodeId(f"weightloom-difference-{node}")
            nodes[vector] = Node("task_vector")
            wires += [_join(node, PortKind.CHECKPOINT, PortRef(vector, port)) for node, port in ((node, "tuned"), (base, "base"))]
        wires.append(_join(vector, PortKind.VECTOR, PortRef(_SIMILARITY, "vectors")))
    return Document(nodes=FrozenMapping(nodes), wires=tuple(wires), settings=document.settings)


def _join(source: NodeId, kind: PortKind, target: PortRef) -> Wire:
    return Wire(PortRef(source, str(kind)), target)


def _adopt(found: GramTable, graph: KernelGraph, kernels: Sequence[NodeId]) -> GramTable:
    """Return a comparison's table with the family's names and tensors."""
    rows = {name: row for row, name in enumerate(found.tensors)}
    own = [rows[name] for name in graph.files.tensors]
    table = replace(
        found,
        base=graph.files.base if found.base else "",
        vectors=(*graph.files.vectors, *map(str, kernels)),
        tensors=graph.files.tensors,
        entries=found.entries[own],
        products=found.products[own],
        both=found.both[own],
        signs=found.signs[own],
        magnitudes=found.magnitudes[own],
    )
    return leave_out_non_finite(table)
