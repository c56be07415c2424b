"""Errors that a tensor's own draw does not tell: over many draws of kinds of tensors, and single cases."""

import numpy as np
import pytest

from engine.similarity.estimate import SMALLEST_BLOCK, draw_blocks, estimate_sum
from engine.similarity.estimate_errors import SeenBlocks, allow_for_missed, allow_for_unseen, pool_errors
from engine.similarity.gram_table import make_zeros

DRAWS, BLOCKS, LAYERS = 200, 256, 8
SIZES = {f"layers.{layer}.mlp.weight": (BLOCKS * SMALLEST_BLOCK, 8) for layer in range(LAYERS)}
BUDGET = int(0.16 * LAYERS * BLOCKS * SMALLEST_BLOCK * 8)
NAMES = tuple(SIZES)


def make_table(products, errors, names=NAMES, vectors=("a",)):
    entries = np.array([SIZES.get(name, (1000,))[0] for name in names], np.int64)
    table = make_zeros("base", vectors, names, (), entries)
    table.products[:] = products
    return type(table)(**{**vars(table), "errors": np.array(errors, float)})


def estimate(blocks, seed):
    """Return the table of one vector whose squares are estimated from (layers, blocks) sums, and what was drawn."""
    drawn = list(draw_blocks(SIZES, seed, BUDGET).values())
    found = [estimate_sum(sums[draw.blocks], draw) for sums, draw in zip(blocks, drawn, strict=True)]
    products, errors = np.zeros((2, LAYERS, 2, 2))
    products[:, 1, 1], errors[:, 1, 1] = np.transpose(found)
    return make_table(products, errors), dict(enumerate(drawn))


def pairs_of(table):
    pairs = np.zeros(table.products.shape, np.bool_)
    pairs[:, 1, 1] = True
    return pairs


def make_sums(spread):
    """Return (layers, blocks) sums of squares of eight rows each, whose sizes are lognormal."""
    generator = np.random.default_rng(7)
    rows = np.exp(2 * spread * generator.standard_normal((LAYERS, BLOCKS, 8)))
    return (rows * generator.chisquare(512, rows.shape)).sum(axis=2)


@pytest.mark.parametrize(("spread", "alone_at_most", "together_at_least"), [(1.0, 0.985, 0.99), (1.5, 0.95, 0.97)])
def test_errors_of_all_layers_together_cover_draws_that_missed_the_largest_rows(spread, alone_at_most, together_at_least):
    sums = make_sums(spread)
    exact = sums.sum(axis=1)
    alone, together = [], []
    for draw in range(DRAWS):
        table, drawn = estimate(sums, str(draw))
        apart = abs(table.products[:, 1, 1] - exact)
        alone.append(apart <= 3 * table.errors[:, 1, 1])
        pool_errors(table, drawn, pairs_of(table))
        together.append(apart <= 3 * table.errors[:, 1, 1])
    assert np.mean(alone) <= alone_at_most
    assert np.mean(together) >= together_at_least


def test_where_all_rows_changed_alike_the_errors_hardly_grow():
    table, drawn = estimate(make_sums(0.0), "s")
    before = table.errors[:, 1, 1].copy()
    pool_errors(table, drawn, pairs_of(table))
    assert (table.errors[:, 1, 1] >= before).all()
    assert table.errors[:, 1, 1].mean() < 1.15 * before.mean()


def test_kinds_are_not_mixed_and_what_is_known_stays_exact():
    names = ("layers.0.mlp.weight", "layers.1.mlp.weight", "layers.0.attention.weight")
    table = make_table([np.eye(2)] * 3, np.array([0.1, 0.3, 0.9])[:, None, None] * np.ones((2, 2)), names)
    drawn = dict(enumerate([draw_blocks(SIZES, "s", BUDGET)[NAMES[0]]] * 3))
    pairs = pairs_of(table)
    table.errors[~pairs] = 0
    pool_errors(table, drawn, pairs)
    assert table.errors[:, 1, 1] == pytest.approx([np.sqrt((0.01 + 0.09) / 2), 0.3, 0.9])
    assert not table.errors[~pairs].any()


def see(*squares, is_zero=False):
    blocks = np.array(squares, float)[:, None] * np.array([1, 1])
    return SeenBlocks.of(blocks, SMALLEST_BLOCK, np.array([False, True]), np.array([False, is_zero]))


def allow(seen, square):
    table = make_table(np.zeros((1, 2, 2)), np.zeros((1, 2, 2)), NAMES[:1])
    table.products[0] = np.diag([1e6, square])
    allow_for_unseen(table, {0: draw_blocks(SIZES, "s", BUDGET)[NAMES[0]]}, {0: seen}, pairs_of(table))
    return table.errors[0, 1, 1]


def test_where_a_drawn_block_did_not_change_others_may_have():
    assert allow(see(4, 5, 6), 15) == 0
    assert allow(see(0, 5, 6), 11) > 5
    assert allow(see(0, 0, 0), 0) > 0
    assert allow(see(0, 0, 0, is_zero=True), 0) == 0
    assert [see(0, 0).saw_nothing, see(0, 1).saw_nothing, see(0, 0, is_zero=True).saw_nothing] == [True, False, False]


def test_a_tensor_that_is_not_counted_says_nothing_of_the_others():
    tables = []
    for square in (0.0, np.nan):
        table = make_table(np.zeros((2, 2, 2)), np.zeros((2, 2, 2)), NAMES[:2])
        table.products[0] = np.diag([1e6, 11.0])
        table.entries[1] = 0
        seen = {0: see(0, 5, 6), 1: see(0, square, square)}
        with np.errstate(invalid="ignore"):
            allow_for_unseen(table, dict(enumerate(draw_blocks(SIZES, "s", BUDGET).values())), seen, pairs_of(table))
        tables.append(table.errors[0])
    np.testing.assert_array_equal(*tables)


def allow_made(changed):
    """Return the errors of what was made of a vector whose squares are 102 and 33 in two tensors, and 100 and 0 in the draw."""
    products = np.zeros((2, 3, 3))
    products[:, 1, 1], products[:, 2, 2] = [100, 0], [400, 0]
    table = make_table(products, np.full((2, 3, 3), 1.0), NAMES[:2], ("a", "made"))
    exact = np.zeros((2, 2, 2))
    exact[:, 1, 1] = [102, 33]
    drawn = dict(enumerate(draw_blocks(SIZES, "s", BUDGET).values()))
    allow_for_missed(table, exact, np.array([[0, changed], [0, 20]]), drawn)
    return table.errors[:, 2, 2]


def test_what_the_draw_missed_of_the_vectors_may_be_missed_of_what_is_made_of_them():
    # 33 is 30 more than three errors, and what was made has four times the square of the vector.
    assert allow_made(20) == pytest.approx([1, np.hypot(1, 30 / 2 * 4)])


def test_few_changed_blocks_do_not_tell_what_is_made_of_the_others():
    assert allow_made(3)[0] == pytest.approx(np.hypot(1, 102 / 2 * 4))
