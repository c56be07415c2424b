"""How long an edit is, added up while it is written."""

from __future__ import annotations

import pytest
import torch

from engine.execution.written_edit import WrittenEdit

ENTRIES = 150_000  # several blocks


def make_pair(scale=1.0, dtype=torch.float32):
    draw = torch.Generator().manual_seed(3)
    base, move = (torch.randn(ENTRIES, generator=draw, dtype=torch.float64) for _ in range(2))
    return (scale * (base + 1e-3 * move)).to(dtype), (scale * base).to(dtype)


def share_of(written, base):
    return float((written.double() - base.double()).norm() / base.double().norm())


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16, torch.float16])
def test_the_share_is_that_of_the_definition(dtype):
    edit = WrittenEdit()
    edit.add("a", 0, *make_pair(dtype=dtype))
    share, is_exact = edit.find_share({"a": ENTRIES})
    assert share == pytest.approx(share_of(*make_pair(dtype=dtype)), rel=1e-6)
    assert is_exact


@pytest.mark.parametrize("scale", [1e-30, 1e25])
def test_squares_that_float32_does_not_hold_count(scale):
    edit = WrittenEdit()
    edit.add("a", 0, *make_pair(scale))
    assert edit.find_share({"a": ENTRIES})[0] == pytest.approx(share_of(*make_pair(scale)), rel=1e-6)


def test_the_order_of_pieces_does_not_show_and_one_that_comes_again_counts_once():
    written, base = make_pair()
    places = [0, 70_000, 140_000]
    shares = set()
    for order in (places, places[::-1], [*places, 70_000]):
        edit = WrittenEdit()
        for start in order:
            edit.add("a", start, written[start : start + 70_000], base[start : start + 70_000])
        shares.add(edit.find_share({"a": ENTRIES}))
    assert len(shares) == 1


def test_what_is_known_of_a_tensor_stands_for_the_rest_of_it_as_an_estimate():
    edit = WrittenEdit()
    edit.add("a", 0, torch.full((10,), 3.0), torch.full((10,), 2.0))
    edit.add("b", 0, torch.full((10,), 2.0), torch.full((10,), 2.0))
    share, is_exact = edit.find_share({"a": 30, "b": 10})
    assert share == pytest.approx((30 / 160) ** 0.5)
    assert not is_exact


def test_without_a_look_at_every_base_no_share_is_told():
    edit = WrittenEdit()
    assert edit.find_share({}) == (None, False)
    edit.add("a", 0, torch.ones(4), torch.full((4,), 2.0))
    assert edit.find_share({"a": 4}) == (0.5, True)
    edit.miss()
    assert edit.find_share({"a": 4, "b": 4}) == (None, False)
