"""What a pass does tensor by tensor, in file order: the list that is costed before the run and walked by it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from math import prod

from engine.checkpoints.header import DType, TensorSpec
from engine.document.model import NodeId
from engine.operation import Sink
from engine.planning.coefficient import NOTHING_KNOWN, Strengths
from engine.planning.linear import Folding, Form, Segments
from engine.planning.misfit import Shape, ShapeDifference
from engine.planning.needs import Needs, NeedsFinder
from engine.planning.passes import ModelReduction, StreamPass
from engine.planning.resolve import Resolved


@dataclass(frozen=True)
class OutputTensor:
    """Hold one tensor of an export as it will be written."""

    name: str
    shape: Shape
    dtype: DType
    parent: TensorSpec
    """The structural parent's tensor (the base's, for a vector)."""
    is_edited: bool
    """False for integers and booleans: copied from the parent whatever the formula."""

    @property
    def size_bytes(self) -> int:
        """Return the bytes it takes in the file."""
        return prod(self.shape) * self.dtype.size_bytes


@dataclass(frozen=True)
class TensorWork:
    """Hold what one pass does for one tensor."""

    tensor: str
    entries: int
    needs: Needs
    specs: tuple[TensorSpec, ...]
    """Where it lies in each source that is read and has it."""
    sinks: tuple[NodeId, ...] = ()
    similarities: tuple[NodeId, ...] = ()
    reductions: tuple[ModelReduction, ...] = ()
    precision: DType = DType.F32
    """What it is computed in: F64 when asked for, or when an operand or the output is."""
    is_raw: bool = False
    """Whether bytes are copied without a look at what they mean (integers)."""


@dataclass
class _Consumers:
    """Gather who wants a tensor, and the forms they want of it."""

    sinks: list[NodeId] = field(default_factory=list[NodeId])
    similarities: list[NodeId] = field(default_factory=list[NodeId])
    reductions: list[ModelReduction] = field(default_factory=list[ModelReduction])
    segments: list[Segments] = field(default_factory=list[Segments])


class WorkPlanner:
    """List the work of passes on one resolved graph."""

    def __init__(self, resolved: Resolved, folding: Folding, known: Strengths = NOTHING_KNOWN) -> None:
        """Keep what to look forms and headers up in; what known strengths of 0 leave out is no work."""
        self.resolved = resolved
        self.folding = folding
        self.needs = NeedsFinder(folding, known)
        self._dtypes: dict[NodeId, dict[str, DType]] = {}
        self._doubles = resolved.graph.document.settings.precision == "float64"

    def output_tensors(self, sink: NodeId) -> tuple[OutputTensor, ...]:
        """Return the tensors that an output node writes, in the parent's file order."""
        step = self.resolved.graph.steps[sink]
        is_vector = step.behaviour == Sink("vector")
        value = self.resolved.values[self.sink_value(sink)]
        if value.parent is None:
            return ()
        wanted = _DTYPES.get(str(step.parameters["dtype"]))
        source = self.resolved.sources[value.parent]
        return tuple(
            OutputTensor(spec.name, spec.shape, wanted or spec.dtype, spec, is_edited=True)
            if spec.dtype.is_float
            else OutputTensor(spec.name, spec.shape, spec.dtype, spec, is_edited=False)
            for spec in source.header.tensors.values()
            if spec.dtype.is_float or not is_vector
        )

    def output_dtype(self, sink: NodeId, tensor: str) -> DType:
        """Return the dtype in which an output node writes a tensor."""
        if sink not in self._dtypes:
            self._dtypes[sink] = {output.name: output.dtype for output in self.output_tensors(sink)}
        return self._dtypes[sink][tensor]

    def sink_value(self, sink: NodeId) -> NodeId:
        """Return the node whose value an output node writes."""
        step = self.resolved.graph.steps[sink]
        port = step.behaviour.kind if isinstance(step.behaviour, Sink) else "checkpoint"
        return step.inputs[port][0].node

    def stream_work(self, stream: StreamPass) -> tuple[TensorWork, ...]:
        """Return the work of a streamed pass."""
        groups: dict[tuple[str, int], _Consumers] = {}
        raw: list[TensorWork] = []
        for sink in stream.sinks:
            raw += self._collect_sink(sink, groups)
        for node in stream.similarities:
            self._collect_similarity(node, groups)
        for reduction in stream.reductions:
            for tensor, entries in self._tensors_of(reduction.kernel):
                consumers = groups.setdefault((tensor, entries), _Consumers())
                consumers.reductions.append(reduction)
                consumers.segments += [item for many in self.needs.operand_segments(reduction.kernel, tensor).values() for item in many]
        return (*(self._gather(tensor, entries, consumers) for (tensor, entries), consumers in groups.items()), *raw)

    def checkpoint_work(self, node: NodeId) -> tuple[TensorWork, ...]:
        """Return the work of filling a model with a checkpoint's value."""
        return tuple(
            self._tensor_work(tensor, entries, (self.folding.segments(node, tensor),)) for tensor, entries in self._tensors_of(node)
        )

    def forms_work(self, tensor: str, entries: int, segments: Iterable[Segments]) -> TensorWork:
        """Return the work of computing some values of one tensor."""
        return self._tensor_work(tensor, entries, tuple(segments))

    def _tensors_of(self, node: NodeId) -> Iterator[tuple[str, int]]:
        for tensor, shape in self.resolved.values[node].shapes.items():
            yield tensor, prod(shape)

    def _collect_sink(self, sink: NodeId, groups: dict[tuple[str, int], _Consumers]) -> list[TensorWork]:
        """Add an output's edited tensors to the groups; return the work of its copied ones."""
        value = self.sink_value(sink)
        raw: list[TensorWork] = []
        for tensor in self.output_tensors(sink):
            entries = prod(tensor.shape)
            if tensor.is_edited:
                consumers = groups.setdefault((tensor.name, entries), _Consumers())
                consumers.sinks.append(sink)
                consumers.segments.append(self.folding.segments(value, tensor.name))
            else:
                needs = Needs((self.parent_identity(value),), (), 1)
                raw.append(TensorWork(tensor.name, entries, needs, (tensor.parent,), sinks=(sink,), is_raw=True))
        return raw

    def _collect_similarity(self, node: NodeId, groups: dict[tuple[str, int], _Consumers]) -> None:
        vectors = self.compared_vectors(node)
        base = self.shared_base(node)
        for tensor, entries in self._tensors_of(vectors[0]):
            consumers = groups.setdefault((tensor, entries), _Consumers())
            consumers.similarities.append(node)
            consumers.segments += [self.compared_segments(node, vector, tensor) for vector in vectors]
            consumers.segments += [self.folding.segments(base, tensor)] if base is not None else []

    def compared_vectors(self, similarity: NodeId) -> tuple[NodeId, ...]:
        """Return the nodes of the vectors that are compared, in the order of their wires."""
        return tuple(operand.node for operand in self.resolved.graph.steps[similarity].inputs["vectors"])

    def compared_segments(self, similarity: NodeId, vector: NodeId, tensor: str) -> Segments:
        """Return the form in which a vector is compared with the first one; () where it has nothing that fits."""
        first = self.compared_vectors(similarity)[0]
        shape, own = self.resolved.values[first].shapes[tensor], self.resolved.values[vector].shapes.get(tensor)
        crops = self.resolved.graph.document.settings.misfit == "common_rows"
        fits = own == shape or (crops and own is not None and ShapeDifference(tensor, shape, own).shared_entries > 0)
        return self.folding.segments(vector, tensor) if fits else ()

    def shared_base(self, similarity: NodeId) -> NodeId | None:
        """Return the source (by identity) that all compared vectors were measured from, if it is one and has their tensors."""
        values = [self.resolved.values[vector] for vector in self.compared_vectors(similarity)]
        bases = frozenset(base for value in values for base in value.bases)
        base = next(iter(bases)) if len(bases) == 1 else None
        return base if base is not None and self.resolved.values[base].shapes == values[0].shapes else None

    def parent_identity(self, value: NodeId) -> NodeId:
        """Return the identity of the source that a value has its names, dtypes and integers from."""
        parent = self.resolved.values[value].parent
        return self.resolved.sources[parent].identity if parent else value

    def _gather(self, tensor: str, entries: int, consumers: _Consumers) -> TensorWork:
        work = self._tensor_work(tensor, entries, consumers.segments)
        return replace(
            work, sinks=tuple(consumers.sinks), similarities=tuple(consumers.similarities), reductions=tuple(consumers.reductions)
        )

    def _tensor_work(self, tensor: str, entries: int, segments: Iterable[Segments]) -> TensorWork:
        needs = self.needs.find(self._forms(segments), tensor)
        specs = self._find_specs(tensor, needs)
        return TensorWork(tensor, entries, needs, specs, precision=self._choose_precision(specs))

    def _find_specs(self, tensor: str, needs: Needs) -> tuple[TensorSpec, ...]:
        sources = self.resolved.sources
        held = [sources[source].header.tensors for source in needs.sources]
        return tuple([tensors[tensor] for tensors in held if tensor in tensors])

    def _forms(self, segments: Iterable[Segments]) -> tuple[Form, ...]:
        return tuple(dict.fromkeys(form for many in segments for _, form in many))

    def _choose_precision(self, specs: Iterable[TensorSpec]) -> DType:
        # An F64 tensor would lose bits in float32, so it is computed in its own precision.
        return DType.F64 if self._doubles or DType.F64 in {spec.dtype for spec in specs} else DType.F32


_DTYPES = {"float32": DType.F32, "bfloat16": DType.BF16, "float16": DType.F16}
