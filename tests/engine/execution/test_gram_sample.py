"""The estimate on real files: beside the exact pass, with what the cache knows, and over many draws."""

import os

import numpy as np
import pytest
import torch

from engine.errors import Cancelled, InputChangedError
from engine.execution import gram_sample
from engine.execution.gram_pass import PassSettings, measure_gram
from engine.execution.gram_sample import ReadingBudget, choose_budget, estimate_gram
from engine.similarity.known_sums import KnownSums
from engine.similarity.store import GramStore

NAMES = ("base", "a", "b")
EMBED = "model.embed_tokens.weight"
BUDGET = ReadingBudget(2_000_000, rows_bytes=0)
DRAWS = 100


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
    estimate = estimate_gram(files, store, budget=BUDGET)
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


def count_hits(files, exact, folder, monkeypatch):
    """Return, per product of each tensor and of the whole model, in what share of the draws the exact one is within three errors."""
    hits, whole = [], []
    for draw in range(DRAWS):
        monkeypatch.setattr(KnownSums, "seed", str(draw))
        estimate = estimate_gram(files, GramStore(folder / "empty"), budget=BUDGET)
        hits.append(abs(estimate.products - exact.products) <= 3 * estimate.errors)
        apart = abs((estimate.products - exact.products).sum(axis=0))
        whole.append(apart <= 3 * np.sqrt((estimate.errors**2).sum(axis=0)))
    return np.mean(hits, axis=0), np.mean(whole, axis=0)


def test_over_many_draws_nearly_every_product_is_within_three_errors(large, files_of, store, tmp_path, monkeypatch):
    files = files_of(*NAMES)
    hits, whole = count_hits(files, measure_gram(files, store).table, tmp_path, monkeypatch)
    assert (hits >= 0.99).all()
    assert (whole >= 0.99).all()


@pytest.fixture(params=["one row", "few rows", "many rows", "a run of rows"])
def words(request, bench, settle):
    """Save a family whose matrix has changed all over, and whose embedding in some rows only, as much as the matrix there."""
    draw = torch.Generator().manual_seed(3)
    base = {EMBED: torch.randn(2000, 1024, generator=draw), "layers.0.mlp.weight": torch.randn(500, 1024, generator=draw)}
    bench.save("base", base)
    for name in "ab":
        first, last = 0, {"one row": 1, "few rows": 5, "many rows": 40, "a run of rows": 40}[request.param]
        order = torch.arange(1960, 2000) if request.param == "a run of rows" else torch.randperm(2000, generator=draw)
        rows = order[first:last]
        embed = base[EMBED].clone()
        embed[rows] += 0.1 * torch.randn(len(rows), 1024, generator=draw)
        matrix = base["layers.0.mlp.weight"]
        bench.save(name, {EMBED: embed, "layers.0.mlp.weight": matrix + 0.1 * torch.randn(matrix.shape, generator=draw)})
    settle(*NAMES)


def assert_covered(files, store, tmp_path, monkeypatch):
    """Each product and all lengths are within three errors in 99 of 100 draws."""
    hits, whole = count_hits(files, measure_gram(files, store).table, tmp_path, monkeypatch)
    assert (hits >= 0.99).all()
    assert (whole >= 0.99).all()


def test_few_changed_rows_of_an_embedding_are_within_three_errors_too(words, files_of, store, tmp_path, monkeypatch):
    assert_covered(files_of(*NAMES), store, tmp_path, monkeypatch)


MATRIX = "layers.1.attention.weight"


@pytest.fixture(params=[1, 5, 40])
def rows(request, bench, settle):
    """Save a family one matrix of which has changed all over, and another in some rows only."""
    draw = torch.Generator().manual_seed(3)
    base = {MATRIX: torch.randn(2000, 1024, generator=draw), "layers.0.mlp.weight": torch.randn(500, 1024, generator=draw)}
    bench.save("base", base)
    for name in "ab":
        chosen = torch.randperm(2000, generator=draw)[: request.param]
        matrix = base[MATRIX].clone()
        matrix[chosen] += 0.1 * torch.randn(len(chosen), 1024, generator=draw)
        other = base["layers.0.mlp.weight"]
        bench.save(name, {MATRIX: matrix, "layers.0.mlp.weight": other + 0.1 * torch.randn(other.shape, generator=draw)})
    settle(*NAMES)


def test_few_changed_rows_of_any_matrix_are_within_three_errors(rows, files_of, store, tmp_path, monkeypatch):
    assert_covered(files_of(*NAMES), store, tmp_path, monkeypatch)


def test_a_matrix_of_which_no_change_was_seen_is_not_told_to_be_unchanged(bench, settle, files_of, store, tmp_path):
    base = {MATRIX: torch.randn(2000, 1024), "norm": torch.randn(100)}
    bench.save("base", base)
    for name in "ab":
        bench.save(name, {MATRIX: base[MATRIX], "norm": base["norm"] + (name == "b")})
    settle(*NAMES)
    estimate = estimate_gram(files_of(*NAMES), store, budget=BUDGET)
    at = estimate.tensors.index(MATRIX)
    assert not estimate.products[at, 1:, 1:].any()
    assert (estimate.errors[at, 1:, :] > 0).all()
    (note,) = estimate.notes
    assert MATRIX in note
    whole = estimate_gram(files_of(*NAMES), GramStore(tmp_path / "empty"))
    assert (whole.notes, whole.errors.any()) == ((), False)


def test_what_one_layer_shows_of_the_spread_is_taken_for_the_others(bench, settle, files_of, store):
    """One layer's rows have changed alike, the others' very differently: these are not believed of a draw that happens to be even."""
    draw = torch.Generator().manual_seed(4)
    base = {f"layers.{number}.mlp.weight": torch.randn(300, 1024, generator=draw) for number in range(6)}
    bench.save("base", base)
    for name in "ab":
        steps = [torch.exp(1.5 * bool(number) * torch.randn(300, 1, generator=draw)) for number in range(6)]
        changes = [0.1 * step * torch.randn(300, 1024, generator=draw) for step in steps]
        bench.save(name, {key: value + change for (key, value), change in zip(base.items(), changes, strict=True)})
    settle(*NAMES)
    estimate = estimate_gram(files_of(*NAMES), store, budget=BUDGET)
    relative = estimate.errors[:, 1, 1] / estimate.products[:, 1, 1]
    assert relative.max() <= np.sqrt(6) * relative.min()


def test_an_embedding_is_read_whole_where_it_is_not_too_large_and_else_the_user_is_told(words, files_of, store, tmp_path):
    files = files_of(*NAMES)
    exact = measure_gram(files, store).table
    whole, sampled = (
        estimate_gram(files, GramStore(tmp_path / "empty"), budget=ReadingBudget(2_000_000, rows_bytes)) for rows_bytes in (10**8, 0)
    )
    at = exact.tensors.index(EMBED)
    np.testing.assert_array_equal(whole.products[at], exact.products[at])
    assert not whole.errors[at].any()
    assert whole.errors.any()
    assert whole.notes == ()
    assert [EMBED in note for note in sampled.notes] == [True]


def test_an_estimate_is_worth_its_time_only_where_it_reads_much_less(large, files_of, store):
    files = files_of(*NAMES)
    assert choose_budget(files, store, BUDGET) == BUDGET
    assert choose_budget(files, store) is None
    measure_gram(files, store)
    assert choose_budget(files, store, BUDGET) is None


def test_of_models_that_the_usual_budget_would_read_whole_a_part_is_read(large, files_of, store, monkeypatch):
    """Models of a few gigabytes, as these stand for, take longer than a glance."""
    monkeypatch.setattr(gram_sample, "_GLANCE_BYTES", 1_000_000)
    files = files_of(*NAMES)
    in_all = sum(path.stat().st_size for path in (stamp.path for stamp in files.stamps))
    budget = choose_budget(files, store)
    assert budget is not None
    assert budget.sampled_bytes + budget.rows_bytes <= in_all / 4
    assert estimate_gram(files, store, budget=budget).is_estimate


def test_an_estimate_of_small_tensors_would_be_the_exact_pass(bench, settle, files_of, store):
    for name in NAMES:
        bench.save(name, {"layers.0.mlp.weight": torch.ones(30, 40)})
    settle(*NAMES)
    assert choose_budget(files_of(*NAMES), store, BUDGET) is None


def test_what_the_cache_knows_is_exact(large, files_of, store):
    measure_gram(files_of("base", "a"), store)
    estimate = estimate_gram(files_of(*NAMES), store, budget=BUDGET)
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
        estimate_gram(files, store, PassSettings(workers=1, stops=change), budget=BUDGET)
