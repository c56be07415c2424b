"""What TIES, DARE and other kernels will make, estimated before the run: the same graph, run on some blocks of each tensor.

Small checkpoints of the drawn blocks take the place of the graph's, and the engine itself does the rest. Cuts that are found over a tensor
are found over its blocks, and a random drop drops as many of them. Where a kernel cuts over the whole model, the small checkpoints hold
each tensor in the same proportion, so that the cut is as in the large ones; else small tensors are whole. The kernels' rows of the table
are estimates with standard errors; the others stay as they were. They are exact, and so tell where the draw has missed changes of a tensor:
the kernels' errors then cover what was missed.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file

from engine.checkpoints.header import TensorSpec
from engine.checkpoints.positioned_io import FileSet
from engine.document.json_values import FrozenMapping
from engine.document.model import Document, Node, NodeId, PortRef, Wire
from engine.execution.member_reader import MemberReader
from engine.execution.side_run import open_side_run
from engine.execution.stop import Stop
from engine.operation import Kernel, PortKind
from engine.planning.kernel_graph import KernelGraph
from engine.planning.options import RunOptions
from engine.similarity.estimate import DrawnBlocks, estimate_sum, scale_counts
from engine.similarity.estimate_errors import allow_for_missed, pool_errors
from engine.similarity.gram import VectorMeter
from engine.similarity.gram_table import Counts, Floats, GramTable
from engine.similarity.small_members import Add, draw_small, name_small, write_small
from engine.similarity.table_making import put_in, widen_table

KERNEL_BUDGET_BYTES = 64_000_000
"""Of the small checkpoints together: kernels take several times as long as reading."""


def estimate_kernels(graph: KernelGraph, table: GramTable, stop: Stop, budget_bytes: int = KERNEL_BUDGET_BYTES) -> GramTable:
    """Return a family's table with one more vector for each kernel, called by its node.

    Raises:
        EngineError: the small graph can't be run: a checkpoint holds NaN, a file can't be read.
        Cancelled: the user stopped.
    """
    drawn = draw_small(graph.files, budget_bytes, in_proportion=_cuts_over_model(graph))
    with tempfile.TemporaryDirectory(prefix="weightloom-") as place:
        folder = Path(place)
        write_small(graph.files, drawn, folder, _make_adder)
        options = RunOptions(device="cpu", fingerprints=False, flush=False)
        with open_side_run(_shrink(graph), folder, options, stop) as execution:
            execution.run()
            execution.commit()
        columns = _read_columns(graph, folder)
    return _extend(table, graph.kernels, columns, drawn)


def _cuts_over_model(graph: KernelGraph) -> bool:
    """Tell whether something is found over the whole model on the way to the kernels."""
    behaviours = [graph.resolved.graph.steps[node].behaviour for node in graph.keep_branches(graph.kernels).nodes]
    kernels = [behaviour for behaviour in behaviours if isinstance(behaviour, Kernel)]
    return any(reduction.scope == "model" for kernel in kernels for reduction in kernel.reductions)


def _shrink(graph: KernelGraph) -> Document:
    """Return the part of the graph that makes the kernels, on small checkpoints, with an export of each."""
    document = graph.keep_branches(graph.kernels)
    members = {name: number for number, name in enumerate((graph.files.base, *graph.files.vectors))}
    nodes = {node: _shrink_source(graph, node, members) for node in document.nodes}
    wires = list(document.wires)
    _shrink_adapters(graph, nodes, wires, members)
    for number, kernel in enumerate(graph.kernels):
        kind = graph.resolved.values[kernel].kind
        export = NodeId(f"weightloom-export-{number}")
        nodes[export] = Node(f"export_{kind}", FrozenMapping({"folder": _name_output(number), "dtype": "float32"}))
        wires.append(Wire(PortRef(kernel, str(kind)), PortRef(export, str(kind))))
    return replace(document, nodes=FrozenMapping(nodes), wires=tuple(wires), frames=(), notes=())


def _shrink_adapters(graph: KernelGraph, nodes: dict[NodeId, Node], wires: list[Wire], members: Mapping[str, int]) -> None:
    """Let a small adapter be the task vector of what it makes of the base, which is what its small file holds."""
    for node in [node for node in nodes if (source := graph.resolved.sources.get(node)) and source.adapts is not None]:
        made, base = (NodeId(f"weightloom-{role}-{node}") for role in ("made", "base"))
        nodes[made], nodes[base] = (
            Node("checkpoint", FrozenMapping({"source": name_small(member)}))
            for member in (members[str(graph.resolved.sources[node].identity)], 0)
        )
        nodes[node] = Node("task_vector")
        wires[:] = [wire for wire in wires if wire.target.node != node]
        checkpoint = str(PortKind.CHECKPOINT)
        wires += [Wire(PortRef(made, checkpoint), PortRef(node, "tuned")), Wire(PortRef(base, checkpoint), PortRef(node, "base"))]


def _make_adder(files: FileSet) -> Add:
    """Return what adds an adapter's product to its base."""
    reader = MemberReader(files)

    def add(specs: tuple[TensorSpec, ...], start: int, count: int) -> bytes:
        reader.turn_to(specs)
        base, difference = torch.empty(2, count, dtype=torch.float64)
        reader.load(0, start, base)
        reader.load(1, start, difference)
        return base.add_(difference).numpy().tobytes()

    return add


def _shrink_source(graph: KernelGraph, node: NodeId, members: Mapping[str, int]) -> Node:
    source = graph.resolved.sources.get(node)
    own = graph.document.nodes[node]
    if source is None or source.adapts is not None:
        return own
    return replace(own, parameters=FrozenMapping({**own.parameters, "source": name_small(members[str(source.identity)])}))


def _name_output(number: int) -> str:
    return f"kernel-{number}"


def _read_columns(graph: KernelGraph, folder: Path) -> dict[str, Floats]:
    """Return, per tensor, θ₀, the differences and the kernels' values over the small checkpoints: (1 + V + K, entries)."""
    members = [load_file(folder / name_small(number)) for number in range(len(graph.files.headers))]
    values = [load_file(folder / _name_output(number) / "model.safetensors") for number in range(len(graph.kernels))]
    is_vector = [graph.resolved.values[kernel].kind is PortKind.VECTOR for kernel in graph.kernels]
    columns: dict[str, Floats] = {}
    for name in graph.files.tensors:
        base = members[0][name].double()
        differences = [member[name].double() - base for member in members[1:]]
        made = [value[name].double() - (0 if alone else base) for value, alone in zip(values, is_vector, strict=True)]
        columns[name] = torch.stack([base, *differences, *made]).numpy()
    return columns


def _extend(table: GramTable, kernels: Sequence[NodeId], columns: Mapping[str, Floats], drawn: Mapping[str, DrawnBlocks]) -> GramTable:
    wider = widen_table(table, kernels)
    errors = np.zeros_like(wider.products)
    meter = VectorMeter(len(wider.vectors))
    for row, name in enumerate(table.tensors):
        found = _measure(columns[name], drawn[name], meter)
        for whole, one in zip((wider.products, errors, wider.both, wider.signs, wider.magnitudes), found, strict=True):
            whole[row] = one
    estimated = replace(wider, errors=errors)
    draws = {row: drawn[name] for row, name in enumerate(table.tensors)}
    pool_errors(estimated, draws, np.ones(errors.shape, np.bool_))
    changed = np.array([_count_changed(columns[name], drawn[name])[: len(table.vectors) + 1] for name in table.tensors], np.int64)
    allow_for_missed(estimated, table.products, changed, draws)
    put_in(table, estimated)
    return estimated


def _measure(values: Floats, drawn: DrawnBlocks, meter: VectorMeter) -> tuple[Floats, Floats, Counts, Counts, Counts]:
    """Return products, their errors, both, signs and magnitudes of all columns over a tensor."""
    end = len(drawn.blocks) * drawn.block_entries
    blocks = values[:, :end].reshape(len(values), len(drawn.blocks), drawn.block_entries).swapaxes(0, 1)
    products, errors = estimate_sum(blocks @ blocks.swapaxes(1, 2), drawn)
    rest = values[:, end:]
    counted = zip(_count(values[1:, :end], meter), _count(rest[1:], meter), strict=True)
    counts = [scale_counts(inside, drawn) + beyond for inside, beyond in counted]
    return products + rest @ rest.T, errors, counts[0], counts[1], counts[2]


def _count_changed(values: Floats, drawn: DrawnBlocks) -> Counts:
    """Return, per column, in how many of the drawn blocks it is not zero."""
    blocks = values[:, : len(drawn.blocks) * drawn.block_entries].reshape(len(values), len(drawn.blocks), drawn.block_entries)
    return blocks.any(axis=2).sum(axis=1, dtype=np.int64)


def _count(values: Floats, meter: VectorMeter) -> tuple[Counts, Counts, Counts]:
    sums = meter.measure(None, list(torch.from_numpy(values)))
    return sums.both[1:, 1:], sums.signs[1:, 1:], sums.magnitudes[1:]
