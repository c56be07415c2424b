"""Live numbers: the parameters that a graph's weights follow as polynomials, found by asking each operation at other values.

An operation need not say which of its parameters are live: a real number is, wherever the coefficients turn out to be affine in it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from engine.document.model import Document, NodeId
from engine.operation import Choice, Linear
from engine.parameters import Real, RealList, Value
from engine.planning.coefficient import Coefficient, Symbol
from engine.planning.linear import Weights, weigh_exactly
from engine.planning.structure import Step
from engine.tensor_names import Place, find_places

_THIRD = Fraction(1, 3)
"""No bound of a parameter and no special value lies a third beside a decimal."""


@dataclass(frozen=True, slots=True)
class LiveNumber:
    """Name a number that may change without another folding."""

    symbol: Symbol
    parameter: str = ""
    """The parameter of the document that holds it; "" for a strength that a search is to choose."""
    index: int | None = None
    """Its place in a parameter that is a list."""
    default: float = 1.0
    """What a document without it means."""

    def read(self, document: Document) -> float:
        """Return the number as the document has it; NaN where it holds no number or a search has yet to choose."""
        node = document.nodes.get(self.symbol.node)
        if node is None or not self.parameter:
            return float("nan")
        value = node.parameters.get(self.parameter, self.default)
        if self.index is not None and isinstance(value, Sequence) and not isinstance(value, str):
            value = value[self.index] if self.index < len(value) else self.default
        if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max:
            return float(value)
        return float("nan")


class LiveWeigher:
    """Weigh the operands of linear nodes with their live numbers as symbols; gathers these numbers."""

    def __init__(self, origin: Callable[[NodeId], NodeId]) -> None:
        """Know no node yet.

        Args:
            origin: gives the document's node that a step was made of: all members of a series follow its numbers.
        """
        self._origin = origin
        self.numbers: dict[Symbol, LiveNumber] = {}
        self._probes: dict[str, _Probe] = {}
        self._places: list[tuple[Collection[str], tuple[Place, ...]]] = []

    def look_at(self, step: Step, tensors: Collection[str]) -> None:
        """Find the live numbers of a step, whose value has these tensors."""
        if isinstance(step.behaviour, Choice):
            symbols = {symbol for weights in weigh_exactly(step, NOWHERE).values() for weight in weights for symbol in weight.symbols}
            self.numbers |= {symbol: LiveNumber(symbol) for symbol in sorted(symbols)}
        elif isinstance(step.behaviour, Linear) and not step.node.muted:
            places = self._find_places(tensors) if step.behaviour.by_place else (NOWHERE,)
            probe = _Probe(step, self._origin(step.id), places)
            self._probes[step.id] = probe
            self.numbers |= {number.symbol: number for number in probe.numbers}

    def weigh(self, step: Step, place: Place) -> Weights:
        """Return the coefficients of a linear node in a tensor."""
        probe = self._probes.get(step.id)
        return probe.weigh(place) if probe else weigh_exactly(step, place)

    def tell_apart(self, step: Step, place: Place) -> object:
        """Return what is equal for tensors that a linear node has the same coefficients in; quicker than these themselves."""
        probe = self._probes.get(step.id)
        if probe is not None:
            return probe.tell_apart(place)
        is_by_place = isinstance(step.behaviour, Linear) and step.behaviour.by_place
        return tuple(tuple(weights) for weights in weigh_exactly(step, place).values()) if is_by_place else ()

    def _find_places(self, tensors: Collection[str]) -> tuple[Place, ...]:
        """Return the places of tensors; most nodes share the very same tensors, and finding places takes its time."""
        known = next((places for names, places in self._places if names is tensors), None)
        if known is None:
            known = tuple(find_places(tensors).values())
            self._places.append((tensors, known))
        return known


NOWHERE = Place("", "other", None, 0)
"""Stands for any tensor, where coefficients do not depend on it."""


class _Probe:
    """Hold a linear step's coefficients as polynomials in its live numbers."""

    def __init__(self, step: Step, owner: NodeId, places: Sequence[Place]) -> None:
        """Ask the operation at other values of each real number, at all places of the value's tensors."""
        self._step = step
        self._places = places
        self._values = _expand_lists(step)
        self._origin = self._behave([], Fraction(0)) or Linear(lambda counts, place: {})
        live = [number for number in _find_reals(step, owner, self._values) if self._is_affine([number])]
        self.numbers = live if self._is_affine(live) else []
        self._beside = [(number, self._value_of(number), self._moved(number)) for number in self.numbers]

    def weigh(self, place: Place) -> Weights:
        """Return c₀ + Σ (xᵢ − x̄ᵢ)·∂c/∂xᵢ, x̄ the values of the document: the same polynomial whatever these are."""
        origin = self._origin.coefficients(self._step.counts, place)
        total = {port: [Coefficient.of(weight) for weight in weights] for port, weights in origin.items()}
        for number, value, beside in self._beside:
            distance = Coefficient.unknown(number.symbol) + Coefficient.of(-value)
            for port, weights in beside.coefficients(self._step.counts, place).items():
                for index, weight in enumerate(weights):
                    slope = Coefficient.of(weight - origin[port][index])
                    total[port][index] += slope * distance
        return total

    def tell_apart(self, place: Place) -> object:
        """Return the raw coefficients in a tensor, with each number as it is and moved."""
        if len(self._places) == 1:
            return ()
        return tuple(tuple(self._flatten(linear, place)) for linear in (self._origin, *(beside for _, _, beside in self._beside)))

    def _is_affine(self, numbers: Sequence[LiveNumber]) -> bool:
        """Tell whether the coefficients follow these numbers, moved together, in a straight line that is not flat."""
        ways = [self._behave([number], Fraction(1)) for number in numbers]
        part = self._behave(numbers, _THIRD)
        if part is None or not all(ways):
            return False
        is_flat = True
        for place in self._places:
            origin = self._flatten(self._origin, place)
            slopes = [self._subtract(self._flatten(way, place), origin) for way in ways if way]
            total = [sum(column, Fraction(0)) for column in zip(*slopes, strict=True)]
            if self._subtract(self._flatten(part, place), origin) != [slope * _THIRD for slope in total]:
                return False
            is_flat = is_flat and not any(any(slope) for slope in slopes)
        return not is_flat

    def _behave(self, numbers: Iterable[LiveNumber], by: Fraction) -> Linear | None:
        """Return the behaviour with some numbers moved; None where it is none that folds."""
        values = dict(self._values)
        for number in numbers:
            values[number.parameter] = _move(values[number.parameter], number.index, by)
        behaviour = self._step.operation.behaviour(values)
        return behaviour if isinstance(behaviour, Linear) else None

    def _moved(self, number: LiveNumber) -> Linear:
        return self._behave([number], Fraction(1)) or self._origin

    def _value_of(self, number: LiveNumber) -> Fraction:
        value = self._values[number.parameter]
        found = value[number.index] if isinstance(value, tuple) and number.index is not None else value
        return found if isinstance(found, Fraction) else Fraction(0)

    def _flatten(self, linear: Linear, place: Place) -> list[Fraction]:
        return [weight for weights in linear.coefficients(self._step.counts, place).values() for weight in weights]

    @staticmethod
    def _subtract(left: Sequence[Fraction], right: Sequence[Fraction]) -> list[Fraction]:
        return [first - second for first, second in zip(left, right, strict=True)]


def _move(value: Value, index: int | None, by: Fraction) -> Value:
    if isinstance(value, tuple):
        return tuple(item + by if place == index else item for place, item in enumerate(value) if isinstance(item, Fraction))
    return value + by if isinstance(value, Fraction) else value


def _expand_lists(step: Step) -> Mapping[str, Value]:
    """Return the parameters with empty lists of weights written out: a one for each wire."""
    wires = sum(len(step.inputs[port.name]) for port in step.operation.inputs if port.many)
    ones = (Fraction(1),) * wires
    empty = {parameter.name: ones for parameter in step.operation.parameters if isinstance(parameter, RealList)}
    return {name: value or empty[name] if name in empty else value for name, value in step.parameters.items()}


def _find_reals(step: Step, owner: NodeId, values: Mapping[str, Value]) -> list[LiveNumber]:
    """Return every real number among the parameters, those of lists one by one."""
    found: list[LiveNumber] = []
    for parameter in step.operation.parameters:
        name, value = parameter.name, values[parameter.name]
        if isinstance(parameter, Real):
            found.append(LiveNumber(Symbol(owner, name), name, None, float(parameter.default)))
        elif isinstance(parameter, RealList) and isinstance(value, tuple):
            found += [LiveNumber(Symbol(owner, f"{name}.{index}"), name, index) for index in range(len(value))]
    return found
