"""TIES against its definition, entry by entry in exact fractions."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.catalogue import catalogue
from engine.operation import BLOCK_ENTRIES


def ties_by_definition(vectors: list[list[Fraction]], weights: list[Fraction], density: Fraction) -> list[Fraction]:
    trimmed = [trim_by_definition(vector, density) for vector in vectors]
    merged = []
    for entry in zip(*trimmed, strict=True):
        terms = [weight * value for weight, value in zip(weights, entry, strict=True)]
        sign = -1 if sum(terms) < 0 else 1
        agreeing = [(term, abs(weight)) for term, weight in zip(terms, weights, strict=True) if term * sign > 0]
        merged.append(sum(term for term, _ in agreeing) / sum(share for _, share in agreeing) if agreeing else Fraction(0))
    return merged


def trim_by_definition(vector: list[Fraction], density: Fraction) -> list[Fraction]:
    order = sorted(range(len(vector)), key=lambda index: (-abs(vector[index]), index))
    kept = set(order[: math.floor(density * len(vector))])
    return [value if index in kept else Fraction(0) for index, value in enumerate(vector)]


def ties(driver, model, density, weights=(), scope="tensor"):
    kernel = catalogue()["ties"].behave(density=density, weights=tuple(weights), scope=scope)
    return driver.run(kernel, "vectors", model)


eighths = st.integers(-24, 24).map(lambda number: Fraction(number, 8))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    entries=st.integers(1, 4).flatmap(lambda wires: st.lists(st.tuples(*[eighths] * wires), min_size=1, max_size=10)),
    density=st.fractions(0, 1, max_denominator=10),
    data=st.data(),
)
def test_ties_is_its_definition(kernel_driver, entries, density, data):
    vectors = [list(vector) for vector in zip(*entries, strict=True)]
    weights = data.draw(st.sampled_from([[], [Fraction(number, 4) for number in (3, -2, 0, 5)][: len(vectors)]]))
    expected = ties_by_definition(vectors, weights or [Fraction(1)] * len(vectors), density)
    operands = [torch.tensor([float(value) for value in vector], dtype=torch.float32) for vector in vectors]
    result = ties(kernel_driver(), {"w": operands}, density, weights)["w"]
    assert torch.allclose(result.double(), torch.tensor([float(value) for value in expected], dtype=torch.float64), rtol=2e-7, atol=0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("scope", ["tensor", "model"])
def test_ties_does_not_depend_on_where_pieces_are_cut(kernel_driver, scope, dtype):
    torch.manual_seed(0)
    sizes = {"b": 5 * BLOCK_ENTRIES + 9, "a": 100, "c": 2 * BLOCK_ENTRIES}
    model = {name: [(torch.randn(size, dtype=dtype) * 3).round() / 16 for _ in range(3)] for name, size in sizes.items()}
    results = [ties(kernel_driver(cuts), model, Fraction(1, 5), (1, 2, Fraction(1, 3)), scope) for cuts in ([9], [1], [1, 3, 2])]
    assert all(torch.equal(results[0][name], other[name]) for other in results[1:] for name in model)
    assert all(result.dtype == dtype for result in results[0].values())


@pytest.mark.parametrize("scope", ["tensor", "model"])
def test_ties_trims_as_trim_does(kernel_driver, scope):
    torch.manual_seed(1)
    model = {name: [(torch.randn(2 * BLOCK_ENTRIES + 5) * 3).round() / 16] for name in "pq"}
    trimmed = kernel_driver().run(catalogue()["trim"].behave(density=Fraction(3, 10), scope=scope), "vector", model)
    merged = ties(kernel_driver(), model, Fraction(3, 10), scope=scope)
    assert all(torch.equal(trimmed[name], merged[name]) for name in model)


def test_density_0_gives_zeros_and_density_1_keeps_everything(kernel_driver):
    vectors = [torch.tensor([1.0, -1.0, 0.0, 2.0]), torch.tensor([-1.0, 3.0, 0.0, 4.0])]
    assert torch.equal(ties(kernel_driver(), {"w": vectors}, Fraction(0))["w"], torch.zeros(4))
    assert torch.equal(ties(kernel_driver(), {"w": vectors}, Fraction(1))["w"], torch.tensor([1.0, 3.0, 0.0, 3.0]))


def test_a_negative_weight_turns_its_vector_round(kernel_driver):
    one, two = torch.tensor([1.0, 2.0, -3.0]), torch.tensor([-2.0, 1.0, 4.0])
    turned = ties(kernel_driver(), {"w": [one, two]}, Fraction(1), (1, -1))["w"]
    assert torch.equal(turned, ties(kernel_driver(), {"w": [one, -two]}, Fraction(1))["w"])
