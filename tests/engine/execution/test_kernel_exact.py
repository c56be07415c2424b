"""Kernels measured from the models that a run has written, beside their own tensors."""

import numpy as np
import pytest
import torch

from engine.execution.gram_pass import measure_gram
from engine.execution.kernel_exact import measure_kernels
from engine.execution.kernel_sample import KernelGraph, estimate_kernels
from engine.execution.stop import Stop
from engine.planning.families import find_family_files
from engine.planning.resolve import resolve_values
from engine.planning.structure import read_graph
from tests.engine.graph_lines import TWO_VECTORS

LINES = f"""{TWO_VECTORS}
merged = ties vectors=ta,tb density:0.3
dropped = dare vector=ta drop:0.4
both = add vectors=merged,tb weights:[1,0.5]
edit = apply base=base vector=both strength:0.8
other = apply base=base vector=dropped strength:-1
out = export_checkpoint checkpoint=edit folder:out dtype:float32
out2 = export_checkpoint checkpoint=other folder:out2 dtype:float32
made = export_vector vector=merged folder:made dtype:float32
made2 = export_vector vector=dropped folder:made2 dtype:float32
"""


@pytest.fixture
def graph(bench, large):
    bench.run(LINES)
    document = bench.document(LINES)
    resolved, _ = resolve_values(read_graph(document)[0], bench.folder)
    (files,) = find_family_files(resolved)
    return KernelGraph(document, resolved, files, ("merged", "dropped"))


def test_products_are_those_of_the_kernels_own_tensors(bench, graph, store):
    estimated = estimate_kernels(graph, measure_gram(graph.files, store).table, Stop(), budget_bytes=3_000_000)
    table = measure_kernels(graph, estimated, {"out": bench.folder / "out", "out2": bench.folder / "out2"}, store)
    base, a, b = (bench.load(name) for name in ("base", "a", "b"))
    made, made2 = bench.load("made"), bench.load("made2")
    assert table.vectors == ("a", "b", "merged", "dropped")
    for row, name in enumerate(table.tensors):
        columns = [base[name], a[name] - base[name], b[name] - base[name], made[name], made2[name]]
        flat = torch.stack([column.double().flatten() for column in columns]).numpy()
        lengths = np.linalg.norm(flat, axis=1)
        assert np.abs((table.products[row] - flat @ flat.T) / np.outer(lengths, lengths)).max() < 1e-5
    assert not table.errors.any()
    assert estimated.errors.any()


def test_what_was_not_written_stays_an_estimate(bench, graph, store):
    estimated = estimate_kernels(graph, measure_gram(graph.files, store).table, Stop(), budget_bytes=3_000_000)
    table = measure_kernels(graph, estimated, {"out": bench.folder / "out"}, store)
    assert not table.errors[:, 3, :4].any()
    assert np.array_equal(table.errors[:, 4], estimated.errors[:, 4])
    assert np.array_equal(table.products[:, 4], estimated.products[:, 4])
    assert measure_kernels(graph, estimated, {"made": bench.folder / "made"}, store) is estimated
