"""What passes cost before they run: bytes read and written, and memory per worker."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from engine.checkpoints.header import DType, Product, TensorSpec
from engine.document.model import NodeId
from engine.operation import BLOCK_ENTRIES, SAMPLE_PIECES
from engine.planning.piece_memory import PieceArrays, count_arrays, worker_bytes
from engine.planning.work import TensorWork, WorkPlanner

PROCESS_BYTES = 440 << 20
"""What Python, torch, NumPy and the report's libraries hold before any tensor (measured: 350–440 MB, the most where loops are compiled)."""
LARGEST_PIECE = 1 << 19
"""Entries. Smaller pieces cost less processor time, as their arrays stay in the cache, but below this workers wait for one another's
interpreter lock: two workers at 2¹⁷ take 1.7 times as long as at 2¹⁹, at 2²⁰ 1.1 times (measured on two idle cores)."""
SMALLEST_PIECE = 1 << 16
KEPT_BYTES = 96 << 20
"""For operands kept between the rounds over a tensor: three vectors of a matrix of 8 M entries. Larger ones are read again, as fast."""


@dataclass(frozen=True, slots=True)
class StreamCost:
    """Hold what streaming some work costs."""

    bytes_read: int
    bytes_written: int
    worker_bytes: int
    """Memory of one worker: raw inputs, their floats, values, results."""


def cost_stream(planner: WorkPlanner, works: Iterable[TensorWork], piece_entries: int) -> StreamCost:
    """Return what some work costs with pieces of a size; operands that are kept between rounds save some of the reading."""
    read = written = 0
    arrays: list[PieceArrays] = []
    for work in works:
        visited = _visited_entries(work, piece_entries)
        read += _sum_read_bytes(work, visited)
        written += sum(work.entries * size for size in _output_sizes(planner, work))
        arrays.append(count_arrays(planner, work, piece_entries))
    return StreamCost(read, written, worker_bytes(arrays))


def read_bytes_by_source(planner: WorkPlanner, work: TensorWork, piece_entries: int) -> dict[NodeId, int]:
    """Return the bytes read of a tensor in each source, by identity."""
    visited = _visited_entries(work, piece_entries)
    headers = {source: planner.resolved.sources[source].header for source in work.needs.sources}
    specs = {source: header.tensors.get(work.tensor) for source, header in headers.items()}
    return {source: _read_bytes(spec, work, visited) for source, spec in specs.items() if spec is not None}


def factor_bytes(planner: WorkPlanner, works: Iterable[TensorWork], workers: int) -> int:
    """Return the memory of adapters' factors: every worker may be at another tensor, and those at one share them."""
    if all(source.adapts is None for source in planner.resolved.sources.values()):
        return 0
    held = [sum(_held_bytes(spec.product) for spec in work.specs if spec.product) for work in works]
    return sum(sorted(held, reverse=True)[:workers])


def operand_bytes(planner: WorkPlanner, work: TensorWork) -> int:
    """Return what the operands of a tensor's kernels take if they are kept between rounds."""
    width = 8 if work.precision is DType.F64 else 4
    wires = sum(len(many) for kernel in work.needs.kernels for many in planner.needs.operand_segments(kernel, work.tensor).values())
    return wires * work.entries * width


def _visited_entries(work: TensorWork, piece_entries: int) -> int:
    """Return how many entries are streamed over the rounds; a tensor that fits into a piece is read once whatever the rounds."""
    if work.entries <= piece_entries:
        return work.entries
    return work.needs.readings * work.entries + work.needs.samples * min(SAMPLE_PIECES * piece_entries, work.entries)


def _sum_read_bytes(work: TensorWork, visited: int) -> int:
    """Return the bytes read of a tensor; worked out once where it is alike in all sources, which is usual and saves a check 5 ms."""
    first = next(iter(work.specs), None)
    if first is not None and all(spec.shape == first.shape and spec.dtype is first.dtype and not spec.product for spec in work.specs):
        return len(work.specs) * _read_bytes(first, work, visited)
    return sum(_read_bytes(spec, work, visited) for spec in work.specs)


def _read_bytes(spec: TensorSpec, work: TensorWork, visited: int) -> int:
    """Return the bytes read of a source's tensor; the factors of a product are read once."""
    if spec.product:
        return sum(part.size_bytes for part in spec.stored)
    return min(spec.count * visited // max(work.entries, 1), visited) * spec.dtype.size_bytes


def _held_bytes(product: Product) -> int:
    """Return the memory of a product's factors: the right one in float64, both as the file has them while they are read, and a tile."""
    wide = 8 * product.rank * product.columns
    return product.left.size_bytes + product.right.size_bytes + wide + 8 * max(2 * BLOCK_ENTRIES, 2 * product.columns)


def _output_sizes(planner: WorkPlanner, work: TensorWork) -> list[int]:
    return [planner.output_dtype(sink, work.tensor).size_bytes for sink in work.sinks]
