"""Kernels estimated on blocks, beside what a run of the whole makes of them."""

import numpy as np
import pytest
import torch

from engine.execution.gram_pass import measure_gram
from engine.execution.kernel_exact import measure_kernels
from engine.execution.kernel_sample import estimate_kernels
from engine.execution.stop import Stop
from engine.similarity import small_members
from tests.engine.graph_lines import TWO_VECTORS

DRAWS = 40
KERNELS = {
    "ties": "made = ties vectors=ta,tb density:0.3",
    "dare": "made = dare vector=ta drop:0.4",
    "trim": "made = trim vector=tb density:0.1",
    "scaled": "half = scale vector=ta factor:0.5\nmade = trim vector=half density:0.5",
}


def gram_of_run(bench, lines):
    """Return, per tensor, the exact products of θ₀, the differences and the kernel's value, and these themselves."""
    bench.run(lines + "\nout = export_vector vector=made folder:out dtype:float32")
    models = [bench.load(name) for name in ("base", "a", "b")]
    made = bench.load("out")
    rows = {name: torch.stack([value.double().flatten() for value in (models[0][name], models[1][name] - models[0][name],
            models[2][name] - models[0][name], made[name])]) for name in made}  # fmt: skip
    return {name: (value @ value.T).numpy() for name, value in rows.items()}, {name: value.numpy() for name, value in rows.items()}


@pytest.mark.parametrize("kind", list(KERNELS))
def test_a_kernel_is_estimated_within_its_errors(bench, large, store, kind):
    lines = TWO_VECTORS + KERNELS[kind]
    graph = bench.kernel_graph(bench.document(lines))
    exact = measure_gram(graph.files, store).table
    table = estimate_kernels(graph, exact, Stop(), budget_bytes=3_000_000)
    products, made = gram_of_run(bench, lines)
    assert table.vectors == ("a", "b", "made")
    np.testing.assert_array_equal(table.products[:, :3, :3], exact.products)
    assert not table.errors[:, :3, :3].any()
    total = sum(products.values())
    found, spread = table.products.sum(0), np.sqrt((table.errors**2).sum(0))
    # Random drops and cuts fall otherwise on blocks than on the whole, so a little is allowed beside the draw's own error.
    assert (abs(found - total) <= 3 * spread + 0.02 * np.sqrt(np.outer(np.diag(total), np.diag(total)))).all()
    zeros = sum(int((value[3] == 0).sum()) for value in made.values()) / sum(value[3].size for value in made.values())
    assert 1 - table.both[:, 2, 2].sum() / table.entries.sum() == pytest.approx(zeros, abs=0.01)
    np.testing.assert_allclose(table.magnitudes[:, 2].sum(axis=1), table.both[:, 2, 2], atol=MAGNITUDE_ROUNDING)


MAGNITUDE_ROUNDING = 64
"""Each of so many scaled counts is rounded to a whole number."""


@pytest.fixture
def uneven(bench):
    """Save a base and two others with a matrix, and small tensors that changed three times as much."""
    draw = torch.Generator().manual_seed(2)
    shapes = {"layers.0.mlp.weight": (1000, 1000)} | {f"layers.{number}.norm.weight": (2000,) for number in range(10)}
    base = {name: torch.randn(shape, generator=draw) for name, shape in shapes.items()}
    bench.save("base", base)
    for name in "ab":
        bench.save(
            name, {key: value + 0.1 * (4 - value.ndim * 1.5) * torch.randn(value.shape, generator=draw) for key, value in base.items()}
        )


WIDE = {
    "trim": "made = trim vector=tb density:0.05 scope:model",
    "ties": "made = ties vectors=ta,tb density:0.05 scope:model",
    "then": "cut = trim vector=tb density:0.05 scope:model\nmade = scale vector=cut factor:2",
}


@pytest.mark.parametrize("kind", list(WIDE))
def test_a_cut_over_the_model_is_within_three_errors_in_many_draws_whatever_small_tensors_hold(bench, uneven, store, kind, monkeypatch):
    graph = bench.kernel_graph(bench.document(TWO_VECTORS + WIDE[kind]))
    exact = measure_gram(graph.files, store).table
    truth = measure_kernels(graph, graph.kernels, Stop()).products[:, 3, 3].sum()
    hits, ratios = [], []
    for draw in range(DRAWS):
        monkeypatch.setattr(small_members, "identify_checkpoint", lambda header, draw=draw: f"{draw}")
        table = estimate_kernels(graph, exact, Stop(), budget_bytes=1_000_000)
        square, error = table.products[:, 3, 3].sum(), np.sqrt((table.errors[:, 3, 3] ** 2).sum())
        hits.append(abs(square - truth) <= 3 * error)
        ratios.append(square / truth)
        assert (table.errors[:, 3, 3] > 0).all()
    assert np.mean(hits) >= 0.99
    assert np.mean(ratios) == pytest.approx(1, abs=4 * np.std(ratios) / np.sqrt(DRAWS))


@pytest.mark.parametrize(
    "kind", ["made = trim vector=ta density:0.5", "made = dare vector=ta drop:0.5", f"{WIDE['trim']}".replace("tb", "ta")]
)
def test_a_kernel_of_vectors_with_one_changed_row_is_never_told_to_be_0(bench, store, kind, monkeypatch):
    draw = torch.Generator().manual_seed(2)
    base = {"layers.0.mlp.weight": torch.randn(1000, 1000, generator=draw), "norm.weight": torch.randn(1000, generator=draw)}
    bench.save("base", base)
    for name in "ab":
        changed = base["layers.0.mlp.weight"].clone()
        changed[300] += 0.1 * torch.randn(1000, generator=draw)
        bench.save(name, {"layers.0.mlp.weight": changed, "norm.weight": base["norm.weight"] + 0.1 * torch.randn(1000, generator=draw)})
    graph = bench.kernel_graph(bench.document(TWO_VECTORS + kind))
    exact = measure_gram(graph.files, store).table
    truth = measure_kernels(graph, graph.kernels, Stop()).products
    missed = 0
    for draw in range(DRAWS):
        monkeypatch.setattr(small_members, "identify_checkpoint", lambda header, draw=draw: f"{draw}")
        table = estimate_kernels(graph, exact, Stop(), budget_bytes=1_000_000)
        row = exact.tensors.index("layers.0.mlp.weight")
        missed += table.products[row, 3, 3] == 0
        assert (abs(table.products - truth)[row, 3, 1:] <= 3 * table.errors[row, 3, 1:]).all()
        assert (table.errors[row, 3] > 0).all()
    assert missed > DRAWS / 2


def test_whole_tensors_are_exact(bench, large, store):
    """Where the budget reads everything, a cut over a tensor is the run's own."""
    lines = TWO_VECTORS + KERNELS["ties"]
    graph = bench.kernel_graph(bench.document(lines))
    table = estimate_kernels(graph, measure_gram(graph.files, store).table, Stop())
    products, values = gram_of_run(bench, lines)
    for index, name in enumerate(table.tensors):
        np.testing.assert_allclose(table.products[index], products[name], rtol=1e-5, atol=1e-4)
        signs = np.sign(values[name][1:]).astype(np.int64)
        assert table.signs[index].tolist() == (signs @ signs.T).tolist()
        assert table.both[index].tolist() == (abs(signs) @ abs(signs).T).tolist()


def test_nothing_is_left_beside_the_graph(bench, large, store):
    before = sorted(bench.folder.rglob("*"))
    graph = bench.kernel_graph(bench.document(TWO_VECTORS + KERNELS["trim"]))
    table = measure_gram(graph.files, store).table
    estimate_kernels(graph, table, Stop())
    assert [path for path in sorted(bench.folder.rglob("*")) if "gram.sqlite3" not in path.name] == before
