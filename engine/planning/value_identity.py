"""What decides a value, as one digest: files, normal forms with every coefficient, kernels with their parameters; names aside."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from engine.checkpoints.header import FileStamp, Header
from engine.checkpoints.sources import HUB_PREFIX
from engine.document.model import NodeId
from engine.planning.coefficient import Strengths
from engine.planning.linear import Atom, Folding, Form, Segments


@dataclass(frozen=True)
class ValueIdentity:
    """Hold what a value is known by."""

    digest: str
    """Equal digests: the same numbers, bit by bit, as long as the engine computes alike."""
    files: tuple[FileStamp, ...]
    """The checkpoint files that were taken for what they are by path, size and time."""


class _UnknownNumberError(Exception):
    """Say that a form holds a number that is not known yet."""


def identify_value(folding: Folding, node: NodeId, strengths: Strengths) -> ValueIdentity | None:
    """Return what a node's value is known by at these strengths; None while a number in it is unknown."""
    description = _Description(folding, strengths)
    try:
        digest = description.value(node)
    except _UnknownNumberError:
        return None
    return ValueIdentity(digest, tuple(description.files))


class _Description:
    """Describe values, each part of them once."""

    def __init__(self, folding: Folding, strengths: Strengths) -> None:
        self._folding = folding
        self._resolved = folding.resolved
        self._strengths = strengths
        self._values: dict[NodeId, str] = {}
        self._forms: dict[Form, str] = {}
        self.files: dict[FileStamp, None] = {}

    def value(self, node: NodeId) -> str:
        if node not in self._values:
            shapes = self._resolved.values[node].shapes
            parts = [[name, shape, self._segments(self._folding.segments(node, name))] for name, shape in shapes.items()]
            self._values[node] = _digest(parts)
        return self._values[node]

    def _segments(self, segments: Segments) -> list[object]:
        return [[stop, self._form(form)] for stop, form in segments]

    def _form(self, form: Form) -> str:
        if form not in self._forms:
            found = form.substitute(self._strengths)
            if found.symbols:
                raise _UnknownNumberError
            # In their order: sums of floating-point numbers depend on it.
            weights = [[self._atom(atom), str(weight.number)] for atom, weight in found.weights]
            self._forms[form] = _digest([found.kind, self._atom(found.anchor) if found.anchor else None, weights])
        return self._forms[form]

    def _atom(self, atom: Atom) -> object:
        source = self._resolved.sources.get(atom.node)
        return self._checkpoint(source.header) if source is not None else self._kernel(atom.node)

    def _checkpoint(self, header: Header) -> object:
        # A file of the Hub has no time before it is here; its path names the commit.
        is_remote = header.source.startswith(HUB_PREFIX)
        stamps = [FileStamp(stamp.path.resolve(), stamp.size_bytes, 0 if is_remote else stamp.modified_ns) for stamp in header.files]
        self.files |= dict.fromkeys(stamps)
        return [[str(stamp.path), stamp.size_bytes, stamp.modified_ns] for stamp in stamps]

    def _kernel(self, node: NodeId) -> object:
        step = self._resolved.graph.steps[node]
        parameters = {name: repr(value) for name, value in step.parameters.items()}
        inputs = {port: [self.value(operand.node) for operand in operands] for port, operands in step.inputs.items()}
        # The node's own name, because random draws hang on it.
        return [node, step.operation.id, step.node.muted, parameters, inputs, dict(self._resolved.limits.get(node, {}))]


def _digest(content: object) -> str:
    return hashlib.sha256(json.dumps(content, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
