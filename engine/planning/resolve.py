"""What flows through each wire, known from headers alone: tensors and shapes, structural parents, bases, misfits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from engine.checkpoints.adapters import open_adapter
from engine.checkpoints.header import Header
from engine.checkpoints.quantisation import explain_quantisation
from engine.checkpoints.series_folder import SeriesEntry
from engine.checkpoints.sources import open_checkpoint
from engine.document.model import NodeId
from engine.errors import CheckpointError, DamagedFileError, NotFoundError, ReadError
from engine.operation import Adapter, Choice, Kernel, Linear, Measure, PortKind, Source, find_parent_port
from engine.planning.misfit import Misfit, Shape, ShapeDifference, compare_shapes, describe_misfit
from engine.planning.moved import find_moved
from engine.planning.series import Expansion
from engine.planning.structure import Graph, Operand, Step
from engine.planning.tied import describe_unread, describe_untied, find_aliases
from engine.problems import Problem, error, warning
from engine.tensor_names import find_places


@dataclass(frozen=True)
class OpenedSource:
    """Hold a checkpoint or adapter node with the header of what it points to."""

    node: NodeId
    header: Header
    identity: NodeId
    """The first node of the graph that points to the same files: bases are compared by it, and it is read once."""
    adapts: NodeId | None = None
    """For an adapter the node whose value it is a difference from; it holds no model of its own."""
    settings: tuple[str, ...] = ()
    """What an adapter's config says, as people name it: rank 8, alpha 16."""
    stored: Header | None = None
    """For an adapter what its file holds, by the file's own names."""


@dataclass(frozen=True)
class FlowingValue:
    """Hold what is known of a checkpoint or vector before its tensors are read."""

    kind: PortKind
    shapes: Mapping[str, Shape]
    """The floating-point tensors, in file order of the structural parent (of the base, for a vector)."""
    parent: NodeId | None
    """The source that gives names, dtypes, integers and configuration; for a vector the one it was measured from."""
    bases: frozenset[NodeId]
    """The sources (by identity) that the vector was measured from; for a checkpoint its structural parent."""


@dataclass(frozen=True)
class Decision:
    """Hold what a misfit policy did at a node."""

    node: NodeId
    policy: str
    misfit: Misfit


@dataclass(frozen=True)
class Resolved:
    """Hold a graph with all its values known by name and shape."""

    graph: Graph
    sources: Mapping[NodeId, OpenedSource]
    values: Mapping[NodeId, FlowingValue]
    limits: Mapping[NodeId, Mapping[str, int]]
    """Per node: tensors of which only the first so many entries are edited (0: none); the rest is the parent's."""
    decisions: tuple[Decision, ...]
    aliases: Mapping[NodeId, tuple[str, ...]]
    """Per source identity: tensors stored twice that a base it is joined to ties; the base's results have no place for them."""
    expansion: Expansion
    """What the nodes of series became."""

    def title(self, node: NodeId) -> str:
        """Return what the user calls a node, with its id where others are called the same: ‘Apply (edit)’.

        A vector without a name is called after the checkpoint it is made of, as those of a series are: ‘Task vector of Digits’.
        """
        return self._titles[node] if node in self._titles else self.graph.document.nodes[node].title

    @cached_property
    def _titles(self) -> Mapping[NodeId, str]:
        own = {step.id: step.title for step in self.graph.steps.values()}
        apart, made = _tell_apart(own), {step.id: _find_made_of(step) for step in self.graph.steps.values()}
        return _tell_apart({node: f"{own[node]} of {apart[source]}" if source else own[node] for node, source in made.items()})


def _tell_apart(titles: Mapping[NodeId, str]) -> Mapping[NodeId, str]:
    """Return titles of which no two are the same: with their nodes' ids, where they were."""
    counts = Counter(titles.values())
    return {node: title if counts[title] == 1 else f"{title} ({node})" for node, title in titles.items()}


def _find_made_of(step: Step) -> NodeId | None:
    """Return the checkpoint that a vector without a name of its own is the change of; None for all others."""
    if step.node.label or step.node.source_name or PortKind.VECTOR not in step.operation.outputs:
        return None
    compared = step.inputs.get("base", ())
    others = [operand for operand in step.operands if operand not in compared]
    is_change = bool(compared) and len(others) == 1 and others[0].kind is PortKind.CHECKPOINT
    return others[0].node if is_change else None


@dataclass
class _Draft:
    graph: Graph
    expansion: Expansion
    sources: dict[NodeId, OpenedSource] = field(default_factory=dict[NodeId, OpenedSource])
    values: dict[NodeId, FlowingValue] = field(default_factory=dict[NodeId, FlowingValue])
    limits: dict[NodeId, Mapping[str, int]] = field(default_factory=dict[NodeId, Mapping[str, int]])
    decisions: list[Decision] = field(default_factory=list[Decision])
    aliases: dict[NodeId, tuple[str, ...]] = field(default_factory=dict[NodeId, tuple[str, ...]])
    by_files: dict[frozenset[Path], NodeId] = field(default_factory=dict[frozenset[Path], NodeId])
    """The first checkpoint node that points to certain files."""
    missing: list[NodeId] = field(default_factory=list[NodeId])
    """Sources of which nothing lies where they point."""
    problems: list[Problem] = field(default_factory=list[Problem])


def resolve_values(graph: Graph, folder: Path, expansion: Expansion | None = None) -> tuple[Resolved, list[Problem]]:
    """Return what flows where, and the problems that only the headers reveal; sources are relative to `folder`.

    Args:
        graph: what is sound of the document.
        folder: what relative paths count from.
        expansion: how the document's series were written out in the graph; None where it has none.
    """
    written_out = expansion or Expansion(graph.document, {}, {})
    draft = _Draft(graph, written_out)
    for step in graph.steps.values():
        if all(operand.node in draft.values for operand in step.operands if operand.kind in _TENSOR_KINDS):
            _resolve_step(step, folder, draft)
    present = [stamp.path for source in draft.sources.values() for stamp in source.header.files]
    draft.problems += find_moved(folder, draft.missing, present)
    resolved = Resolved(graph, draft.sources, draft.values, draft.limits, tuple(draft.decisions), draft.aliases, written_out)
    return resolved, graph.weigh_problems(draft.problems)


_TENSOR_KINDS = (PortKind.CHECKPOINT, PortKind.VECTOR)


def _resolve_step(step: Step, folder: Path, draft: _Draft) -> None:
    match step.behaviour:
        case Source(kind="checkpoint"):
            _open_source(step, folder, draft)
        case Adapter(base):
            _open_adapter(step, step.inputs[base][0].node, folder, draft)
        case Linear() | Kernel() | Choice():
            _join_operands(step, draft)
        case Measure(kind="similarity"):
            reference, *others = step.inputs["vectors"]
            for other in others:
                _join(step, reference, other, draft)
        case _:
            pass


def _open_source(step: Step, folder: Path, draft: _Draft) -> None:
    try:
        header = open_checkpoint(str(step.parameters["source"]), folder)
        reason = explain_quantisation(header)
    except (CheckpointError, ReadError) as fault:
        draft.problems.append(_tell_unread(step, fault, draft.expansion.find_entry(step.id)))
        draft.missing += [step.id] if isinstance(fault, NotFoundError) else []
        return
    if reason:
        message = f"“{step.title}” is quantised: its integers are not weights that can be added. {reason}"
        draft.problems.append(error(message, "Use the checkpoint before quantisation.", node=step.id, field="source"))
        return
    if not header.tensors:
        message = f"“{step.title}” holds no tensors."
        draft.problems.append(error(message, "Point to the file or folder that holds the weights.", node=step.id, field="source"))
        return
    draft.problems += _describe_refused(step, header)
    identity = draft.by_files.setdefault(_real_files(header), step.id)
    if identity != step.id:
        # However the path is spelled, the same file is read, hashed and listed once.
        twin = draft.sources[identity].header
        header = replace(header, tensors=twin.tensors, files=twin.files)
    draft.sources[step.id] = OpenedSource(step.id, header, identity)
    shapes = {spec.name: spec.shape for spec in header.tensors.values() if spec.dtype.is_float}
    draft.values[step.id] = FlowingValue(PortKind.CHECKPOINT, shapes, step.id, frozenset({identity}))


def _open_adapter(step: Step, base: NodeId, folder: Path, draft: _Draft) -> None:
    value = draft.values[base]
    try:
        opened = open_adapter(str(step.parameters["source"]), folder, value.shapes)
    except (CheckpointError, ReadError) as fault:
        draft.problems.append(error(_place_fault(fault), fault.remedy, node=step.id, field="source"))
        draft.missing += [step.id] if isinstance(fault, NotFoundError) else []
        return
    if opened.copies:
        names = ", ".join(opened.copies[:3])
        message = f"“{step.title}” also holds a copy of its base's {names}, as PEFT makes them; the wired base's own is used."
        draft.problems.append(warning(message, "That is right where the base is the one it was trained on.", node=step.id))
    draft.problems += _describe_refused(step, opened.header)
    # Its products are the same for every base: only what was trained whole is measured from one, form by form.
    adapters = (other for other in draft.sources.values() if other.adapts is not None)
    twin = next((other for other in adapters if other.header.tensors == opened.header.tensors), None)
    draft.sources[step.id] = OpenedSource(step.id, opened.header, twin.identity if twin else step.id, base, opened.settings, opened.stored)
    draft.values[step.id] = FlowingValue(PortKind.VECTOR, value.shapes, value.parent, value.bases)


def _real_files(header: Header) -> frozenset[Path]:
    return frozenset(stamp.path.resolve() for stamp in header.files)


def _tell_unread(step: Step, fault: CheckpointError | ReadError, entry: SeriesEntry | None) -> Problem:
    """Return what is wrong with a checkpoint; files of a series that are not whole may be so because a training goes on."""
    if entry is None or not isinstance(fault, NotFoundError | DamagedFileError):
        return error(_place_fault(fault), fault.remedy, node=step.id, field="source")
    message = f"Step {entry.number} of the series can't be read. {_place_fault(fault)}"
    hint = f"A training may be writing it still: then wait, and check again. If none is, move {entry.name} out of the series' folder."
    return error(message, hint, node=step.id, field="source")


def _place_fault(fault: CheckpointError | ReadError) -> str:
    """Return what is wrong with a source, and with which of its files where the sentence does not name it."""
    path = fault.location.path
    return f"{path}: {fault.fact}" if path and path not in fault.fact else fault.fact


def _describe_refused(step: Step, header: Header) -> list[Problem]:
    ignored = header.metadata.get("ignored", "")
    return [warning(f"“{step.title}” also holds what is no tensor; it is left out: {ignored}.", node=step.id)] if ignored else []


# --- joining operands: which tensors they share, and what to do about those they do not ---


def _join_operands(step: Step, draft: _Draft) -> None:
    operands = [operand for operand in step.operands if operand.kind in _TENSOR_KINDS]
    reference = _reference_operand(step)
    if reference is None:
        return
    value = draft.values[reference.node]
    limits: dict[str, int] = {}
    for operand in operands:
        if operand is not reference and operand.node != reference.node:
            for tensor, limit in _join(step, reference, operand, draft).items():
                limits[tensor] = min(limit, limits.get(tensor, limit))
    _inherit(step, value, operands, draft)
    if limits:
        draft.limits[step.id] = limits
    if isinstance(step.behaviour, Linear) and step.behaviour.find_idle:
        idle = step.behaviour.find_idle(find_places(value.shapes).values())
        draft.problems += [warning(sentence, "Look the names up in the inspector of a checkpoint.", node=step.id) for sentence in idle]


def _reference_operand(step: Step) -> Operand | None:
    """Return the operand whose tensors the result has: the structural parent, the base of a difference, else the first."""
    port = find_parent_port(step.behaviour) or ("base" if "base" in step.inputs else "")
    named = step.inputs.get(port, ())
    return next(iter(named), None) or next((operand for operand in step.operands if operand.kind in _TENSOR_KINDS), None)


def _inherit(step: Step, reference: FlowingValue, operands: Sequence[Operand], draft: _Draft) -> None:
    kind = step.operation.outputs[0]
    vectors = [draft.values[operand.node] for operand in operands if operand.kind is PortKind.VECTOR]
    bases = frozenset(base for vector in vectors for base in vector.bases) if vectors else reference.bases
    draft.problems += _warn_of_bases(step, reference, bases, draft) if vectors else []
    if kind is PortKind.CHECKPOINT:
        bases = reference.bases
    draft.values[step.id] = FlowingValue(kind, reference.shapes, reference.parent, bases)


def _warn_of_bases(step: Step, reference: FlowingValue, bases: frozenset[NodeId], draft: _Draft) -> list[Problem]:
    def names(nodes: frozenset[NodeId]) -> str:
        return ", ".join(f"‘{draft.graph.steps[node].title}’" for node in sorted(nodes))

    if step.operation.outputs[0] is PortKind.CHECKPOINT and bases != reference.bases:
        message = f"The vector was measured from {names(bases)} and is applied to {names(reference.bases)}."
    elif step.operation.outputs[0] is PortKind.VECTOR and len(bases) > 1:
        message = f"These vectors were measured from different bases: {names(bases)}."
    else:
        return []
    return [warning(message, "That is right for a chat vector; otherwise take the same base everywhere.", node=step.id)]


def _join(step: Step, reference: Operand, operand: Operand, draft: _Draft) -> Mapping[str, int]:
    """Return the limits that an operand's misfit puts on the result, and note the problem or the decision."""
    value, other = draft.values[reference.node], draft.values[operand.node]
    if other.shapes is value.shapes or other.shapes == value.shapes:
        return {}
    policy = _policy(step, draft.graph)
    misfit = _drop_aliases(compare_shapes(value.shapes, other.shapes), operand, policy, draft)
    if misfit.is_empty:
        return {}
    if policy == "stop":
        titles = (draft.graph.steps[operand.node].title, draft.graph.steps[reference.node].title)
        draft.problems.append(describe_misfit(misfit, titles, step.id, "misfit" if "misfit" in step.parameters else ""))
        return {}
    draft.decisions.append(Decision(step.id, policy, misfit))
    limits = dict.fromkeys(misfit.missing, 0)
    return limits | {difference.name: _shared_entries(difference, policy) for difference in misfit.shaped}


def _policy(step: Step, graph: Graph) -> str:
    own = str(step.parameters.get("misfit", "document"))
    return graph.document.settings.misfit if own == "document" else own


def _shared_entries(difference: ShapeDifference, policy: str) -> int:
    return difference.shared_entries if policy == "common_rows" else 0


def _drop_aliases(misfit: Misfit, operand: Operand, policy: str, draft: _Draft) -> Misfit:
    """Take out of the surplus what a tuned model stores although its base ties it (operations.md, law 7)."""
    source = draft.sources.get(operand.node)
    if source is None or source.adapts is not None or not misfit.surplus:
        return misfit
    try:
        aliases, untied = find_aliases(source.header, misfit.surplus)
    except (CheckpointError, ReadError) as fault:
        if policy != "stop":
            return misfit  # copies or not: the base has no place for them
        title = draft.graph.steps[operand.node].title
        draft.problems.append(describe_unread(title, misfit.surplus, fault.fact, operand.node))
        return Misfit(misfit.missing, (), misfit.shaped)
    if aliases:
        draft.aliases[source.identity] = tuple(dict.fromkeys((*draft.aliases.get(source.identity, ()), *aliases)))
    if policy == "stop":
        title = draft.graph.steps[operand.node].title
        draft.problems += [describe_untied(name, embedding, title, operand.node) for name, embedding in untied.items()]
    settled = {*aliases, *untied} if policy == "stop" else set(aliases)
    return Misfit(misfit.missing, tuple(name for name in misfit.surplus if name not in settled), misfit.shaped)
