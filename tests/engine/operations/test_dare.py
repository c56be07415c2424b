"""DARE drops at random, at the right rate, and the same entries everywhere."""

from __future__ import annotations

from fractions import Fraction

import pytest
import torch

from engine.catalogue import catalogue
from engine.operation import BLOCK_ENTRIES


def dare(driver, tensor, node="node", name="w", **parameters):
    values = {"drop": Fraction(1, 2), "seed": 0, "rescale": "expected", **parameters}
    return driver.run(catalogue()["dare"].behave(**values), "vector", {name: [tensor]}, node)[name]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("rescale", ["expected", "norm"])
def test_the_same_entries_are_dropped_wherever_pieces_are_cut(kernel_driver, rescale, dtype):
    torch.manual_seed(0)
    tensor = torch.randn(9 * BLOCK_ENTRIES + 11, dtype=dtype)
    whole, cut = (dare(kernel_driver(cuts), tensor, rescale=rescale) for cuts in ([20], [1, 3, 2]))
    assert torch.equal(whole, cut)


def test_float64_drops_what_float32_drops(kernel_driver):
    tensor = torch.ones(BLOCK_ENTRIES + 5)
    assert torch.equal(dare(kernel_driver(), tensor).double(), dare(kernel_driver(), tensor.double()))


@pytest.mark.parametrize("drop", [Fraction(0), Fraction(1, 10), Fraction(1, 2), Fraction(99, 100)])
def test_the_share_dropped_and_the_factor_of_the_rest(kernel_driver, drop):
    result = dare(kernel_driver(), torch.ones(8 * BLOCK_ENTRIES), drop=drop)
    dropped = float((result == 0).double().mean())
    spread = (float(drop * (1 - drop)) / result.numel()) ** 0.5
    assert abs(dropped - float(drop)) <= 5 * spread
    assert set(result.unique().tolist()) <= {0.0, float(torch.tensor(float(1 / (1 - drop))))}


def test_seed_node_and_tensor_each_give_other_draws(kernel_driver):
    tensor = torch.ones(4 * BLOCK_ENTRIES)
    first = dare(kernel_driver(), tensor) > 0
    others = [dare(kernel_driver(), tensor, seed=1), dare(kernel_driver(), tensor, node="other"), dare(kernel_driver(), tensor, name="v")]
    for other in others:
        assert abs(float(((other > 0) == first).double().mean()) - 0.5) < 5 * 0.5 / tensor.numel() ** 0.5


def test_norm_restores_the_sum_of_magnitudes(kernel_driver):
    torch.manual_seed(0)
    tensor = torch.randn(3 * BLOCK_ENTRIES + 1)
    result = dare(kernel_driver(), tensor, drop=Fraction(9, 10), rescale="norm")
    assert float(result.double().abs().sum()) == pytest.approx(float(tensor.double().abs().sum()), rel=1e-6)
    assert torch.equal(dare(kernel_driver(), torch.zeros(7), rescale="norm"), torch.zeros(7))


def test_infinities_are_dropped_to_zero_like_any_entry(kernel_driver):
    result = dare(kernel_driver(), torch.full((1000,), -torch.inf))
    assert set(result.tolist()) == {0.0, -torch.inf}
    assert not torch.signbit(result[result == 0]).any()
