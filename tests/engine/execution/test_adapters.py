"""Adapters where models are measured and compared live: their columns are those of what they make of the base."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from engine.execution.gram_pass import measure_gram
from engine.execution.gram_sample import ReadingBudget, estimate_gram
from engine.execution.kernel_exact import measure_kernels
from engine.execution.kernel_sample import estimate_kernels
from engine.execution.stop import Stop
from engine.planning.families import find_family_files
from engine.planning.kernel_graph import KernelGraph
from engine.planning.live_model import make_live_model
from engine.planning.live_space import LiveSpace
from tests.engine.graph_lines import TEST_SETS

ADAPTER = "base = checkpoint source:base\n lora = lora_adapter base=base source:adapter\n"
GRAPH = f"""{ADAPTER}
    a = checkpoint source:a
    ta = task_vector tuned=a base=base
    sum = add vectors=lora,ta weights:[1,0.5]
    edit = apply base=base vector=sum strength:0.5
"""


@pytest.fixture
def family(bench, family):
    """Save an adapter of the base beside the family."""
    bench.save_adapter("adapter", bench.make_factors())
    return family


def save_merged(bench, name="merged"):
    """Save the base with its adapter merged into it, in float64."""
    moved = {f"{layer}.weight": 2 * (second.double() @ first.double()) for layer, (first, second) in bench.make_factors().items()}
    base = bench.load("base")
    bench.save(name, {key: value.double() + moved[key] if key in moved else value for key, value in base.items()})


def test_a_search_finds_its_strength(bench, vision):
    layer = next(name for name, value in vision.items() if value.shape == (16, 16) and name.endswith(".weight")).removesuffix(".weight")
    draw = torch.Generator().manual_seed(1)
    bench.save_adapter("adapter", {layer: (torch.randn(4, 16, generator=draw), torch.randn(16, 4, generator=draw))})
    result = bench.run(f"""{ADAPTER}{TEST_SETS}
        found = strength_search base=base vectors=lora targets=target tests=test start:0.5 stop:1 step:0.25
        out = export_checkpoint checkpoint=found.checkpoint metrics=found.metrics folder:out
    """)
    (search,) = result.searches
    assert len(search.points) == 4
    assert not torch.equal(bench.load("out")[f"{layer}.weight"], vision[f"{layer}.weight"])


def test_a_run_that_was_stopped_goes_on_with_the_same_adapter_only(bench, family, keep_half):
    lines = f"{ADAPTER} edit = apply base=base vector=lora strength:0.5\n out = export_checkpoint checkpoint=edit folder:out"
    keep_half(lines)
    bench.run(lines, {"staging": "resume"})
    whole = bench.read("out")
    bench.run(lines, {"output": bench.folder / "fresh"})
    assert bench.read("fresh") == whole
    keep_half(lines.replace("folder:out", "folder:again"))
    bench.save_adapter("adapter", bench.make_factors(), lora_alpha=4)
    result = bench.run(lines.replace("folder:out", "folder:again"), {"staging": "resume"})
    assert result.conditions.bytes_read == result.conditions.planned_read
    assert bench.read("again") != whole


def test_another_alpha_is_measured_anew(bench, family, store, settle):
    settle("base", "a", "adapter")
    (files,) = find_family_files(bench.resolve(GRAPH))
    before = measure_gram(files, store).table
    assert measure_gram(files, store).is_from_cache
    bench.save_adapter("adapter", bench.make_factors(), lora_alpha=16)
    (files,) = find_family_files(bench.resolve(GRAPH))
    column = 1 + files.vectors.index("lora")
    after = measure_gram(files, store).table
    np.testing.assert_allclose(after.products[:, column, column], 4 * before.products[:, column, column], rtol=1e-6)


def test_its_column_is_that_of_the_merged_model(bench, family, store):
    save_merged(bench)
    (files,) = find_family_files(bench.resolve(f"{GRAPH}\n m = checkpoint source:merged\n tm = task_vector tuned=m base=base"))
    assert set(files.vectors) == {"a", "lora", "m"}
    table = measure_gram(files, store).table
    lora, merged = 1 + table.vectors.index("lora"), 1 + table.vectors.index("m")
    np.testing.assert_allclose(table.products[:, lora], table.products[:, merged], rtol=1e-6, atol=1e-5)
    assert (table.both[:, lora - 1, lora - 1] > 0).sum() == 2
    assert not table.products[table.tensors.index("model.norm.weight"), lora].any()


def test_the_estimate_is_exact_where_all_blocks_are_drawn(bench, family, store):
    (files,) = find_family_files(bench.resolve(GRAPH))
    estimate, exact = estimate_gram(files, store), measure_gram(files, store).table
    np.testing.assert_allclose(estimate.products, exact.products, rtol=1e-6)


def test_what_it_does_not_adapt_is_known_to_be_unchanged_without_being_read(bench, store):
    """Of a checkpoint it would not be."""
    draw = torch.Generator().manual_seed(2)
    names = [f"model.layers.{number}.mlp.up_proj" for number in range(2)]
    bench.save("base", {f"{name}.weight": torch.randn(1000, 512, generator=draw) for name in names})
    bench.save_adapter("adapter", {names[0]: (torch.randn(4, 512, generator=draw), torch.randn(1000, 4, generator=draw))})
    (files,) = find_family_files(bench.resolve(f"{ADAPTER} edit = apply base=base vector=lora strength:0.5"))
    estimate = estimate_gram(files, store, budget=ReadingBudget(1_000_000, 0))
    assert (estimate.errors[:, 1, 1] > 0).tolist() == [True, False]
    assert estimate.notes == ()


def test_figures_before_the_run_are_those_of_what_a_run_writes(bench, family, store):
    document = bench.document(GRAPH)
    resolved = bench.resolve(GRAPH)
    model = make_live_model(resolved)
    (live,) = model.families
    (files,) = find_family_files(resolved)
    space = LiveSpace(live, measure_gram(files, store).table)
    figures = space.look(model.read_values(document))
    for node in ("lora", "sum"):
        bench.run(f"{GRAPH}\n out = export_vector vector={node} folder:out dtype:float32", {"overwrite": True})
        norm = torch.cat([value.double().flatten() for value in bench.load("out").values()]).norm()
        assert figures.norms[space.rows[node]] == pytest.approx(norm.item(), rel=1e-5)
    places = space.place(figures)
    assert np.isfinite(places.places).all()


def test_what_kernels_make_of_it_is_estimated_and_measured(bench, family, store):
    lines = f"{GRAPH}\n kept = trim vector=lora density:0.2\n elected = ties vectors=lora,ta"
    resolved = bench.resolve(lines)
    (files,) = find_family_files(resolved)
    graph = KernelGraph.of(bench.document(lines), bench.folder, resolved, files)
    table = estimate_kernels(graph, measure_gram(files, store).table, Stop())
    exact = measure_kernels(graph, graph.kernels, Stop())
    for node in ("kept", "elected"):
        bench.run(f"{lines}\n out = export_vector vector={node} folder:out dtype:float32", {"overwrite": True})
        squares = sum(value.double().square().sum().item() for value in bench.load("out").values())
        column = 1 + table.vectors.index(node)
        assert table.products[:, column, column].sum() == pytest.approx(squares, rel=0.02)
        assert exact.products[:, column, column].sum() == pytest.approx(squares, rel=1e-6)


def test_one_adapter_on_two_bases_is_one_column(bench, family, store):
    lines = f"{GRAPH}\n more = lora_adapter base=a source:adapter\n both = analogy a=lora b=more c=ta"
    (files,) = find_family_files(bench.resolve(lines))
    assert len(files.vectors) == 2
    assert measure_gram(files, store).table.vectors == files.vectors
    plan = bench.plan(f"{lines}\n out = export_vector vector=both folder:out")
    assert "lora" not in plan.formulas["out"]


def test_whole_tensors_of_an_adapter_of_another_base_are_left_out(bench, family):
    """Their differences are not from the model that all others are measured from."""
    path = bench.folder / "adapter" / "adapter_model.safetensors"
    save_file({**load_file(path), "base_model.model.model.norm.weight": torch.zeros(16)}, path)
    (own,) = find_family_files(bench.resolve(GRAPH))
    assert own.left_out == ()
    (found,) = find_family_files(bench.resolve(f"{GRAPH}\n more = lora_adapter base=edit source:adapter\n x = add vectors=more,ta"))
    assert found.left_out == ("model.norm.weight",)
