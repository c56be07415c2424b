"""Trim keeps exactly the k largest entries: against sorting, whatever the cuts, the dtype and the ties."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.catalogue import catalogue
from engine.operation import BLOCK_ENTRIES


def trim_by_sorting(tensors: list[torch.Tensor], density: Fraction) -> list[torch.Tensor]:
    """Keep the k largest of all entries, those of lowest index where they are equal, and none that is 0."""
    joined = torch.cat(tensors)
    order = torch.argsort(joined.abs(), descending=True, stable=True)[: math.floor(density * joined.numel())]
    kept = torch.zeros_like(joined)
    kept[order] = joined[order]
    return list(kept.split([tensor.numel() for tensor in tensors]))


def trim(driver, model: dict[str, torch.Tensor], density: Fraction, scope: str) -> dict[str, torch.Tensor]:
    kernel = catalogue()["trim"].behave(density=density, scope=scope)
    return driver.run(kernel, "vector", {name: [tensor] for name, tensor in model.items()})


def make_tensor(kind: str, entries: int, dtype: torch.dtype, seed: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(entries, generator=generator, dtype=torch.float64)
    made = {
        "gaussian": noise * 1e-3,
        "few values": (noise * 2).round() / 8,
        "half zeros": torch.where(noise > 0, noise, 0.0),
        "all equal": torch.full_like(noise, -0.3) * noise.sign(),
        "all zeros": torch.zeros_like(noise) * noise,
        "tiny": noise * 1e-44,
        "close together": 1 + noise * 2e-7,
    }[kind]
    return made.to(dtype)


KINDS = ("gaussian", "few values", "half zeros", "all equal", "all zeros", "tiny", "close together")


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scope", ["tensor", "model"])
def test_trim_keeps_what_sorting_keeps(kernel_driver, scope, kind, dtype):
    sizes = {"b": 3 * BLOCK_ENTRIES + 17, "a": 5, "c": BLOCK_ENTRIES}
    model = {name: make_tensor(kind, entries, dtype, seed) for seed, (name, entries) in enumerate(sizes.items())}
    for density in (Fraction(0), Fraction(1, 1000), Fraction(1, 5), Fraction(77, 100), Fraction(1)):
        tensors = list(model.values())
        whole = trim_by_sorting(tensors, density)
        expected = whole if scope == "model" else [trim_by_sorting([tensor], density)[0] for tensor in tensors]
        results = trim(kernel_driver([1, 2]), model, density, scope)
        for result, right in zip(results.values(), expected, strict=True):
            assert torch.equal(result, right)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cuts=st.lists(st.integers(1, 4), min_size=1, max_size=4),
    density=st.fractions(0, 1, max_denominator=1000),
    kind=st.sampled_from(KINDS),
    scope=st.sampled_from(["tensor", "model"]),
)
def test_trim_does_not_depend_on_where_pieces_are_cut(kernel_driver, cuts, density, kind, scope):
    model = {name: make_tensor(kind, 4 * BLOCK_ENTRIES + 3, torch.float32, seed) for seed, name in enumerate("xy")}
    whole, cut = (trim(kernel_driver(blocks), model, density, scope) for blocks in ([9], cuts))
    assert all(torch.equal(whole[name], cut[name]) for name in model)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    entries=st.lists(st.floats(width=32, allow_nan=False, allow_infinity=True), min_size=1, max_size=12),
    density=st.fractions(0, 1, max_denominator=24),
)
def test_trim_keeps_what_sorting_keeps_for_any_floats(kernel_driver, entries, density):
    tensor = torch.tensor(entries, dtype=torch.float32)
    assert torch.equal(trim(kernel_driver(), {"w": tensor}, density, "tensor")["w"], trim_by_sorting([tensor], density)[0])


def test_a_tensor_without_entries_stays_one(kernel_driver):
    results = trim(kernel_driver(), {"empty": torch.empty(0), "w": torch.tensor([1.0, 2.0])}, Fraction(1, 2), "model")
    assert results["empty"].numel() == 0
    assert torch.equal(results["w"], torch.tensor([0.0, 2.0]))


def test_rounds_that_are_decided_are_not_run():
    kernel = catalogue()["trim"].behave(density=Fraction(1, 2), scope="tensor")
    from engine.operation import Extent, Spot

    piece, spot = {"vector": [torch.tensor([4.0, 1.0])]}, Spot("n", "w", 0, 2)
    found = ()
    for reduction in kernel.reductions[:2]:
        state = reduction.merge(reduction.start(), reduction.update(piece, found, spot))
        found = (*found, reduction.finish(state, Extent(2), found))
    assert not any(later.needed(found) for later in kernel.reductions[2:])
