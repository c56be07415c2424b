"""Compute values piece by piece: read what they need once, convert it, and add it up in the anchored form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

import numpy as np
import torch
from numpy.typing import NDArray

from engine.checkpoints.header import DType, TensorSpec
from engine.checkpoints.positioned_io import FileSet
from engine.document.model import NodeId
from engine.errors import NonFiniteError, ReadError
from engine.execution.buffers import Buffers, LastingArrays, view_bytes
from engine.execution.dtypes import TORCH_DTYPES, overflow_bound
from engine.execution.factors import FactorReader
from engine.execution.low_rank_rows import Factors, fill_rows
from engine.loops.mix import Terms, mix_and_round, mix_halves, mix_reals
from engine.operation import Operands, PortKind, Spot
from engine.planning.coefficient import Strengths, Symbol
from engine.planning.linear import Form, Segments, iterate_ranges
from engine.planning.needs import kernel_of
from engine.planning.structure import Step
from engine.planning.work import TensorWork, WorkPlanner

Reduced = Mapping[NodeId, tuple[object, ...]]
"""Per kernel the results of its reductions so far."""
Kept = dict[NodeId, Operands]
"""Per kernel the pieces of its operands."""


@dataclass(frozen=True, slots=True)
class Term:
    """Hold one summand of a form, ready to compute."""

    node: NodeId
    factor: float
    is_difference: bool
    """Whether the anchor is subtracted first: for checkpoints, not for the vectors that kernels make."""


@dataclass(frozen=True, slots=True)
class Sum:
    """Hold a form as the arithmetic needs it: plain numbers, worked out once for all pieces."""

    anchor: NodeId | None
    terms: tuple[Term, ...]
    copied: NodeId | None
    adds_anchor: bool
    keeps_bits: bool
    """Whether entries where the terms are 0 must come out with the anchor's own bits."""

    @property
    def nodes(self) -> Sequence[NodeId]:
        """Return the anchor, or any part where there is none, and the parts."""
        return (self.anchor or self.terms[0].node, *(term.node for term in self.terms))

    def mixed(self, dtype: type[np.float32 | np.float64]) -> Terms:
        """Return what the compiled loops take, with factors of a dtype."""
        factors = np.array([term.factor for term in self.terms], dtype=dtype)
        return Terms(factors, np.array([term.is_difference for term in self.terms]), self.adds_anchor, self.keeps_bits)

    @staticmethod
    def of(form: Form) -> Sum:
        """Return a form whose coefficients are all known."""
        anchor = form.anchor.node if form.anchor and form.anchor in form.atoms else None
        terms = tuple(
            Term(atom.node, float(weight.number or 0), atom.kind is PortKind.CHECKPOINT and anchor is not None)
            for atom, weight in form.terms
        )
        copied = form.copied.node if form.copied else None
        is_checkpoint = form.kind is PortKind.CHECKPOINT and anchor is not None
        return Sum(anchor, terms, copied, is_checkpoint, any(not term.is_difference for term in terms))


@dataclass(frozen=True)
class Ground:
    """Hold what all workers of a stream share."""

    planner: WorkPlanner
    files: FileSet
    device: torch.device
    strengths: dict[Symbol, Fraction]
    """The unknowns found so far."""
    allows_non_finite: bool
    model_results: Mapping[NodeId, tuple[object, ...]]
    """Per kernel the results of its reductions over the whole model."""
    sums: dict[int, tuple[Form, Sum]] = field(default_factory=dict[int, tuple[Form, Sum]])
    """Forms already worked out, by identity (hashing a form costs more than a small piece); the form is kept alive with it."""
    factors: FactorReader = field(init=False)
    """Of adapters."""

    def __post_init__(self) -> None:
        """Share the factors among all workers."""
        object.__setattr__(self, "factors", FactorReader(self.files))

    def sum_of(self, form: Form) -> Sum:
        """Return a form with the strengths filled in, ready to compute."""
        found = self.sums.get(id(form))
        if found is None:
            found = self.sums[id(form)] = (form, Sum.of(form.substitute(self.strengths)))
        return found[1]

    def set_strength(self, symbol: Symbol, strength: Fraction) -> None:
        """Fill in an unknown for the rest of the run."""
        self.strengths[symbol] = strength
        self.sums.clear()

    def with_strengths(self, strengths: Strengths) -> Ground:
        """Return the same ground with some unknowns set."""
        return replace(self, strengths={**self.strengths, **strengths}, sums={})

    def step(self, node: NodeId) -> Step:
        """Return a node of the graph."""
        return self.planner.resolved.graph.steps[node]

    def title(self, node: NodeId) -> str:
        """Return what the user calls a node."""
        return self.step(node).title

    def spec(self, source: NodeId, tensor: str) -> TensorSpec:
        """Return where a tensor of a source lies."""
        return self.planner.resolved.sources[source].header.tensors[tensor]


class PieceEvaluator:
    """Compute the values of one piece of one tensor; one for each worker."""

    def __init__(self, ground: Ground, buffers: Buffers, lasting: LastingArrays) -> None:
        """Keep what is shared and the arrays to work in; the lasting ones are for operands kept beyond a round."""
        self.ground = ground
        self._buffers = buffers
        self._lasting = lasting
        self._raw: dict[NodeId, torch.Tensor] = {}
        self._floats: dict[NodeId, torch.Tensor] = {}
        self._values: dict[int, torch.Tensor] = {}
        self._operands: Kept = {}
        self._keeps = False
        self._mapped: dict[NodeId, torch.Tensor] = {}
        self._factors: dict[NodeId, Factors] = {}
        self._at: tuple[TensorWork, int, int] | None = None
        self.reduced: Reduced = {}
        """Set by the stream before values of kernels are asked for."""

    def begin(self, work: TensorWork, offset: int, count: int, kept: Kept | None = None) -> None:
        """Turn to the entries [offset, offset + count) of a tensor; nothing lent for the piece before is valid any more.

        Args:
            work: the tensor.
            offset: a multiple of the block.
            count: the entries of the piece.
            kept: kernels' operands of this very piece from an earlier round; those computed now are added to it.
        """
        if self._at is None or self._at[0] is not work:
            self._factors.clear()
        self._at = None
        for cache in (self._raw, self._floats, self._values, self._mapped):
            cache.clear()
        self._keeps = kept is not None
        self._operands = kept if kept is not None else {}
        self._buffers.release()
        self.work, self.offset, self.count = work, offset, count
        self._at = (work, offset, count)

    def is_at(self, work: TensorWork, offset: int, count: int) -> bool:
        """Tell whether this very piece is the present one, so that what was read of it still holds."""
        return self._at == (work, offset, count)

    def raw(self, source: NodeId) -> torch.Tensor:
        """Return the bytes of a source's piece as they lie in the file (uint8, host); shorter where the source has fewer entries."""
        if source not in self._raw:
            spec = self.ground.spec(source, self.work.tensor)
            width = spec.dtype.size_bytes
            count = max(min(self.count, spec.count - self.offset), 0)
            array = self._buffers.take_host(count * width)
            try:
                self.ground.files.read_into(spec.path, view_bytes(array), spec.offset + self.offset * width)
            except ReadError as fault:
                raise fault.located(node=self.ground.title(source), tensor=self.work.tensor, path=str(spec.path))  # noqa: B904
            self._raw[source] = array
        return self._raw[source]

    def take_host(self, size_bytes: int) -> torch.Tensor:
        """Return bytes of the host's memory to make an output in, until the next piece begins."""
        return self._buffers.take_host(size_bytes)

    def floats(self, source: NodeId) -> torch.Tensor:
        """Return a source's piece in the compute dtype, on the device."""
        if source not in self._floats and self.ground.spec(source, self.work.tensor).product:
            self._floats[source] = self._multiply(source)
        elif source not in self._floats:
            dtype = TORCH_DTYPES[self.ground.spec(source, self.work.tensor).dtype]
            stored = self.raw(source).view(dtype)
            if stored.dtype == self._compute_dtype and self.ground.device.type == "cpu":
                self._floats[source] = stored
            else:
                moved = stored.to(self.ground.device, non_blocking=True)
                self._floats[source] = self._take(stored.numel()).copy_(moved)
        return self._floats[source]

    def _multiply(self, source: NodeId) -> torch.Tensor:
        """Return an adapter's piece, shorter where it has fewer entries; made on the processor, its bits are the same for every device."""
        spec = self.ground.spec(source, self.work.tensor)
        if spec.product and source not in self._factors:
            try:
                self._factors[source] = self.ground.factors.read(spec.product)
            except ReadError as fault:
                raise fault.located(node=self.ground.title(source), tensor=self.work.tensor, path=str(spec.path))  # noqa: B904
        count = max(min(self.count, spec.count - self.offset), 0)
        host = self._buffers.take_host(count * self._compute_dtype.itemsize).view(self._compute_dtype)
        fill_rows(host, self._factors[source], self.offset)
        return host if self.ground.device.type == "cpu" else self._take(count).copy_(host, non_blocking=True)

    def value(self, segments: Segments) -> torch.Tensor:
        """Return a value's piece in the compute dtype; not to be written to."""
        found = self._values.get(id(segments))
        if found is None:
            found = self._values[id(segments)] = self._fill(self._take(self.count), segments)
        return found

    def _fill(self, out: torch.Tensor, segments: Segments) -> torch.Tensor:
        done = 0
        for start, stop, form in iterate_ranges(segments, self.offset, self.count):
            self._compute(out[start:stop], self.ground.sum_of(form), start, stop)
            done = stop
        if done < self.count:
            out[done:].zero_()
        return out

    def operands(self, kernel: NodeId) -> Operands:
        """Return the pieces of a kernel's operands, per port."""
        if kernel not in self._operands:
            segments = self.ground.planner.needs.operand_segments(kernel, self.work.tensor)
            self._operands[kernel] = {port: tuple(self._operand(item) for item in many) for port, many in segments.items()}
        return self._operands[kernel]

    def _operand(self, segments: Segments) -> torch.Tensor:
        """Return a value's piece, in memory of its own where it is kept beyond this round."""
        if not self._keeps:
            return self.value(segments)
        out = self._lasting.take(self._compute_dtype, self.count)
        known = self._values.get(id(segments))
        return self._fill(out, segments) if known is None else out.copy_(known)

    def spot(self, kernel: NodeId) -> Spot:
        """Return the place of this piece as a kernel sees it."""
        return Spot(kernel, self.work.tensor, self.offset, self.work.entries)

    def mapped(self, kernel: NodeId) -> torch.Tensor:
        """Return the piece of a kernel's result; its reductions must be known."""
        if kernel not in self._mapped:
            operands = self.operands(kernel)
            for operand in (item for many in operands.values() for item in many):
                # A kernel may drop entries, so NaN and infinity must be seen before it does.
                self.check(operand, None)
            self._mapped[kernel] = kernel_of(self.ground.step(kernel)).map(operands, self.reduced.get(kernel, ()), self.spot(kernel))
        return self._mapped[kernel]

    def check(self, value: torch.Tensor, output: DType | None) -> None:
        """Stop at NaN, infinity, and what rounds to infinity in the output's dtype.

        Raises:
            NonFiniteError: with the tensor, the first such entry and where it comes from.
        """
        if self.ground.allows_non_finite or not value.numel():
            return
        low, high = _find_ends(value)
        bound = overflow_bound(output) if output else float("inf")
        # A comparison with NaN is false, so this also catches NaN.
        if not (-bound < low and high < bound):
            raise self._non_finite(value, output, bound)

    @property
    def _compute_dtype(self) -> torch.dtype:
        return TORCH_DTYPES[self.work.precision]

    def _take(self, count: int) -> torch.Tensor:
        return self._buffers.take(self._compute_dtype, count)

    def _atom(self, node: NodeId, start: int, stop: int) -> torch.Tensor:
        whole = self.floats(node) if node in self.ground.planner.resolved.sources else self.mapped(node)
        return whole if stop - start == whole.numel() else whole[start:stop]

    def _compute(self, out: torch.Tensor, form: Sum, start: int, stop: int) -> None:
        """Put anchor + Σ cᵢ(θᵢ − anchor) + Σ dⱼκⱼ into `out` (a vector: without the anchor)."""
        if form.copied:
            out.copy_(self._atom(form.copied, start, stop))
        elif not form.terms:
            out.zero_()
        elif self.ground.device.type == "cpu":
            self._mix(out, form, start, stop)
        else:
            self._add_up(out, form, start, stop)

    def _add_up(self, out: torch.Tensor, form: Sum, start: int, stop: int) -> None:
        """Do on a GPU what `_compute` does, term by term."""
        anchor = self._atom(form.anchor, start, stop) if form.anchor else out
        scratch = self._take(stop - start) if len(form.terms) > 1 else out
        for index, term in enumerate(form.terms):
            part = self._atom(term.node, start, stop)
            if term.is_difference:
                part = torch.sub(part, anchor, out=scratch if index else out)
            _add_scaled(out, part, term.factor, is_first=index == 0)
        if form.adds_anchor:
            _add_anchor(out, anchor, keeps_bits=form.keeps_bits)

    def _mix(self, out: torch.Tensor, form: Sum, start: int, stop: int) -> None:
        """Do on the processor what `_compute` does, in one reading of each part as it is stored."""
        halves = self._halves(form, start, stop)
        if halves:
            mix_halves(halves[1:], halves[0], form.mixed(np.float32), out.numpy())
        else:
            anchor, *parts = (self._atom(node, start, stop).numpy() for node in form.nodes)
            mix_reals(tuple(parts), anchor, form.mixed(anchor.dtype.type), out.numpy())

    def round_halves(self, segments: Segments, out: torch.Tensor) -> bool:
        """Write a value as bfloat16 (its bits) where one loop over stored bfloat16 does it; return whether that was so, and it fits."""
        if len(segments) != 1 or id(segments) in self._values or self.ground.device.type != "cpu":
            return False
        form = self.ground.sum_of(segments[0][1])
        halves = self._halves(form, 0, self.count) if form.terms and not form.copied else ()
        if not halves:
            return False
        # A comparison with NaN is false.
        return bool(mix_and_round(halves[1:], halves[0], form.mixed(np.float32), out.numpy()) < overflow_bound(DType.BF16))

    def _halves(self, form: Sum, start: int, stop: int) -> tuple[NDArray[np.uint16], ...]:
        """Return the bits of the anchor and the parts; nothing where they are not all bfloat16."""
        if self.work.precision is not DType.F32 or not all(self._is_halves(node) for node in form.nodes):
            return ()
        return tuple(self.raw(node).view(torch.uint16)[start:stop].numpy() for node in form.nodes)

    def _is_halves(self, node: NodeId) -> bool:
        if node not in self.ground.planner.resolved.sources:
            return False
        spec = self.ground.spec(node, self.work.tensor)
        return spec.dtype is DType.BF16 and spec.product is None

    def _non_finite(self, value: torch.Tensor, output: DType | None, bound: float) -> NonFiniteError:
        wrong = ~torch.isfinite(value) | (value.abs() >= bound)
        index = int(wrong.nonzero()[0])
        found = float(value[index])
        for source in self.work.needs.sources:
            given = self.floats(source)
            if index < given.numel() and not torch.isfinite(given[index]):
                fact = f"“{self.ground.title(source)}” holds {float(given[index])} at entry {self.offset + index}."
                remedy = "Repair the checkpoint, or allow such numbers in the graph's settings (non_finite: allow)."
                path = str(self.ground.spec(source, self.work.tensor).path)
                return NonFiniteError(fact, remedy).located(tensor=self.work.tensor, path=path)
        fact = f"The result {found:g} at entry {self.offset + index} does not fit into {output or 'the arithmetic'}."
        return NonFiniteError(fact, "Lower the strength, or export in a dtype with a larger range (bfloat16, float32).").located(
            tensor=self.work.tensor
        )


def _add_scaled(out: torch.Tensor, part: torch.Tensor, factor: float, *, is_first: bool) -> None:
    if not is_first:
        out.add_(part, alpha=factor)
    elif part is out:
        if factor != 1:
            out.mul_(factor)
    else:
        torch.mul(part, factor, out=out)


def _add_anchor(out: torch.Tensor, anchor: torch.Tensor, *, keeps_bits: bool) -> None:
    out.add_(anchor)
    if not keeps_bits:
        return
    # 0 + (−0) is +0: where a kernel leaves 0 the anchor's own bits go out (operations.md, law 2). Zeros are few, so they are looked up.
    zeros = torch.eq(out, 0).nonzero().view(-1)
    if zeros.numel():
        own = anchor[zeros]
        out[zeros] = torch.where(own == 0, own, out[zeros])


def _find_ends(values: torch.Tensor) -> tuple[float, float]:
    """Return the least and the greatest value, both NaN where there is one."""
    if values.device.type == "cpu":
        array = values.numpy()
        return float(array.min()), float(array.max())
    low, high = torch.aminmax(values)
    return float(low), float(high)
