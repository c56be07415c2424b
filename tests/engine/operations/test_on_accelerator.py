"""Kernels give on an accelerator what they give on the processor."""

from __future__ import annotations

from fractions import Fraction

import pytest
import torch

from engine.catalogue import catalogue
from engine.operation import BLOCK_ENTRIES


def accelerator() -> torch.device:
    if not torch.accelerator.is_available():
        pytest.skip("no accelerator")
    return torch.accelerator.current_accelerator()


@pytest.mark.gpu
@pytest.mark.parametrize(
    ("name", "port", "parameters"),
    [
        ("trim", "vector", {"density": Fraction(1, 5), "scope": "model"}),
        ("ties", "vectors", {"density": Fraction(1, 5), "weights": (), "scope": "tensor"}),
        ("dare", "vector", {"drop": Fraction(1, 3), "seed": 0, "rescale": "expected"}),
        ("random_vector", "like", {"seed": 0}),
    ],
)
def test_the_same_entries_are_chosen_on_an_accelerator(kernel_driver, name, port, parameters):
    device = accelerator()
    generator = torch.Generator().manual_seed(0)
    wires = 3 if port == "vectors" else 1
    here = {each: [(torch.randn(5 * BLOCK_ENTRIES + 3, generator=generator) * 4).round() / 16 for _ in range(wires)] for each in "ab"}
    there = {each: [operand.to(device) for operand in operands] for each, operands in here.items()}
    kernel = catalogue()[name].behave(**parameters)
    results = [kernel_driver(cuts).run(kernel, port, model) for cuts, model in (([2], here), ([9], there))]
    for each in here:
        assert torch.equal(results[0][each] != 0, results[1][each].cpu() != 0)
        assert torch.allclose(results[0][each], results[1][each].cpu(), rtol=2e-7, atol=0)
