"""The laws of operations.md that hold for every operation of the catalogue."""

from __future__ import annotations

import re
import subprocess
import sys
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.catalogue import catalogue
from engine.operation import Adapter, Choice, Kernel, Linear, Measure, Operation, PortKind, Sink, Source
from engine.parameters import Text
from engine.tensor_names import find_places

OPERATIONS = [pytest.param(each, id=each.id) for each in catalogue().values()]
SUMS = {PortKind.CHECKPOINT: 1, PortKind.VECTOR: 0}


def choose_parameters(operation: Operation) -> dict[str, object]:
    return {each.name: "a text" if isinstance(each, Text) and each.required else each.parse(each.default) for each in operation.parameters}


def linear_operations() -> list:
    behaviours = [(each, each.behaviour(choose_parameters(each))) for each in catalogue().values()]
    return [pytest.param(each, id=each.id) for each, behaviour in behaviours if isinstance(behaviour, Linear)]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_what_the_inspector_shows_is_said_in_sentences(operation):
    assert operation.title
    assert re.fullmatch(r"[A-Z].*\.", operation.sentence)
    for part in (*operation.inputs, *operation.parameters):
        assert part.help.endswith("."), part.name


@pytest.mark.parametrize("operation", OPERATIONS)
def test_ids_and_names_can_stand_in_a_file(operation):
    names = [operation.id, *(port.name for port in operation.inputs), *(each.name for each in operation.parameters)]
    assert all(re.fullmatch(r"[a-z][a-z_]*", name) for name in names)
    assert len({port.name for port in operation.inputs}) == len(operation.inputs)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_defaults_are_admitted(operation):
    choose_parameters(operation)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_behaviour_fits_the_ports(operation):
    behaviour = operation.behaviour(choose_parameters(operation))
    assert isinstance(behaviour, Source | Adapter | Linear | Kernel | Measure | Choice | Sink)
    assert bool(operation.outputs) != isinstance(behaviour, Sink)
    assert bool(operation.inputs) != isinstance(behaviour, Source)
    parent = getattr(behaviour, "parent", None)
    assert (parent is not None) == (PortKind.CHECKPOINT in operation.outputs and not isinstance(behaviour, Source))
    if parent is not None:
        assert operation.input(parent).kind is PortKind.CHECKPOINT


@pytest.mark.parametrize("operation", [each for each in OPERATIONS if each.values[0].check])
def test_checks_accept_the_defaults_with_one_wire_each(operation):
    assert not list(operation.check(choose_parameters(operation), {port.name: 1 for port in operation.inputs}))


@pytest.mark.parametrize("operation", linear_operations())
@given(wires=st.integers(1, 6), optional=st.booleans())
def test_coefficients_sum_to_one_for_a_checkpoint_and_to_zero_for_a_vector(operation, wires, optional):
    counts = {port.name: wires if port.many else int(optional or not port.optional) for port in operation.inputs}
    behaviour = operation.behaviour(choose_parameters(operation))
    for place in find_places(["model.layers.0.mlp.w", "model.layers.1.mlp.w", "lm_head.weight"]).values():
        coefficients = behaviour.coefficients(counts, place)
        assert {name: len(values) for name, values in coefficients.items()} == counts
        assert all(isinstance(value, Fraction) for values in coefficients.values() for value in values)
        total = sum(sum(values) * SUMS[operation.input(name).kind] for name, values in coefficients.items())
        assert total == SUMS[operation.outputs[0]]


def test_the_catalogue_needs_neither_torch_nor_numpy():
    program = "import sys, engine.catalogue; print(sorted({'torch', 'numpy', 'transformers'} & set(sys.modules)))"
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
