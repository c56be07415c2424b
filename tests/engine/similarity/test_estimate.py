"""The draw of blocks, and the standard errors, over many draws."""

import math

import numpy as np
import pytest
from scipy import stats

from engine.similarity.estimate import (
    FEWEST_BLOCKS,
    LARGEST_BLOCK,
    SMALLEST_BLOCK,
    WHOLE_ENTRIES,
    draw_blocks,
    estimate_sum,
    scale_counts,
    widen_error,
)

DRAWS = 400


def bytes_of(drawn, sizes):
    rest = {name: blocks.entries - blocks.total * blocks.block_entries for name, blocks in drawn.items()}
    return sum((len(blocks.blocks) * blocks.block_entries + rest[name]) * sizes[name][1] for name, blocks in drawn.items())


def test_the_same_inputs_give_the_same_blocks_and_others_give_others():
    sizes = {"a": (10_000_000, 8), "b": (500_000, 8)}
    one, same, other = (draw_blocks(sizes, seed, 10_000_000) for seed in ("s", "s", "t"))
    np.testing.assert_array_equal(one["a"].blocks, same["a"].blocks)
    assert (one["a"].blocks != other["a"].blocks).any()


def test_blocks_lie_in_the_tensor_each_once_in_order():
    for blocks in draw_blocks({"a": (10_000_001, 8), "b": (90_000, 2), "c": (70_000, 2)}, "s", 3_000_000).values():
        assert (np.diff(blocks.blocks) > 0).all()
        assert 0 <= blocks.blocks[0] <= blocks.blocks[-1] < blocks.total
        assert blocks.weights.sum() == blocks.total


def test_small_tensors_are_whole_and_what_is_read_is_bounded_by_bytes():
    sizes = {f"layer.{index}": (4096 * 11008, 8) for index in range(200)} | {"norm": (WHOLE_ENTRIES, 8)}
    drawn = draw_blocks(sizes, "s")
    assert drawn["norm"].is_whole
    assert not drawn["layer.0"].is_whole
    assert bytes_of(drawn, sizes) < 450e6
    many = {f"layer.{index}": (4096 * 4096, 42) for index in range(400)}
    found = draw_blocks(many, "s")
    assert all(len(blocks.blocks) >= FEWEST_BLOCKS for blocks in found.values())
    assert {blocks.block_entries for blocks in found.values()} == {SMALLEST_BLOCK}
    assert bytes_of(found, many) < 450e6


def test_everything_is_read_where_that_is_within_the_budget():
    drawn = draw_blocks({"a": (3_000_000, 8)}, "s")
    assert drawn["a"].is_whole
    assert drawn["a"].block_entries == LARGEST_BLOCK


def test_errors_are_widened_as_student_does():
    for freedom in (3, 4, 7, 15, 30, 100):
        assert widen_error(freedom) * 3 == pytest.approx(stats.t.isf(stats.norm.sf(3), freedom), rel=1e-4)
    assert widen_error(1000) == pytest.approx(1, abs=5e-3)


def test_a_whole_tensor_has_no_error():
    drawn = draw_blocks({"a": (WHOLE_ENTRIES, 8)}, "s")["a"]
    total, error = estimate_sum(np.arange(float(drawn.total)), drawn)
    assert (total, error) == (drawn.total * (drawn.total - 1) / 2, 0)


def make_block_sums(kind, count, generator):
    """Return, per block of four rows, the sums of squares and products of two vectors whose rows differ as those of fine-tunes do."""
    rows = (count, 4)
    scale = {
        "even": np.ones(rows),
        "lognormal": generator.lognormal(0, 0.5, rows),
        "trend": np.linspace(0.2, 2, count)[:, None] * np.ones(rows),
        "sparse": (generator.random(rows) < 0.1) * 1.0,  # of the words, a tenth occurred in the training
    }[kind]
    one = scale[:, :, None] * generator.standard_normal((*rows, 16))
    other = 0.5 * one + scale[:, :, None] * generator.standard_normal((*rows, 16))
    return np.stack([(left * right).sum(axis=(1, 2)) for left, right in ((one, one), (one, other), (other, other))], axis=1)


@pytest.mark.parametrize("budget_share", [0.05, 0.1, 0.4])
def test_the_estimate_is_within_three_errors_in_99_of_100_draws_and_has_no_bias(budget_share):
    generator = np.random.default_rng(5)
    sizes = dict.fromkeys(("even", "lognormal", "trend", "sparse"), (2000 * SMALLEST_BLOCK, 1))
    budget = int(budget_share * 4 * 2000 * SMALLEST_BLOCK)
    drawn = draw_blocks(sizes, "", budget)
    values = {kind: make_block_sums(kind, blocks.total, generator) for kind, blocks in drawn.items()}
    hits, offsets = [], []
    for number in range(DRAWS):
        drawn = draw_blocks(sizes, str(number), budget)
        found = {kind: estimate_sum(values[kind][blocks.blocks], blocks) for kind, blocks in drawn.items()}
        exact = {kind: values[kind].sum(axis=0) for kind in sizes}
        hits.append([abs(found[kind][0] - exact[kind]) <= 3 * found[kind][1] for kind in sizes])
        offsets.append([(found[kind][0] - exact[kind]) / exact[kind] for kind in sizes])
    assert np.mean(hits) >= 0.99
    mean, spread = np.mean(offsets, axis=0), np.std(offsets, axis=0)
    assert (abs(mean) < 4 * spread / math.sqrt(DRAWS)).all()


def test_counts_are_scaled_to_the_whole():
    drawn = draw_blocks({"a": (1000 * LARGEST_BLOCK, 1)}, "s", 50 * LARGEST_BLOCK)["a"]
    assert scale_counts(np.array([len(drawn.blocks), 0]), drawn).tolist() == [drawn.total, 0]
