"""Kernels measured whole, beside the tensors that a run writes of them."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from engine.errors import Cancelled
from engine.execution.gram_pass import measure_gram
from engine.execution.kernel_exact import measure_kernels
from engine.execution.stop import Stop
from engine.similarity.gram_table import magnitude_edges
from tests.engine.graph_lines import TWO_VECTORS

KERNELS = f"""{TWO_VECTORS}
merged = ties vectors=ta,tb density:0.3
first = dare vector=ta drop:0.4 seed:1
second = dare vector=tb drop:0.6 seed:2
both = add vectors=merged,first,second weights:[1,0.5,0.5]
edit = apply base=base vector=both strength:0.8
trimmed = trim vector=both density:0.2
"""
MADE = ("merged", "first", "second", "trimmed")


@pytest.fixture
def graph(bench, large):
    return bench.kernel_graph(bench.document(KERNELS))


def write_values(bench, lines, nodes):
    """Return per node what a run writes of its vector."""
    exports = "\n".join(f"out{number} = export_vector vector={node} folder:out{number} dtype:float32" for number, node in enumerate(nodes))
    bench.run(f"{lines}\n{exports}")
    return [bench.load(f"out{number}") for number in range(len(nodes))]


def test_sums_are_those_of_the_kernels_own_tensors(bench, graph):
    """Also of a kernel that is made of others, and of a model that is made of several."""
    table = measure_kernels(graph, graph.kernels, Stop())
    assert table.vectors == ("a", "b", *graph.kernels)
    assert set(graph.kernels) == set(MADE)
    base, a, b = (bench.load(name) for name in ("base", "a", "b"))
    made = write_values(bench, KERNELS, graph.kernels)
    for row, name in enumerate(table.tensors):
        columns = [base[name], a[name] - base[name], b[name] - base[name], *(value[name] for value in made)]
        flat = torch.stack([column.double().flatten() for column in columns]).numpy()
        lengths = np.linalg.norm(flat, axis=1)
        assert np.abs((table.products[row] - flat @ flat.T) / np.outer(lengths, lengths)).max() < 1e-6
        signs = np.sign(flat[1:]).astype(np.int64)
        assert table.signs[row].tolist() == (signs @ signs.T).tolist()
        assert table.both[row].tolist() == (np.abs(signs) @ np.abs(signs).T).tolist()
        counts = [np.histogram(size[size > 0], magnitude_edges())[0].tolist() for size in np.abs(flat[1:])]
        assert table.magnitudes[row].tolist() == counts
    assert table.errors is None
    assert table.base == "base"


def test_a_kernel_of_checkpoints_is_measured_by_its_difference(bench, large, store):
    lines = f"{TWO_VECTORS}\n mixed = interpolate first=a second=b path:arc amount:0.3\n kept = trim vector=ta density:0.5"
    graph = bench.kernel_graph(bench.document(lines))
    table = measure_kernels(graph, graph.kernels, Stop())
    bench.run(f"{lines}\n out = export_checkpoint checkpoint=mixed folder:out dtype:float32")
    base, written = bench.load("base"), bench.load("out")
    column = 1 + table.vectors.index("mixed")
    squares = sum(((written[name] - base[name]).double() ** 2).sum().item() for name in table.tensors)
    assert table.products[:, column, column].sum() == pytest.approx(squares, rel=1e-6)
    own = measure_gram(graph.files, store).table
    np.testing.assert_allclose(table.products[:, :3, :3], own.products, rtol=1e-5, atol=1e-3)


def test_products_with_the_base_are_unknown_where_vectors_come_from_another(bench, large):
    """A vector that was measured from a, not from the family's base."""
    lines = f"{TWO_VECTORS}\n both = add vectors=ta,tb\n step = task_vector tuned=b base=a\n kept = trim vector=step density:0.5"
    graph = bench.kernel_graph(bench.document(lines))
    assert graph.files.base == "base"
    table = measure_kernels(graph, graph.kernels, Stop())
    assert table.base == ""
    assert not table.products[:, 0].any()
    assert table.products[:, 3, 3].all()


def test_nothing_is_written_and_the_reading_is_told(bench, graph):
    before = sorted(bench.folder.rglob("*"))
    told = []
    measure_kernels(graph, ["merged"], Stop(), lambda done, total: told.append((done, total)))
    assert sorted(bench.folder.rglob("*")) == before
    assert 0 < told[-1][0] <= told[-1][1]


@pytest.mark.parametrize("scope", ["tensor", "model"])
def test_the_reading_comes_to_its_end_in_steps_of_what_is_read(bench, large, monkeypatch, scope):
    """Over the whole model some passes turn out not to be needed: what is left is then the whole rest of the way."""
    monkeypatch.setattr("engine.execution.progress.SHORTEST_SECONDS", 0.0)
    graph = bench.kernel_graph(bench.document(f"{TWO_VECTORS}\n merged = ties vectors=ta,tb density:0.3 scope:{scope}"))
    told = [(0, 1)]
    measure_kernels(graph, ["merged"], Stop(), lambda done, total: told.append((done, total)))
    assert told[-1][0] == told[-1][1]
    shares = [done / total for done, total in told]
    assert shares == sorted(shares)
    # The matrix has two pieces in each pass, and is nearly all there is.
    assert max(after - before for before, after in pairwise(shares)) < 0.8


def test_it_can_be_stopped(graph):
    stop = Stop()
    stop.request()
    with pytest.raises(Cancelled):
        measure_kernels(graph, graph.kernels, stop)
