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
    count_unseen,
    draw_blocks,
    draw_in_proportion,
    estimate_sum,
    scale_counts,
    tell_unseen,
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


@pytest.mark.parametrize("budget", [20_000, 3_000_000, 64_000_000])
def test_in_a_draw_in_proportion_every_tensor_has_its_share_of_the_entries(budget):
    sizes = {
        "matrix": (4096 * 4096, 8),
        "odd": (1_234_567, 8),
        "small": (WHOLE_ENTRIES, 8),
        "norm": (4096, 8),
        "scalar": (1, 8),
        "none": (0, 8),
    }
    share = budget / sum(entries * width for entries, width in sizes.values())
    drawn = draw_in_proportion(sizes, "s", budget)
    for name, blocks in drawn.items():
        # To half an entry and two thousandths, with four entries at least, or all that there are.
        wanted = share * blocks.entries
        assert abs(blocks.read_entries - wanted) <= max(0.5, 0.002 * wanted) or blocks.read_entries == min(FEWEST_BLOCKS, blocks.entries), (
            name
        )
        assert blocks.weights.sum() == blocks.total
        assert blocks.read_entries == len(blocks.blocks) * blocks.block_entries + blocks.entries % blocks.block_entries
    assert bytes_of(drawn, sizes) <= 1.01 * budget


def test_a_draw_in_proportion_is_of_all_entries_where_that_is_within_the_budget():
    drawn = draw_in_proportion({"matrix": (3_000_001, 8), "norm": (100, 8), "scalar": (1, 8)}, "s", 25_000_000)
    assert all(blocks.is_whole and blocks.read_entries == blocks.entries for blocks in drawn.values())


EMBED, HEAD, LAYER = "model.embed_tokens.weight", "lm_head.weight", "model.layers.0.mlp.up_proj.weight"


def test_embeddings_and_heads_are_read_whole_while_they_are_not_too_large_the_smallest_first():
    sizes = {EMBED: (50_000_000, 8), HEAD: (40_000_000, 8), LAYER: (50_000_000, 8)}
    drawn = draw_blocks(sizes, "s", 100_000_000, rows_bytes=400_000_000)
    assert [name for name, blocks in drawn.items() if blocks.is_whole] == [HEAD]
    assert drawn[EMBED].block_entries == SMALLEST_BLOCK < drawn[LAYER].block_entries
    assert drawn[EMBED].scale < drawn[LAYER].scale / 2
    assert not any(blocks.is_whole for blocks in draw_blocks(sizes, "s", 100_000_000).values())


@pytest.mark.parametrize("budget", [30_000_000, 300_000_000])
def test_as_many_blocks_as_are_allowed_for_are_missed_in_one_of_100_draws(budget):
    generator = np.random.default_rng(1)
    sizes = {EMBED: (4000 * SMALLEST_BLOCK, 32)}
    drawn = draw_blocks(sizes, "", budget)[EMBED]
    changed = math.ceil(count_unseen(drawn))
    missed = 0
    for number in range(2000):
        found = draw_blocks(sizes, str(number), budget)[EMBED].blocks
        missed += not np.isin(generator.choice(drawn.total, changed, replace=False), found).any()
    assert missed / 2000 <= 0.015
    assert count_unseen(draw_blocks(sizes, "", budget, rows_bytes=10**9)[EMBED]) == 0


def test_a_run_of_changed_rows_over_two_strata_is_never_missed():
    sizes = {EMBED: (4000 * SMALLEST_BLOCK, 32)}
    for number in range(300):
        drawn = draw_blocks(sizes, str(number), 30_000_000)[EMBED]
        run = 2 * math.ceil(drawn.scale)
        assert np.diff(np.array([0, *drawn.blocks, drawn.total])).max() <= run


def test_the_user_is_told_what_an_estimate_may_miss_and_nothing_where_it_can_not():
    sizes = {EMBED: (64_000 * 2048, 32), HEAD: (64_000 * 2048, 32), LAYER: (50_000_000, 32)}
    columns = {EMBED: 2048, HEAD: 2048, LAYER: 4096}
    (note,) = tell_unseen(draw_blocks(sizes, "s"), columns)
    assert EMBED in note
    assert HEAD in note
    assert LAYER not in note
    assert tell_unseen(draw_blocks(sizes, "s", rows_bytes=10**10), columns) == ()
    wide = {EMBED: draw_blocks(sizes, "s")[EMBED]}
    rows = math.ceil(count_unseen(wide[EMBED]) / 4)
    assert f"{rows} rows" in tell_unseen(wide, {EMBED: 4 * SMALLEST_BLOCK})[0]


def test_the_user_is_told_of_tensors_in_which_no_change_was_seen_unless_they_were_read_whole():
    sizes = {"layers.0.mlp.weight": (50_000_000, 32), "layers.1.mlp.weight": (50_000_000, 32), "norm": (WHOLE_ENTRIES, 32)}
    drawn, columns = draw_blocks(sizes, "s"), dict.fromkeys(sizes, 4096)
    (one,) = tell_unseen(drawn, columns, ["layers.1.mlp.weight"])
    assert "“layers.1.mlp.weight” and seen no change" in one
    (both,) = tell_unseen(drawn, columns, sizes)
    assert "“layers.0.mlp.weight” and of 1 other tensor and seen no change" in both
    assert tell_unseen(drawn, columns, ["norm"]) == ()


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
    assert (np.mean(hits, axis=0) >= 0.99).all()
    mean, spread = np.mean(offsets, axis=0), np.std(offsets, axis=0)
    assert (abs(mean) < 4 * spread / math.sqrt(DRAWS)).all()


def test_counts_are_scaled_to_the_whole():
    drawn = draw_blocks({"a": (1000 * LARGEST_BLOCK, 1)}, "s", 50 * LARGEST_BLOCK)["a"]
    assert scale_counts(np.array([len(drawn.blocks), 0]), drawn).tolist() == [drawn.total, 0]
