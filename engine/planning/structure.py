"""The graph as a document draws it, checked by its structure alone: operations, parameters, wires, cycles."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from engine.catalogue import RESERVED, catalogue
from engine.document.model import Document, Node, NodeId, Wire
from engine.operation import (
    Behaviour,
    Choice,
    Coefficients,
    Counts,
    Input,
    Linear,
    Measure,
    Operation,
    PortKind,
    Sink,
    Source,
    find_parent_port,
)
from engine.parameters import ParameterError, Value
from engine.problems import Problem, Severity, error
from engine.tensor_names import Place


@dataclass(frozen=True, slots=True)
class Operand:
    """Name the output that a wire brings to an input."""

    node: NodeId
    kind: PortKind


@dataclass(frozen=True)
class Step:
    """Hold one node of the graph with everything its declaration and its wires say."""

    id: NodeId
    node: Node
    operation: Operation
    parameters: Mapping[str, Value]
    behaviour: Behaviour
    """For a muted node: what it does instead."""
    inputs: Mapping[str, tuple[Operand, ...]]
    """Per declared port, in the document's order."""

    @property
    def title(self) -> str:
        """Return what the user calls the node."""
        return self.node.label or self.node.source_name or self.operation.title

    @property
    def operands(self) -> tuple[Operand, ...]:
        """Return all wires that come in, port by port."""
        return tuple(operand for operands in self.inputs.values() for operand in operands)

    @property
    def counts(self) -> Counts:
        """Return the number of wires per port."""
        return {port: len(operands) for port, operands in self.inputs.items()}

    @property
    def draws(self) -> bool:
        """Tell whether the node runs at all: a muted source, measure or output does not."""
        return not (self.node.muted and isinstance(self.behaviour, Source | Measure | Sink))


@dataclass(frozen=True)
class Graph:
    """Hold the steps whose structure is sound, in an order in which inputs come before what uses them."""

    document: Document
    steps: Mapping[NodeId, Step]
    needed: frozenset[NodeId]
    """The nodes that an output or a measurement depends on, these included."""
    sinks: tuple[Step, ...] = ()
    """The output nodes that write, also those that hang on a broken node: what is wrong with their folders is told at once."""

    def ancestors(self, node: NodeId) -> frozenset[NodeId]:
        """Return the nodes that a node depends on, itself included."""
        return _ancestors(self.steps, [node])

    def weigh_problems(self, problems: Iterable[Problem]) -> list[Problem]:
        """Return the problems, those of nodes that nothing depends on as warnings: worth telling, but nothing that stops a run."""
        return [
            problem if problem.node in self.needed or not problem.node else dataclasses.replace(problem, severity=Severity.WARNING)
            for problem in problems
        ]


def read_graph(document: Document) -> tuple[Graph, list[Problem]]:
    """Return the graph of a document and everything that is wrong with its structure.

    A step is in the graph only when it and all that it depends on are sound, so what follows can rely on it.
    """
    problems: list[Problem] = []
    drafts = {name: step for name, node in document.nodes.items() if (step := _read_node(name, node, problems))}
    wired = {name: _wire_step(step, document, drafts, problems) for name, step in drafts.items()}
    needed = _find_needed(document, wired)
    problems += _find_stray_wires(document)
    for name, step in wired.items():
        silent = _find_silent_wires(step, document, drafts)
        is_needed = name in needed or isinstance(step.behaviour, Sink | Measure | Choice)
        told = {port.name for port, _ in silent} | _find_ports_behind_broken(step, document, drafts)
        problems += [_silent_problem(step, port, drafts[source], is_needed=is_needed) for port, source in silent]
        problems += _find_missing_wires(step, told, is_needed=is_needed)
    order, cycles = _sort(wired)
    problems += [_cycle_problem(document, cycle) for cycle in cycles]
    if not _does_anything(document, wired):
        problems.append(error("The graph writes and measures nothing.", "Add an Export checkpoint node and wire the result into it."))
    broken = {problem.node for problem in problems if problem.severity is Severity.ERROR and problem.node}
    broken |= {name for name, step in wired.items() if _find_ports_behind_broken(step, document, drafts)}
    sinks = tuple(step for step in wired.values() if isinstance(step.behaviour, Sink) and step.draws)
    return Graph(document, _sound_steps(wired, order, broken), needed, sinks), problems


def _does_anything(document: Document, wired: Mapping[NodeId, Step]) -> bool:
    """Tell whether a node writes or measures; of one that could not be read, its outputs tell."""
    unread = [catalogue().get(node.operation) for name, node in document.nodes.items() if name not in wired and not node.muted]
    if any(operation is None or not operation.outputs or PortKind.METRICS in operation.outputs for operation in unread):
        return True
    return any(isinstance(step.behaviour, Sink | Measure | Choice) and step.draws for step in wired.values())


def _read_node(name: NodeId, node: Node, problems: list[Problem]) -> Step | None:
    operation = catalogue().get(node.operation)
    if operation is None:
        problems.append(_unknown_operation(name, node))
        return None
    values: dict[str, Value] = {}
    for parameter in operation.parameters:
        try:
            # A tuple default (a list in the file) and a float default parse like any value from a file.
            values[parameter.name] = parameter.parse(node.parameters.get(parameter.name, parameter.default))
        except ParameterError as fault:
            problems.append(error(str(fault), node=name, field=parameter.name))
    for unknown in node.parameters.keys() - {parameter.name for parameter in operation.parameters}:
        hint = "It is kept in the file; remove it, or open the file with the version that wrote it."
        problems.append(error(f"{operation.title} has no parameter “{unknown}” in this version.", hint, node=name, field=unknown))
    if len(values) < len(operation.parameters):
        return None
    return Step(name, node, operation, values, operation.behaviour(values), {})


def _unknown_operation(name: NodeId, node: Node) -> Problem:
    if node.operation in RESERVED:
        hint = "Mute or remove the node, or wait for the version that brings it."
        return error(f"The operation “{RESERVED[node.operation]}” comes in a later version.", hint, node=name)
    hint = "The node is kept in the file; remove it, or open the file with the version that wrote it."
    return error(f"The operation “{node.operation}” is not known to this version.", hint, node=name)


def _wire_step(step: Step, document: Document, drafts: Mapping[NodeId, Step], problems: list[Problem]) -> Step:
    inputs = {port.name: _read_wires(step, port, document, drafts, problems) for port in step.operation.inputs}
    wired = dataclasses.replace(step, inputs=inputs)
    if step.node.muted:
        return _mute(wired)
    if step.operation.check and not _find_ports_behind_broken(step, document, drafts):
        problems += [error(sentence, node=step.id) for sentence in step.operation.check(step.parameters, wired.counts)]
    return wired


def _read_wires(step: Step, port: Input, document: Document, drafts: Mapping[NodeId, Step], problems: list[Problem]) -> tuple[Operand, ...]:
    wires = document.wires_into(step.id, port.name)
    operands: list[Operand] = []
    for wire in wires:
        kind = _kind_of(wire, drafts)
        if kind is port.kind and not drafts[wire.source.node].draws:
            continue  # told by `_find_silent_wires`
        if kind is port.kind:
            operands.append(Operand(wire.source.node, port.kind))
        elif kind is not None:
            problems.append(_misfit_problem(step, port, kind))
    if len(wires) > 1 and not port.many:
        problems.append(error(f"“{port.name}” takes one wire; it has {len(wires)}.", "Remove all but one.", node=step.id, field=port.name))
    return tuple(operands)


def _kind_of(wire: Wire, drafts: Mapping[NodeId, Step]) -> PortKind | None:
    source = drafts.get(wire.source.node)
    if source is None:
        return None
    return next((kind for kind in source.operation.outputs if kind == wire.source.port), None)


_KIND_WORDS = {
    PortKind.CHECKPOINT: "a checkpoint",
    PortKind.VECTOR: "a task vector",
    PortKind.TEST_SET: "a test set",
    PortKind.METRICS: "metrics",
}
_CONVERSIONS = {
    (PortKind.CHECKPOINT, PortKind.VECTOR): "Insert a Task vector node: it subtracts the base from it.",
    (PortKind.VECTOR, PortKind.CHECKPOINT): "Insert an Apply node: it adds the vector to a base.",
    (PortKind.CHECKPOINT, PortKind.METRICS): "Insert an Evaluate node.",
    (PortKind.VECTOR, PortKind.METRICS): "Insert a Similarity node.",
}


def _misfit_problem(step: Step, port: Input, kind: PortKind) -> Problem:
    message = f"{step.operation.title} needs {_KIND_WORDS[port.kind]} at “{port.name}”; this is {_KIND_WORDS[kind]}."
    return error(message, _CONVERSIONS.get((kind, port.kind), "Remove the wire."), node=step.id, field=port.name)


def _find_stray_wires(document: Document) -> list[Problem]:
    problems: list[Problem] = []
    known = catalogue()
    for wire in document.wires:
        source, target = document.nodes.get(wire.source.node), document.nodes.get(wire.target.node)
        if source is None or target is None:
            missing = wire.source.node if source is None else wire.target.node
            problems.append(error(f"The wire {wire.source} → {wire.target} hangs on “{missing}”, which is not there.", "Remove the wire."))
            continue
        gives, takes = known.get(source.operation), known.get(target.operation)
        if gives and wire.source.port not in gives.outputs:
            problems.append(error(f"{gives.title} has no output “{wire.source.port}”.", "Remove the wire.", node=wire.source.node))
        if takes and takes.input(wire.target.port) is None:
            problems.append(error(f"{takes.title} has no input “{wire.target.port}”.", "Remove the wire.", node=wire.target.node))
    return problems


def _find_missing_wires(step: Step, told: Collection[str], *, is_needed: bool) -> list[Problem]:
    """Return a problem for each input that has no wire; `told` are the ports whose wires come from broken or muted nodes."""
    ports = [port for port in _asking_ports(step) if not port.optional and not step.inputs[port.name] and port.name not in told]
    severity = Severity.ERROR if is_needed else Severity.WARNING
    return [
        Problem(severity, f"{step.operation.title} needs {_KIND_WORDS[port.kind]} at “{port.name}”.", "Wire one in.", step.id, port.name)
        for port in ports
    ]


def _find_ports_behind_broken(step: Step, document: Document, drafts: Mapping[NodeId, Step]) -> set[str]:
    """Return the ports with a wire from a node that could not be read: that node has the problem, this one just waits for it."""
    return {
        port.name
        for port in _asking_ports(step)
        for wire in document.wires_into(step.id, port.name)
        if wire.source.node in document.nodes and wire.source.node not in drafts
    }


def _asking_ports(step: Step) -> Sequence[Input]:
    """Return the inputs that count: a muted node asks for what it passes on only."""
    if not step.node.muted:
        return step.operation.inputs
    kept = _kept_ports(step) if step.draws else ()
    return [port for port in step.operation.inputs if port.name in kept]


# --- muted nodes (operations.md, Muted nodes) ---


def _passing_ports(step: Step) -> list[str]:
    """Return the ports that a muted node passes its value on from: one, or none."""
    parent = find_parent_port(step.operation.behaviour(step.parameters))
    if parent:
        return [parent]
    vectors = [port.name for port in step.operation.inputs if port.kind is PortKind.VECTOR]
    wired = [port for port in vectors if step.inputs[port]]
    return (wired or vectors)[:1] if PortKind.VECTOR in step.operation.outputs else []


def _kept_ports(step: Step) -> list[str]:
    """Return the ports that a muted node still needs: what it passes on, or, of a zero vector, what gives the names."""
    tensors = [port.name for port in step.operation.inputs if port.kind in (PortKind.CHECKPOINT, PortKind.VECTOR)]
    return _passing_ports(step) or ["base" if "base" in tensors else tensors[0]]


def _mute(step: Step) -> Step:
    """Return a muted node as it counts: what it does not pass on may be missing, broken or of other shapes."""
    behaviour = step.behaviour
    if isinstance(behaviour, Source | Measure | Sink):
        return step
    passing, kept = _passing_ports(step), _kept_ports(step)

    def pass_on(counts: Counts, _place: Place) -> Coefficients:
        return {port: [Fraction(1 if port in passing else 0)] * count for port, count in counts.items()}

    inputs = {port: operands[:1] if port in kept else () for port, operands in step.inputs.items()}
    return dataclasses.replace(step, inputs=inputs, behaviour=Linear(pass_on, parent=find_parent_port(behaviour)))


def _find_silent_wires(step: Step, document: Document, drafts: Mapping[NodeId, Step]) -> list[tuple[Input, NodeId]]:
    """Return the inputs that hang on muted sources and measures, which do not run, with these."""
    return [
        (port, wire.source.node)
        for port in _asking_ports(step)
        for wire in document.wires_into(step.id, port.name)
        if step.draws and _kind_of(wire, drafts) is port.kind and not drafts[wire.source.node].draws
    ]


def _silent_problem(step: Step, port: Input, source: Step, *, is_needed: bool) -> Problem:
    if port.optional:
        message = f"“{source.title}” is muted, so it is left out of “{port.name}”."
        return Problem(Severity.WARNING, message, "Unmute it, or remove the wire.", step.id, port.name)
    message = f"“{source.title}” is muted, so {step.operation.title} lacks {_KIND_WORDS[port.kind]} at “{port.name}”."
    severity = Severity.ERROR if is_needed else Severity.WARNING
    return Problem(severity, message, "Unmute it, or wire in another.", step.id, port.name)


# --- order ---


def _ancestors(steps: Mapping[NodeId, Step], ends: Iterable[NodeId]) -> frozenset[NodeId]:
    found: set[NodeId] = set()
    waiting = list(ends)
    while waiting:
        name = waiting.pop()
        if name not in found and name in steps:
            found.add(name)
            waiting += [operand.node for operand in steps[name].operands]
    return frozenset(found)


def _find_needed(document: Document, steps: Mapping[NodeId, Step]) -> frozenset[NodeId]:
    """Return what outputs and measurements depend on; whatever a broken node hangs on counts, as it may turn out to be needed."""
    broken = [name for name in document.nodes if name not in steps]
    behind = [wire.source.node for name in broken for wire in document.wires_into(name)]
    ends = [name for name, step in steps.items() if step.draws and isinstance(step.behaviour, Sink | Measure | Choice)]
    return _ancestors(steps, [*ends, *behind])


def _sort(steps: Mapping[NodeId, Step]) -> tuple[list[NodeId], list[list[NodeId]]]:
    """Return the nodes inputs first, and the cycles that keep the rest from being sorted."""
    order: list[NodeId] = []
    waiting = {name: {operand.node for operand in step.operands if operand.node in steps} for name, step in steps.items()}
    while ready := [name for name, needs in waiting.items() if not needs]:
        order += ready
        for name in ready:
            del waiting[name]
        for needs in waiting.values():
            needs.difference_update(ready)
    return order, _find_cycles(waiting)


def _find_cycles(waiting: Mapping[NodeId, set[NodeId]]) -> list[list[NodeId]]:
    """Return one cycle through each knot of nodes that wait for one another."""
    cycles: list[list[NodeId]] = []
    seen: set[NodeId] = set()
    for start in waiting:
        path: list[NodeId] = []
        name = start
        while name not in seen and name in waiting:
            seen.add(name)
            path.append(name)
            name = min(waiting[name])
        if name in path:
            cycles.append(path[path.index(name) :])
    return cycles


def _cycle_problem(document: Document, cycle: list[NodeId]) -> Problem:
    titles = " → ".join(f"“{document.nodes[name].title}”" for name in [*reversed(cycle), cycle[-1]])
    return error(f"These nodes wait for one another: {titles}.", "Remove one of the wires between them.", node=cycle[0])


def _sound_steps(steps: Mapping[NodeId, Step], order: Iterable[NodeId], broken: set[str]) -> Mapping[NodeId, Step]:
    sound: dict[NodeId, Step] = {}
    for name in order:
        step = steps[name]
        if name not in broken and step.draws and all(operand.node in sound for operand in step.operands):
            sound[name] = step
    return sound
