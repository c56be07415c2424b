"""The k-th largest magnitude is exact whichever way it is found, and so is the place where tied entries stop being kept."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
import torch

from engine.execution.rounds import sample_pieces
from engine.kernels import bracket_count
from engine.kernels.magnitude_cut import keep_largest
from engine.kernels.select_magnitude import read_cuts, select_largest
from engine.operation import BLOCK_ENTRIES, Extent, Spot

PIECE = 2 * BLOCK_ENTRIES
SIZES = (1, 5, BLOCK_ENTRIES, 3 * PIECE + 77, 9 * PIECE)


def reduce(operands, density, scope, piece=PIECE):
    """Run the reductions over one tensor, and return the cuts and the numbers of those that ran."""
    entries = operands[0].numel()
    starts = range(0, max(entries, 1), piece)
    results, ran = (), []
    for number, reduction in enumerate(select_largest("vectors", density, scope)):
        if reduction.needed and not reduction.needed(results):
            results = (*results, None)
            continue
        state = reduction.start()
        for index in sample_pieces(len(starts)) if reduction.reach == "sample" else range(len(starts)):
            pieces = {"vectors": [operand[starts[index] : starts[index] + piece] for operand in operands]}
            state = reduction.merge(state, reduction.update(pieces, results, Spot("n", "w", starts[index], entries)))
        results = (*results, reduction.finish(state, Extent(entries), results))
        ran.append(number)
    return read_cuts(results), ran


def keep_by_sorting(values, density):
    """Return the values with all but the ⌊density·n⌋ largest magnitudes 0, of equal ones those of lowest index."""
    quota = math.floor(density * values.numel())
    order = np.argsort(-values.abs().numpy(), kind="stable")[:quota]
    kept = torch.zeros_like(values)
    kept[order] = values[order]
    return kept


def keep_all(values, cut):
    """Return what a cut keeps of a tensor, piece by piece."""
    count = values.numel()
    spots = [Spot("n", "w", start, count) for start in range(0, count, PIECE)]
    return torch.cat([keep_largest(values[spot.offset : spot.offset + PIECE], cut, spot) for spot in spots])


def draw(kind, count, dtype=torch.float32, seed=0):
    generator = torch.Generator().manual_seed(seed)
    normal = torch.randn(count, generator=generator, dtype=torch.float64)
    rows = torch.exp(3 * torch.randn(count // 999 + 1, generator=generator, dtype=torch.float64)).repeat_interleave(999)[:count]
    shapes = {
        "smooth": normal,
        "tied": (normal * 2).round(),
        "rounded": normal.to(torch.bfloat16),
        "mostly zero": normal * (normal > 1.5),
        "all zero": normal * 0,
        "all equal": normal * 0 - 3,
        "rows of many scales": normal * rows,
        "rising": torch.arange(count, dtype=torch.float64) * 1e-30,
        "tiny": normal * 1e-42,
    }
    return shapes[kind].to(dtype)


KINDS = ("smooth", "tied", "rounded", "mostly zero", "all zero", "all equal", "rows of many scales", "rising", "tiny")


@pytest.mark.parametrize("density", [Fraction(0), Fraction(1, 1000), Fraction(1, 5), Fraction(999, 1000), Fraction(1)])
@pytest.mark.parametrize("kind", KINDS)
def test_the_cut_keeps_what_sorting_keeps(kind, density):
    for count in SIZES:
        values = draw(kind, count)
        (cut,), _ = reduce([values], density, "tensor")
        assert torch.equal(keep_all(values, cut), keep_by_sorting(values, density)), count


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("kind", KINDS)
def test_one_reading_and_the_digits_find_the_same(kind, dtype):
    operands = [draw(kind, SIZES[-2], dtype, seed) for seed in range(3)]
    quick, _ = reduce(operands, Fraction(1, 5), "tensor")
    digits, _ = reduce(operands, Fraction(1, 5), "model")
    # The digits may stop above the threshold's own last bit, where no entry lies in between.
    for values, one, other in zip(operands, quick, digits, strict=True):
        assert torch.equal(keep_all(values, one), keep_all(values, other))


@pytest.mark.parametrize("kind", ["smooth", "tied", "rounded"])
def test_as_a_rule_one_reading_does(kind):
    assert reduce([draw(kind, SIZES[-1])], Fraction(1, 5), "tensor")[1] == [0, 1]


def test_where_the_sample_tells_nothing_of_the_rest_the_digits_find_the_cut():
    values = draw("smooth", 9 * PIECE)
    unseen = [number for number in range(9) if number not in sample_pieces(9)]
    values.view(9, PIECE)[unseen] *= 1000
    (cut,), ran = reduce([values], Fraction(1, 5), "tensor")
    assert ran[:3] == [0, 1, 2]
    assert torch.equal(keep_largest(values, cut, Spot("n", "w", 0, values.numel())), keep_by_sorting(values, Fraction(1, 5)))


def test_where_too_many_entries_lie_in_the_bracket_the_digits_find_the_cut(monkeypatch):
    monkeypatch.setattr(bracket_count, "MOST_ROWS", 100)
    operands = [draw("smooth", SIZES[-1]), draw("all equal", SIZES[-1])]
    found, ran = reduce(operands, Fraction(1, 5), "tensor")
    assert ran[:4] == [0, 1, 2, 3]
    assert found == reduce(operands, Fraction(1, 5), "model")[0]


def test_numbers_that_are_not_finite_order_above_all_others():
    values = draw("smooth", 3 * PIECE)
    values[:10], values[10:20] = math.nan, -math.inf
    (quick,), (digits,) = (reduce([values], Fraction(1, 5), scope)[0] for scope in ("tensor", "model"))
    assert quick == digits


def test_the_count_on_a_device_is_the_one_on_the_host():
    values = draw("rounded", 3 * PIECE + 5)
    (bracket,) = reduce_survey(values)
    spot = Spot("n", "w", 4 * BLOCK_ENTRIES, 9 * PIECE)
    host, device = (count(values, bracket, spot) for count in (bracket_count._count_on_host, bracket_count._count_on_device))
    assert host.above == device.above
    assert len(host.found) == len(device.found) > 3
    for one, other in zip(host.found, device.found, strict=True):
        assert one[2] == other[2]
        assert all(np.array_equal(first, second) for first, second in zip(one[:2], other[:2], strict=True))


def reduce_survey(values):
    survey = select_largest("vectors", Fraction(1, 5), "tensor")[0]
    spot = Spot("n", "w", 0, values.numel())
    return survey.finish(survey.merge(survey.start(), survey.update({"vectors": [values]}, (), spot)), Extent(values.numel()), ())
