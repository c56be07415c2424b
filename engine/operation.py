"""What an operation is: a declaration that the palette, the files, the checks and the engine all read."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from engine.parameters import Parameter, Value

if TYPE_CHECKING:
    import torch

    from engine.tensor_names import Place

BLOCK_ENTRIES = 1 << 16
"""Reductions and random draws run over fixed blocks of this many entries, counted from a tensor's first entry."""


class PortKind(StrEnum):
    """Name what flows through a wire."""

    CHECKPOINT = "checkpoint"
    VECTOR = "vector"
    TEST_SET = "test_set"
    METRICS = "metrics"


class Group(StrEnum):
    """Name a section of the palette."""

    SOURCES = "Sources"
    ARITHMETIC = "Arithmetic"
    REFINE = "Refine"
    MEASURE = "Measure"
    OUTPUT = "Output"


@dataclass(frozen=True, slots=True)
class Input:
    """Declare one input port."""

    name: str
    kind: PortKind
    help: str = ""
    many: bool = False
    """Any number of wires, in the order of the document (`*`)."""
    optional: bool = False
    """May stay empty (`?`)."""


# --- behaviours: exactly one per operation, as data that the planner and the executor act on ---


@dataclass(frozen=True, slots=True)
class Source:
    """Bring something in from outside the graph."""

    kind: Literal["checkpoint", "series", "test_set", "metrics"]


Counts = Mapping[str, int]
"""Wires per input port."""
Coefficients = Mapping[str, Sequence[Fraction]]
"""Per input port one exact coefficient for each wire."""


@dataclass(frozen=True, slots=True)
class Linear:
    """Weigh the inputs and add them up; chains of these fold into one sum before anything is read."""

    coefficients: Callable[[Counts, Place], Coefficients]
    parent: str | None = None
    """The port whose (first) checkpoint is the structural parent of the result; None for a vector."""
    by_place: bool = False
    """Whether the coefficients depend on the tensor's name or depth."""
    find_idle: Callable[[Iterable[Place]], Sequence[str]] | None = None
    """Returns a sentence for each value of its parameters that concerns none of these tensors."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Say which part of which tensor a kernel is looking at."""

    node: str
    tensor: str
    offset: int
    """The flat index of the piece's first entry: a multiple of BLOCK_ENTRIES."""
    total: int
    """The entries of the whole tensor."""


Operands = Mapping[str, Sequence["torch.Tensor"]]
"""Per input port the piece of each wire's value: 1-D, of the compute dtype, all of one length and device. Not to be written to."""


SAMPLE_PIECES = 4
"""How many pieces of a tensor a reduction that asks for a sample sees."""


@dataclass(frozen=True, slots=True)
class Extent:
    """Say what a reduction has run over."""

    entries: int
    """The entries of the tensor, or of the whole model, that each operand has."""


@dataclass(frozen=True, slots=True)
class Reduction:
    """Gather what must be known of a whole tensor or model before a kernel can map its pieces.

    Pieces start at multiples of BLOCK_ENTRIES. `update` runs on several threads at once and must return
    something that does not depend on where the pieces are cut once merged: integers, or float64 sums per block.
    `merge` is called in the order of the entries (tensors in file order), so that sums come out the same every time.
    """

    scope: Literal["tensor", "model"]
    start: Callable[[], object]
    update: Callable[[Operands, tuple[object, ...], Spot], object]
    """(operands, results of the earlier reductions of this kernel, spot) -> partial."""
    merge: Callable[[object, object], object]
    """(state, partial) -> state; may change and return the first."""
    finish: Callable[[object, Extent, tuple[object, ...]], object]
    """(state, extent, results of the earlier reductions) -> result."""
    needed: Callable[[tuple[object, ...]], bool] | None = None
    """Whether the tensor (or model) must be run over at all, from the results of the earlier reductions; if not, the result is None."""
    reach: Literal["all", "sample"] = "all"
    """A sample is SAMPLE_PIECES pieces of a tensor, or more where they are read anyway: enough for a guess, never for a result."""
    is_fallback: bool = False
    """Whether it is hardly ever needed, so that the plan does not count on reading the tensor once more for it."""

    def is_needed(self, earlier: tuple[object, ...]) -> bool:
        """Tell whether the results of the earlier reductions leave anything to find."""
        return self.needed is None or self.needed(earlier)


@dataclass(frozen=True, slots=True)
class Kernel:
    """Make a value that is not a weighted sum, piece by piece."""

    map: Callable[[Operands, tuple[object, ...], Spot], torch.Tensor]
    """(operands, results of the reductions, spot) -> a new 1-D tensor as long as the operands."""
    reductions: tuple[Reduction, ...] = ()
    parent: str | None = None
    scratch_arrays: int = 2
    """How many arrays as large as one float32 operand piece the map or a reduction holds beside its operands and result."""
    formula: str = ""
    """What it computes, where the operation's own formula stands for something else."""
    is_random_control: bool = False
    """Whether the value knows nothing of any task, so that what is made of it is a control."""


@dataclass(frozen=True, slots=True)
class Adapter:
    """Bring in a vector from outside the graph: what a file holds for the tensors of the checkpoint at one port."""

    base: str
    """The port of that checkpoint; its value gives names and shapes, and what whole tensors are subtracted from."""


@dataclass(frozen=True, slots=True)
class Measure:
    """Measure values without changing them."""

    kind: Literal["similarity", "evaluate"]


@dataclass(frozen=True, slots=True)
class Choice:
    """Choose coefficients by measuring; what follows refers to them as symbols until then."""

    kind: Literal["strength"]
    parent: str
    is_each: bool = False
    """Whether every vector has a coefficient of its own."""


@dataclass(frozen=True, slots=True)
class Sink:
    """Write a value to a folder, with its report."""

    kind: Literal["checkpoint", "vector"]


Behaviour = Source | Adapter | Linear | Kernel | Measure | Choice | Sink


def find_parent_port(behaviour: Behaviour) -> str | None:
    """Return the port whose (first) checkpoint is the structural parent of the result; None where it has none."""
    return behaviour.parent if isinstance(behaviour, Linear | Kernel | Choice) else None


Parameters = Mapping[str, Value]
"""Checked parameter values by name, every one of the declared ones present."""


@dataclass(frozen=True)
class Operation:
    """Declare a node: what it is called, what it takes, what it gives and how it behaves."""

    id: str
    title: str
    group: Group
    sentence: str
    """What it does, in one plain sentence."""
    formula: str
    """The formula as the inspector shows it; empty where there is none."""
    inputs: tuple[Input, ...]
    outputs: tuple[PortKind, ...]
    parameters: tuple[Parameter, ...]
    behave: Callable[..., Behaviour] = field(compare=False)
    """Called with every parameter as a keyword."""
    check: Callable[[Parameters, Counts], Sequence[str]] | None = field(default=None, compare=False)
    """Returns what is wrong with parameters and wires taken together, as sentences."""

    def input(self, name: str) -> Input | None:
        """Return the input port of that name, if there is one."""
        return next((port for port in self.inputs if port.name == name), None)

    def parameter(self, name: str) -> Parameter | None:
        """Return the parameter of that name, if there is one."""
        return next((parameter for parameter in self.parameters if parameter.name == name), None)

    def behaviour(self, parameters: Parameters) -> Behaviour:
        """Return the behaviour for these checked parameter values."""
        return self.behave(**parameters)


def operation(  # noqa: PLR0913  (a declaration names its parts; every call is by keyword)
    *,
    id: str,  # noqa: A002  (the file format's word)
    title: str,
    group: Group,
    sentence: str,
    formula: str = "",
    inputs: Sequence[Input] = (),
    outputs: Sequence[PortKind] = (),
    parameters: Sequence[Parameter] = (),
    check: Callable[[Parameters, Counts], Sequence[str]] | None = None,
) -> Callable[[Callable[..., Behaviour]], Operation]:
    """Turn a function of the declared parameters into an Operation.

    Raises:
        TypeError: at import, when the function's keywords are not the declared parameters.
    """

    def declare(behave: Callable[..., Behaviour]) -> Operation:
        names = [parameter.name for parameter in parameters]
        keywords = list(inspect.signature(behave).parameters)
        if names != keywords:
            message = f"operation {id}: declares the parameters {names}, its function takes {keywords}"
            raise TypeError(message)
        return Operation(id, title, group, sentence, formula, tuple(inputs), tuple(outputs), tuple(parameters), behave, check)

    return declare
