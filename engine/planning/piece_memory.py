"""What a worker holds while it works on pieces: the arrays of `execution.buffers`, and those that kernels make.

Counted for the processor, whose loops read what is stored in bfloat16 as it is; a GPU keeps its floats in memory of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

from engine.checkpoints.header import DType
from engine.document.model import NodeId
from engine.operation import Kernel
from engine.planning.linear import Form, Segments
from engine.planning.work import TensorWork, WorkPlanner

_KEPT_FREE_BYTES = 16 << 20
"""Of what kernels have freed, what the heap of a thread keeps for the next (execution.allocator asks it to)."""
_METER_BYTES, _MEMBER_BYTES = 7 << 20, 272 << 10
"""Of what measures compared vectors (`similarity.row_sums.RowMeter`): in all, and for each vector and their base."""


@dataclass(frozen=True, slots=True)
class PieceArrays:
    """Count the arrays as long as a piece that are alive at once while one tensor is worked on."""

    entries: int
    """Of the longest piece of the tensor."""
    stored: int
    """In dtypes of files: what is read, and what is to be written."""
    stored_width: int
    """Bytes of an entry of the widest of them."""
    computed: int
    """Floats that are lent: converted inputs and values."""
    results: int
    """Floats that kernels make anew."""
    scratch: tuple[int, ...]
    """Per kernel the arrays that it holds only while it runs."""
    width: int
    """Bytes of such a float."""
    meters: int = 0
    """Bytes of what measures compared vectors; it stays for the whole pass."""

    @property
    def fresh_bytes(self) -> int:
        """Return the bytes that kernels make anew, with what is left of those of the kernel before."""
        size = self.entries * self.width
        left = min((sum(self.scratch) - max(self.scratch, default=0)) * size, _KEPT_FREE_BYTES)
        return (self.results + max(self.scratch, default=0)) * size + left


def worker_bytes(many: Iterable[PieceArrays]) -> int:
    """Return the most that one worker holds over many tensors.

    Lent arrays are used again for whatever comes next, so that each becomes as large as the largest use of any.
    """
    # Most tensors of a model are alike.
    held = set(many)
    stored = max((each.stored for each in held), default=0) * max((each.stored_width * each.entries for each in held), default=0)
    computed = 0
    for width in {each.width for each in held}:
        alike = [each for each in held if each.width == width]
        computed += width * max(each.computed for each in alike) * max(each.entries for each in alike)
    return stored + computed + max((each.fresh_bytes for each in held), default=0) + max((each.meters for each in held), default=0)


def count_arrays(planner: WorkPlanner, work: TensorWork, piece_entries: int) -> PieceArrays:
    """Return the arrays that one tensor takes."""
    width = work.precision.size_bytes
    entries = min(work.entries, piece_entries)
    outputs = [planner.output_dtype(sink, work.tensor) for sink in work.sinks]
    # A product is made in an array of a raw piece's kind, in what it is computed in.
    dtypes = [work.precision if spec.product else spec.dtype for spec in work.specs]
    widest = max((dtype.size_bytes for dtype in {*dtypes, *outputs}), default=0)
    if work.is_raw:
        return PieceArrays(entries, len(work.specs), widest, 0, 0, (), width)
    kernels = _list_kernels(work)
    # A value that several kernels take is made once.
    operands = len({id(segments) for segments in _list_operands(planner, work)})
    # The vectors of each comparison, with the base, or zeros in its place.
    compared = [len(planner.compared_vectors(node)) + 1 for node in work.similarities]
    return PieceArrays(
        entries=entries,
        stored=len(work.specs) + len(outputs),
        stored_width=widest,
        computed=_count_converted(planner, work, dtypes) + operands + sum(compared) + _count_written(planner, work, dtypes, outputs),
        results=len(kernels),
        scratch=tuple(_scratch_arrays(planner, kernel) for kernel in kernels),
        width=width,
        meters=sum(_METER_BYTES + members * _MEMBER_BYTES for members in compared),
    )


def _count_written(planner: WorkPlanner, work: TensorWork, dtypes: Sequence[DType], outputs: Sequence[DType]) -> int:
    """Return how many values are made before they are rounded: none where one loop reads, adds and rounds bfloat16."""
    if not (work.sinks or work.similarities or work.reductions):
        return 1
    allows = planner.resolved.graph.document.settings.non_finite == "allow"
    if allows or work.needs.kernels or not _are_halves(work, dtypes):
        return len(work.sinks)
    single = [len(planner.folding.segments(planner.sink_value(sink), work.tensor)) == 1 for sink in work.sinks]
    return sum(not (is_single and dtype is DType.BF16) for is_single, dtype in zip(single, outputs, strict=True))


def _count_converted(planner: WorkPlanner, work: TensorWork, dtypes: Sequence[DType]) -> int:
    """Return how many sources are converted to floats."""
    found = len(dtypes) - dtypes.count(work.precision)
    is_known = bool(work.sinks or work.similarities or work.reductions)
    if not is_known or not _are_halves(work, dtypes):
        return found
    # Those that are copied, or added to kernels' results; and the base, which an edit's size is measured by.
    atoms = {atom.node for form in _list_forms(planner, work) if form.copied or _has_kernel(planner, work, form) for atom in form.atoms}
    converted = len(atoms.intersection(planner.resolved.sources))
    return min(converted + len(work.sinks) + len(work.similarities), found)


def _are_halves(work: TensorWork, dtypes: Sequence[DType]) -> bool:
    return work.precision is DType.F32 and dtypes.count(DType.BF16) == len(dtypes)


def _list_forms(planner: WorkPlanner, work: TensorWork) -> Iterable[Form]:
    """Return the forms that are computed."""
    written = [planner.folding.segments(planner.sink_value(sink), work.tensor) for sink in work.sinks]
    compared = [
        planner.compared_segments(node, vector, work.tensor) for node in work.similarities for vector in planner.compared_vectors(node)
    ]
    return [form for segments in chain(written, compared, _list_operands(planner, work)) for _, form in segments]


def _list_operands(planner: WorkPlanner, work: TensorWork) -> list[Segments]:
    kernels = _list_kernels(work)
    if not kernels:
        return []
    ports = (planner.needs.operand_segments(kernel, work.tensor).values() for kernel in kernels)
    return [segments for many in ports for wires in many for segments in wires]


def _list_kernels(work: TensorWork) -> Sequence[NodeId]:
    if not work.reductions:
        return work.needs.kernels
    return tuple(dict.fromkeys((*work.needs.kernels, *(item.kernel for item in work.reductions))))


def _has_kernel(planner: WorkPlanner, work: TensorWork, form: Form) -> bool:
    return bool(work.needs.kernels) and any(atom.node not in planner.resolved.sources for atom in form.atoms)


def _scratch_arrays(planner: WorkPlanner, kernel: NodeId) -> int:
    behaviour = planner.resolved.graph.steps[kernel].behaviour
    return behaviour.scratch_arrays if isinstance(behaviour, Kernel) else 0
