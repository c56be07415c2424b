"""The arc of interpolate: spherical, tensor by tensor, and the line where there is no angle."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
import torch

from engine.catalogue import catalogue
from engine.kernels.arc import make_arc
from engine.operation import BLOCK_ENTRIES, Extent, Spot


def arc(first, second, amount, cuts=(9,)):
    kernel = catalogue()["interpolate"].behave(amount=amount, path="arc", misfit="document")
    (reduction,) = kernel.reductions
    pieces, offset = [], 0
    while offset < first.numel():
        stop = offset + cuts[len(pieces) % len(cuts)] * BLOCK_ENTRIES
        pieces.append((Spot("n", "w", offset, first.numel()), {"first": [first[offset:stop]], "second": [second[offset:stop]]}))
        offset = stop
    state = reduction.start()
    for spot, operands in pieces:
        state = reduction.merge(state, reduction.update(operands, (), spot))
    reduced = (reduction.finish(state, Extent(first.numel()), ()),)
    return torch.cat([kernel.map(operands, reduced, spot) for spot, operands in pieces])


def test_a_quarter_of_a_right_angle():
    first, second = torch.tensor([2.0, 0.0]), torch.tensor([0.0, 2.0])
    result = arc(first, second, Fraction(1, 4))
    expected = [2 * math.cos(math.pi / 8), 2 * math.sin(math.pi / 8)]
    assert result.tolist() == pytest.approx(expected, rel=2e-7)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_against_the_formula_in_float64_whatever_the_cuts(dtype):
    torch.manual_seed(0)
    first, second = (torch.randn(5 * BLOCK_ENTRIES + 3, dtype=dtype) for _ in range(2))
    one, two, t = first.double(), second.double(), 0.3
    angle = torch.acos(one @ two / one.norm() / two.norm())
    expected = (torch.sin((1 - t) * angle) * one + torch.sin(t * angle) * two) / torch.sin(angle)
    result = arc(first, second, Fraction(3, 10))
    assert (result.double() - expected).abs().max() <= 2e-7 * expected.abs().max()
    assert torch.equal(result, arc(first, second, Fraction(3, 10), cuts=(1, 2)))


@pytest.mark.parametrize("second", [[0.0, 0.0, 0.0], [2.0, 4.0, 6.0], [-1.0, -2.0, -3.0], [1.0, 2.0, 3.00001]])
def test_without_an_angle_the_arc_is_the_line(second):
    first = torch.tensor([1.0, 2.0, 3.0])
    expected = 0.75 * first + 0.25 * torch.tensor(second)
    assert torch.allclose(arc(first, torch.tensor(second), Fraction(1, 4)), expected, rtol=2e-7)


def test_ports_are_those_named():
    kernel = make_arc(Fraction(1, 2), first="first", second="second")
    assert kernel.parent == "first"
