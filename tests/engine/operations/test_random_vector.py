"""Random vectors are Gaussian, as long as the ones they stand beside, and the same everywhere."""

from __future__ import annotations

import pytest
import torch

from engine.catalogue import catalogue
from engine.operation import BLOCK_ENTRIES


def draw(driver, tensor, node="node", name="w", seed=0):
    return driver.run(catalogue()["random_vector"].behave(seed=seed), "like", {name: [tensor]}, node)[name]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_norms_are_kept_and_cuts_do_not_matter(kernel_driver, dtype):
    torch.manual_seed(0)
    tensor = torch.randn(3 * BLOCK_ENTRIES + 7, dtype=dtype) * 1e-3
    result = draw(kernel_driver([9]), tensor)
    assert torch.equal(result, draw(kernel_driver([2, 1]), tensor))
    assert float(result.double().norm()) == pytest.approx(float(tensor.double().norm()), rel=1e-6)


def test_entries_are_gaussian_and_point_nowhere_in_particular(kernel_driver):
    tensor = torch.full((8 * BLOCK_ENTRIES,), 2.0)
    result = draw(kernel_driver(), tensor).double() / 2
    slack = 5 / tensor.numel() ** 0.5
    assert abs(float(result.mean())) < slack
    assert abs(float((result**3).mean())) < slack * 15**0.5
    assert abs(float((result**4).mean()) - 3) < slack * 96**0.5
    assert abs(float((result[1:] * result[:-1]).mean())) < slack
    others = [draw(kernel_driver(), tensor, seed=1), draw(kernel_driver(), tensor, node="n2"), draw(kernel_driver(), tensor, name="v")]
    for other in others:
        assert abs(float((result * other.double() / 2).mean())) < slack
    blocks = result.view(-1, BLOCK_ENTRIES)
    assert abs(float((blocks[0] * blocks[1]).mean())) < 5 / BLOCK_ENTRIES**0.5


def test_a_zero_tensor_stays_zero(kernel_driver):
    assert torch.equal(draw(kernel_driver(), torch.zeros(70)), torch.zeros(70))
