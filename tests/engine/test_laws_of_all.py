"""The laws of operations.md that can be asked of any operation, asked of every one in the catalogue."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import product

import pytest
import torch

from engine.catalogue import catalogue
from engine.errors import NonFiniteError
from engine.operation import Adapter, Input, Kernel, Linear, Operation, PortKind
from engine.parameters import Integer, OneOf, Parameter, Real, Text
from engine.planning.coefficient import Coefficient
from engine.planning.formula import group_forms

SOURCES = "\n".join(
    [
        *(f"{name} = checkpoint source:{name}" for name in ("base", "a", "b", "c")),
        *(f"t{name} = task_vector tuned={name} base=base" for name in "abc"),
    ]
)
LONG = "model.layers.0.mlp.up_proj.weight"


@pytest.fixture
def family(bench, family):
    """Save an adapter of the base beside the family."""
    bench.save_adapter("adapter", bench.make_factors())
    return family


@dataclass(frozen=True)
class Sample:
    """One operation with parameters of our choosing, and wires into every port."""

    operation: Operation
    parameters: dict[str, object]

    @property
    def kind(self) -> PortKind:
        return self.operation.outputs[0]

    @property
    def wires(self) -> dict[str, list[str]]:
        """Per port the nodes wired into it: the base where a base is asked for, fine-tunes and their vectors elsewhere."""
        free = {PortKind.CHECKPOINT: iter("abc"), PortKind.VECTOR: iter(["ta", "tb", "tc"] * 2)}
        return {port.name: _choose_nodes(port, free[port.kind]) for port in self.operation.inputs}

    @property
    def behaviour(self):
        return self.operation.behaviour({each.name: each.parse(self.parameters[each.name]) for each in self.operation.parameters})

    @property
    def parent(self) -> str:
        """The node that is the structural parent of the result."""
        return self.wires[self.behaviour.parent][0]

    def line(self, name: str = "x") -> str:
        wires = [f"{port}={','.join(nodes)}" for port, nodes in self.wires.items()]
        values = [f"{key}:{json.dumps(value, separators=(',', ':'))}" for key, value in self.parameters.items()]
        return " ".join([name, "=", self.operation.id, *wires, *values])


def _choose_nodes(port: Input, free: Iterator[str]) -> list[str]:
    if port.name == "base":
        return ["base"]
    return [next(free) for _ in range(3 if port.many else 1)]


def _choose_values(parameter: Parameter, number: int) -> list[object]:
    """Return a value that is not the default, or every word there is to choose from."""
    if isinstance(parameter, OneOf) and parameter.name != "misfit":
        return list(parameter.options)
    if isinstance(parameter, Real):
        return [min(max(0.3 + number / 10, parameter.minimum), parameter.maximum)]
    if isinstance(parameter, Text):
        return ["adapter"]
    return [parameter.default + 3 if isinstance(parameter, Integer) else parameter.default]


def find_samples() -> list:
    """Return every operation that makes a checkpoint or a vector of such, in every mode it has."""
    found = []
    for each in catalogue().values():
        kinds = {port.kind for port in each.inputs} | set(each.outputs)
        if not each.inputs or not each.outputs or kinds - {PortKind.CHECKPOINT, PortKind.VECTOR}:
            continue
        names = [parameter.name for parameter in each.parameters]
        for values in product(*(_choose_values(parameter, number) for number, parameter in enumerate(each.parameters))):
            parameters = dict(zip(names, values, strict=True))
            words = [str(value) for value in values if isinstance(value, str) and value != "document"]
            found.append(pytest.param(Sample(each, parameters), id="-".join([each.id, *words])))
    return found


SAMPLES = find_samples()
VECTORS = [sample for sample in SAMPLES if sample.values[0].kind is PortKind.VECTOR]


def export(bench, lines, kind, node="x", **options):
    """Run a graph and return the bytes of each tensor of a node's value."""
    what = kind.value
    bench.run(f"{SOURCES}\n{lines}\nout = export_{what} {what}={node} folder:out", {"overwrite": True, **options})
    return bench.read_bytes("out")


def test_every_operation_on_weights_is_asked():
    asked = {sample.values[0].operation.id for sample in SAMPLES}
    others = {each.id for each in catalogue().values() if isinstance(each.behaviour(_defaults(each)), Linear | Kernel | Adapter)}
    assert asked == others


def _defaults(operation):
    return {each.name: "a text" if getattr(each, "required", False) else each.parse(each.default) for each in operation.parameters}


@pytest.mark.parametrize("sample", [sample for sample in SAMPLES if isinstance(sample.values[0].behaviour, Linear)])
def test_law_1_checkpoints_sum_to_one_and_vectors_to_zero(bench, family, sample):
    plan = bench.plan(f"{SOURCES}\n{sample.line()}\nout = export_{sample.kind.value} {sample.kind.value}=x folder:out")
    for form in group_forms(plan.folding, "x"):
        assert form.checkpoint_sum() == Coefficient.of(Fraction(sample.kind is PortKind.CHECKPOINT))
        assert all(isinstance(weight.number, Fraction) for _, weight in form.weights)


@pytest.mark.parametrize("sample", VECTORS)
def test_law_2_strength_0_gives_the_base_byte_for_byte(bench, family, sample):
    lines = f"{sample.line()}\nedit = apply base=base vector=x strength:0"
    assert export(bench, lines, PortKind.CHECKPOINT, "edit") == bench.read_bytes("base")


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16], ids=str)
@pytest.mark.parametrize("sample", [sample for sample in VECTORS if isinstance(sample.values[0].behaviour, Kernel)])
def test_law_2_entries_that_a_kernel_leaves_at_0_keep_the_bases_bits(bench, sample, dtype):
    base = bench.make_model(0, dtype)
    base[LONG][::3] = -0.0
    for number, name in enumerate(("base", "a", "b", "c")):
        bench.save(name, bench.move(base, number) if number else base)
    made = export(bench, sample.line(), PortKind.VECTOR)
    found = export(bench, f"{sample.line()}\nedit = apply base=base vector=x strength:0.5", PortKind.CHECKPOINT, "edit")
    kept = bench.read_bytes("base")
    bits_of = {2: torch.int16, 4: torch.int32}[dtype.itemsize]
    for name, delta in made.items():
        zero = torch.frombuffer(bytearray(delta), dtype=dtype) == 0
        bits, own = (torch.frombuffer(bytearray(content[name]), dtype=bits_of) for content in (found, kept))
        assert torch.equal(bits[zero], own[zero])


@pytest.mark.parametrize("sample", SAMPLES)
def test_law_3_integers_are_the_parents_and_no_part_of_a_vector(bench, family, sample):
    for number, name in enumerate(("base", "a", "b", "c")):
        bench.save(name, {**family[name], "steps": torch.full((5,), number)})
    found = export(bench, sample.line(), sample.kind)
    if sample.kind is PortKind.CHECKPOINT:
        assert found["steps"] == bench.read_bytes(sample.parent)["steps"]
    else:
        assert "steps" not in found


@pytest.mark.parametrize("sample", SAMPLES)
def test_law_4_only_what_has_a_seed_hangs_on_its_nodes_name(bench, family, sample):
    same = export(bench, sample.line("x"), sample.kind) == export(bench, sample.line("y"), sample.kind, "y")
    assert same == (sample.operation.parameter("seed") is None)


@pytest.mark.parametrize("sample", SAMPLES)
def test_law_5_bytes_do_not_depend_on_pieces_and_workers(bench, family, sample):
    cuts = [(1 << 20, 1), (65536, 1), (65536, 3), (131072, 2)]
    whole, *others = (export(bench, sample.line(), sample.kind, piece_entries=piece, workers=workers) for piece, workers in cuts)
    assert all(other == whole for other in others)


@pytest.mark.parametrize("sample", SAMPLES)
def test_law_8_no_number_that_is_not_finite_gets_through(bench, family, sample):
    for name in "abc":
        tensors = {key: value.clone() for key, value in family[name].items()}
        tensors[LONG][2, 5] = float("nan")
        bench.save(name, tensors)
    factors = bench.make_factors()
    factors[LONG.removesuffix(".weight")][1][2, 0] = float("nan")
    bench.save_adapter("adapter", factors)
    first = 600 if isinstance(sample.behaviour, Adapter) else 605
    with pytest.raises(NonFiniteError, match=f"entry {first}") as caught:
        export(bench, sample.line(), sample.kind)
    assert caught.value.location.tensor == LONG
    assert not (bench.folder / "out").exists()


@pytest.mark.parametrize("sample", SAMPLES)
def test_muted_it_passes_its_parent_or_its_first_vector_on_or_makes_none(bench, family, sample):
    found = export(bench, f"!{sample.line()}", sample.kind)
    if sample.kind is PortKind.CHECKPOINT:
        assert found == bench.read_bytes(sample.parent)
        return
    vectors = [nodes[0] for port, nodes in sample.wires.items() if sample.operation.input(port).kind is PortKind.VECTOR]
    if vectors:
        assert found == export(bench, "", PortKind.VECTOR, vectors[0])
    else:
        assert not any(any(content) for content in found.values())
