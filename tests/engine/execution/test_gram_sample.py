"""The estimate on real files: beside the exact pass, with what the cache knows, and over many draws."""

import os

import numpy as np
import pytest
import torch

from engine.errors import Cancelled, InputChangedError
from engine.execution.gram_pass import PassSettings, measure_gram
from engine.execution.gram_sample import estimate_gram
from engine.similarity.known_sums import KnownSums
from engine.similarity.store import GramStore

NAMES = ("base", "a", "b")
BUDGET = 2_000_000


@pytest.fixture
def large(bench, settle):
    """Save a family with a tensor of many blocks whose rows differ in how much they changed, and a small one."""
    draw = torch.Generator().manual_seed(0)
    base = {"embed": torch.randn(2000, 1024, generator=draw).bfloat16(), "norm": torch.randn(1025, generator=draw).bfloat16()}
    scale = torch.exp(0.5 * torch.randn(2000, 1, generator=draw))
    bench.save("base", base)
    for name in "ab":
        step = 0.1 * scale * torch.randn(2000, 1024, generator=draw)
        bench.save(name, {"embed": (base["embed"] + step).bfloat16(), "norm": base["norm"] + 1})
    settle(*NAMES)


def test_small_tensors_are_exact_and_large_ones_within_their_errors(large, files_of, store):
    files = files_of(*NAMES)
    estimate = estimate_gram(files, store, budget_bytes=BUDGET)
    exact = measure_gram(files, store).table
    norm, embed = exact.tensors.index("norm"), exact.tensors.index("embed")
    assert estimate.is_estimate
    np.testing.assert_array_equal(estimate.products[norm], exact.products[norm])
    np.testing.assert_array_equal(estimate.magnitudes[norm], exact.magnitudes[norm])
    assert not estimate.errors[norm].any()
    assert (estimate.errors[embed] > 0).all()
    assert (abs(estimate.products - exact.products) <= 3 * estimate.errors).all()
    np.testing.assert_array_equal(estimate.entries, exact.entries)
    np.testing.assert_allclose(estimate.both, exact.both, rtol=0.05)


def test_over_many_draws_nearly_all_products_are_within_three_errors(large, files_of, store, tmp_path, monkeypatch):
    files = files_of(*NAMES)
    exact = measure_gram(files, store).table
    hits = []
    for draw in range(60):
        monkeypatch.setattr(KnownSums, "seed", str(draw))
        estimate = estimate_gram(files, GramStore(tmp_path / "empty"), budget_bytes=BUDGET)
        hits.append(abs(estimate.products - exact.products) <= 3 * estimate.errors)
    assert np.mean(hits) >= 0.99


def test_what_the_cache_knows_is_exact(large, files_of, store):
    measure_gram(files_of("base", "a"), store)
    estimate = estimate_gram(files_of(*NAMES), store, budget_bytes=BUDGET)
    exact = measure_gram(files_of("base", "a"), store).table
    np.testing.assert_array_equal(estimate.products[:, :2, :2], exact.products)
    assert not estimate.errors[:, :2, :2].any()
    assert (estimate.errors[estimate.tensors.index("embed"), 2] > 0).all()


def test_neither_threads_nor_a_second_call_show(large, files_of, store):
    one, other = (estimate_gram(files_of(*NAMES), store, PassSettings(workers=count), BUDGET) for count in (1, 3))
    np.testing.assert_array_equal(one.products, other.products)
    np.testing.assert_array_equal(one.errors, other.errors)


def test_it_can_be_stopped(large, files_of, store):
    with pytest.raises(Cancelled):
        estimate_gram(files_of(*NAMES), store, PassSettings(stops=lambda: True))


def test_a_file_that_changes_while_it_is_sampled_is_an_error(bench, large, files_of, store):
    files = files_of(*NAMES)

    def change():
        os.utime(bench.folder / "b" / "model.safetensors")
        return False

    with pytest.raises(InputChangedError, match="changed"):
        estimate_gram(files, store, PassSettings(workers=1, stops=change), budget_bytes=BUDGET)
