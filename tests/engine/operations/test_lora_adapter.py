"""LoRA adapters against a float64 oracle and a merged model, cut in any way, among all that a vector goes through."""

from __future__ import annotations

import json
import math

import pytest
import torch
from safetensors.torch import load_file, save_file

from engine.execution.low_rank_rows import Factors, fill_rows
from engine.planning.coefficient import Coefficient
from engine.planning.formula import group_forms

UP, QUERY = "model.layers.0.mlp.up_proj", "model.layers.1.self_attn.q_proj"
ADAPTER = "base = checkpoint source:base\n lora = lora_adapter base=base source:adapter"
VECTOR = f"{ADAPTER}\n out = export_vector vector=lora folder:out dtype:float32"
EDIT = f"{ADAPTER}\n edit = apply base=base vector=lora strength:{{}}\n out = export_checkpoint checkpoint=edit folder:out"


@pytest.fixture
def family(bench, family):
    """Save an adapter of the base beside the family."""
    bench.save_adapter("adapter", bench.make_factors())
    return family


def add_to_file(folder, tensors):
    """Put more tensors into an adapter's file."""
    path = folder / "adapter_model.safetensors"
    save_file({**load_file(path), **tensors}, path)


def product(factors, scale):
    first, second = (part.double() for part in factors)
    return scale * (second @ first)


def vector_of(bench):
    bench.run(VECTOR, {"overwrite": True})
    return bench.load("out")


def assert_close(found, oracle):
    assert found.dtype == torch.float32
    assert (found.double() - oracle).abs().max() <= 2e-7 * oracle.abs().max()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16, torch.float64], ids=str)
@pytest.mark.parametrize("rank", [1, 4, 64])
def test_it_is_alpha_over_r_times_b_times_a_and_zero_elsewhere(bench, family, dtype, rank):
    factors = bench.make_factors(rank=rank, dtype=dtype)
    bench.save_adapter("adapter", factors, r=rank, lora_alpha=12)
    found = vector_of(bench)
    for layer, pair in factors.items():
        assert_close(found.pop(f"{layer}.weight"), product(pair, 12 / rank))
    assert set(found) == {"model.embed_tokens.weight", "model.norm.weight"}
    assert not any(value.any() for value in found.values())


def test_rank_stabilised_adapters_divide_by_the_root(bench, family):
    factors = bench.make_factors()
    bench.save_adapter("adapter", factors, use_rslora=True, lora_alpha=3)
    assert_close(vector_of(bench)[f"{UP}.weight"], product(factors[UP], 3 / math.sqrt(4)))


def test_layers_may_have_ranks_and_alphas_of_their_own(bench, family):
    factors = {UP: bench.make_factors(rank=4)[UP], QUERY: bench.make_factors(rank=2)[QUERY]}
    bench.save_adapter("adapter", factors, rank_pattern={"self_attn.q_proj": 2}, alpha_pattern={r"^model.layers.\d+.mlp.up_proj": 5})
    found = vector_of(bench)
    assert_close(found[f"{UP}.weight"], product(factors[UP], 5 / 4))
    assert_close(found[f"{QUERY}.weight"], product(factors[QUERY], 8 / 2))


def test_what_it_leaves_alone_goes_out_byte_for_byte_and_the_rest_is_rounded_once(bench, family):
    bench.run(EDIT.format(0.5))
    found, base = bench.load("out"), bench.load("base")
    factors = bench.make_factors()
    for layer, pair in factors.items():
        wanted = base[f"{layer}.weight"].double() + product(pair, 8 / 4 * 0.5)
        wrong = found.pop(f"{layer}.weight") != wanted.to(torch.bfloat16)
        assert wrong.double().mean() < 1e-3, "but for ties between two neighbours"
    assert all(torch.equal(value.view(torch.uint8), base[name].view(torch.uint8)) for name, value in found.items())


def test_embeddings_are_adapted_the_other_way_round(bench, family):
    draw = torch.Generator().manual_seed(3)
    first, second = torch.randn(4, 40, generator=draw), torch.randn(16, 4, generator=draw)
    folder = bench.save_adapter("adapter", bench.make_factors())
    prefix = "base_model.model.model.embed_tokens"
    add_to_file(folder, {f"{prefix}.lora_embedding_A": first, f"{prefix}.lora_embedding_B": second})
    assert_close(vector_of(bench)["model.embed_tokens.weight"], product((first, second), 2).T)


@pytest.mark.parametrize("shape", [(16, 24), (16, 16)], ids=str)
@pytest.mark.parametrize("is_turned", [False, True])
def test_weights_may_be_kept_as_inputs_times_outputs(bench, shape, is_turned):
    draw = torch.Generator().manual_seed(4)
    rows, columns = shape[::-1] if is_turned else shape
    pair = torch.randn(4, columns, generator=draw), torch.randn(rows, 4, generator=draw)
    bench.save("base", {"h.0.attn.weight": torch.zeros(shape)})
    bench.save_adapter("adapter", {"h.0.attn": pair}, fan_in_fan_out=is_turned)
    oracle = product(pair, 2)
    assert_close(vector_of(bench)["h.0.attn.weight"], oracle.T if is_turned else oracle)


def test_convolutions_whose_second_factor_is_1_by_1_are_products_too(bench):
    draw = torch.Generator().manual_seed(5)
    first, second = torch.randn(4, 3, 2, 2, generator=draw), torch.randn(6, 4, 1, 1, generator=draw)
    bench.save("base", {"conv.weight": torch.zeros(6, 3, 2, 2)})
    bench.save_adapter("adapter", {"conv": (first, second)})
    assert_close(vector_of(bench)["conv.weight"], product((first.flatten(1), second.flatten(1)), 2).view(6, 3, 2, 2))


def test_tensors_that_were_trained_whole_come_out_byte_for_byte(bench, family):
    folder = bench.save_adapter("adapter", bench.make_factors(), bias="all")
    whole = {"model.norm.weight": torch.full((16,), 0.1, dtype=torch.bfloat16)}
    add_to_file(folder, {f"base_model.model.{name}": value for name, value in whole.items()})
    bench.run(EDIT.format(1))
    assert torch.equal(bench.load("out")["model.norm.weight"], whole["model.norm.weight"])
    bench.run(EDIT.format(0.5), {"overwrite": True})
    middle = (bench.load("base")["model.norm.weight"].double() + whole["model.norm.weight"].double()) / 2
    assert torch.equal(bench.load("out")["model.norm.weight"], middle.to(torch.bfloat16))


def test_a_copy_of_the_embedding_that_it_adapts_is_left_out_and_told(bench, family):
    draw = torch.Generator().manual_seed(3)
    folder = bench.save_adapter("adapter", bench.make_factors())
    prefix = "base_model.model.model.embed_tokens"
    factors = {"lora_embedding_A": torch.randn(4, 40, generator=draw), "lora_embedding_B": torch.randn(16, 4, generator=draw)}
    add_to_file(folder, {f"{prefix}.{name}": value for name, value in factors.items()})
    add_to_file(folder, {f"{prefix}.base_layer.weight": bench.load("base")["model.embed_tokens.weight"]})
    (found,) = bench.check(VECTOR).problems
    assert "a copy of its base's model.embed_tokens.weight" in found.message
    assert_close(vector_of(bench)["model.embed_tokens.weight"], product(factors.values(), 2).T)


def test_a_head_that_peft_saves_along_though_the_base_ties_it_is_left_out_and_told(bench, family):
    folder = bench.save_adapter("adapter", bench.make_factors())
    add_to_file(folder, {"base_model.model.lm_head.weight": torch.ones(40, 16)})
    (found,) = bench.check(VECTOR).problems
    assert "a copy of its base's lm_head.weight" in found.message
    bench.save_adapter("trained", bench.make_factors(), modules_to_save=["lm_head"])
    add_to_file(bench.folder / "trained", {"base_model.model.lm_head.weight": torch.ones(40, 16)})
    (problem,) = bench.check(VECTOR.replace("source:adapter", "source:trained")).problems
    assert (problem.node, problem.field) == ("lora", "source")
    assert "no place for 1 of the adapter's 3 tensors (“lm_head.weight”)" in problem.message


def test_applied_to_a_model_of_a_larger_vocabulary_the_rows_both_have_are_edited(bench, family):
    draw = torch.Generator().manual_seed(3)
    factors = torch.randn(4, 40, generator=draw), torch.randn(16, 4, generator=draw)
    folder = bench.save_adapter("adapter", bench.make_factors())
    prefix = "base_model.model.model.embed_tokens"
    add_to_file(folder, {f"{prefix}.lora_embedding_A": factors[0], f"{prefix}.lora_embedding_B": factors[1]})
    larger = {**bench.load("base"), "model.embed_tokens.weight": torch.randn(5000, 16, generator=draw)}
    bench.save("larger", larger)
    lines = f"""{ADAPTER}
        larger = checkpoint source:larger
        kept = trim vector=lora density:1
        both = add vectors=lora,kept weights:[0.5,0.5]
        edit = apply base=larger vector=both misfit:common_rows
        out = export_checkpoint checkpoint=edit folder:out
    """
    bench.run(lines, {"piece_entries": 65536})
    found, before = bench.load("out")["model.embed_tokens.weight"], larger["model.embed_tokens.weight"]
    assert torch.equal(found[40:], before[40:])
    assert torch.allclose(found[:40].double(), before[:40].double() + product(factors, 2).T, atol=1e-5)


def test_a_model_without_entries_is_adapted_without_entries(bench):
    bench.save("base", {"empty.weight": torch.zeros(0, 6), "norm.weight": torch.ones(6)})
    bench.save_adapter("adapter", {"empty": (torch.zeros(4, 6), torch.zeros(0, 4))})
    assert vector_of(bench)["empty.weight"].shape == (0, 6)


def test_on_a_series_it_is_a_vector_for_every_checkpoint(bench, family):
    for step, name in ((1, "a"), (2, "b")):
        bench.save(f"runs/checkpoint-{step}", bench.load(name))
    result = bench.run("""
        runs = series source:runs
        lora = lora_adapter base=runs source:adapter
        same = similarity vectors=lora,lora
    """)
    (record,) = result.similarities
    assert record.cosine[0][1] == pytest.approx(1)


@pytest.mark.parametrize("shape", [(700, 300), (3, 100_000), (1000, 1), (65536, 2)], ids=str)
def test_no_bit_hangs_on_the_stretch_that_is_asked_for(shape):
    draw = torch.Generator().manual_seed(6)
    factors = Factors(torch.randn(shape[0], 8, generator=draw).bfloat16(), torch.randn(8, shape[1], generator=draw, dtype=torch.float64))
    whole = torch.empty(shape[0] * shape[1])
    fill_rows(whole, factors, 0)
    for start, count in [(0, 7), (1, 65536), (65536, 65536), (12345, 4567), (whole.numel() - 3, 3)]:
        part = torch.empty(min(count, whole.numel() - start if start < whole.numel() else 0))
        fill_rows(part, factors, start)
        assert torch.equal(part, whole[start : start + part.numel()])


LONG_GRAPH = f"""{ADAPTER}
    a = checkpoint source:a
    ta = task_vector tuned=a base=base
    second = lora_adapter base=base source:other
    sum = add vectors=lora,ta,second weights:[1,-0.5,0.25]
    like = analogy a=lora b=ta c=second
    elected = ties vectors=lora,ta,second density:0.4
    thin = dare vector=lora drop:0.3
    kept = trim vector=lora density:0.1 scope:model
    control = random_vector like=lora
    all = add vectors=sum,like,elected,thin,kept,control
    edit = apply base=base vector=all strength:0.7
    same = similarity vectors=lora,second,ta
    out = export_checkpoint checkpoint=edit metrics=same folder:out
"""


def test_it_goes_through_everything_a_vector_goes_through_cut_in_any_way(bench, family):
    bench.save_adapter("other", bench.make_factors(seed=8, dtype=torch.bfloat16))
    found = []
    for piece, workers in [(1 << 20, 1), (65536, 3), (131072, 2)]:
        bench.run(LONG_GRAPH, {"overwrite": True, "piece_entries": piece, "workers": workers})
        found.append(bench.read_bytes("out"))
    assert found[0] == found[1] == found[2]


def test_it_is_as_similar_as_the_merged_model(bench, family):
    base = {name: value.double() if value.is_floating_point() else value for name, value in bench.load("base").items()}
    bench.save("base", base)
    moved = {f"{layer}.weight": product(pair, 2) for layer, pair in bench.make_factors().items()}
    bench.save("merged", {name: value + moved[name] if name in moved else value for name, value in base.items()})
    lines = """
        merged = checkpoint source:merged
        tm = task_vector tuned=merged base=base
        a = checkpoint source:a
        ta = task_vector tuned=a base=base
        same = similarity vectors=lora,tm,ta
        out = export_vector vector=lora metrics=same folder:out
    """
    (record,) = bench.run(f"{ADAPTER}\n{lines}").similarities
    assert record.cosine[0][1] == pytest.approx(1, abs=1e-6)
    assert record.cosine[0][2] == pytest.approx(record.cosine[1][2], abs=1e-6)
    assert record.norms[0] == pytest.approx(record.norms[1], rel=1e-6)


def test_formula_and_law_1(bench, family):
    folder = bench.save_adapter("adapter", bench.make_factors())
    add_to_file(folder, {"base_model.model.model.norm.weight": torch.zeros(16)})
    plan = bench.plan(EDIT.format(0.5))
    formula = plan.formulas["out"]
    assert "θ = θ[base] + 0.5 · lora   in 2 tensors" in formula
    assert "θ = θ[base]   in 1 tensor (model.embed_tokens.weight)" in formula
    assert "θ = θ[base] + 0.5 · τ[lora]   in 1 tensor (model.norm.weight)" in formula
    assert "lora = τ[W] = (α/r) · B·A, zero elsewhere   (rank 4; alpha 8; 2 matrices adapted; 1 tensor trained whole)" in formula
    assert all(form.checkpoint_sum() == Coefficient.of(1) for form in group_forms(plan.folding, "edit"))


def test_the_report_names_its_files_with_their_hashes(bench, family):
    result = bench.run(EDIT.format(1), {"fingerprints": True})
    found = next(record for record in result.inputs if record.node == "lora")
    assert (found.role, found.tensors, found.parameters, found.dtypes) == ("adapter", 2, 4 * (700 + 300 + 16 + 16), ("F32",))
    assert [file.name for file in found.files] == ["adapter_model.safetensors", "adapter_config.json"]
    assert found.is_read
    assert all(file.sha256 and len(file.sha256) == 64 for file in found.files)


def test_another_alpha_is_another_plan(bench, family):
    before = bench.plan(EDIT.format(1)).hash
    config = bench.folder / "adapter" / "adapter_config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "lora_alpha": 16}))
    assert bench.plan(EDIT.format(1)).hash != before


def test_at_strength_0_it_is_not_read(bench, family):
    result = bench.run(EDIT.format(0))
    assert not next(record for record in result.inputs if record.node == "lora").is_read
    assert any("“lora” was not read" in remark.text for remark in result.remarks)
    assert bench.read_bytes("out") == bench.read_bytes("base")


def test_the_plan_reads_the_factors_and_not_what_they_make(bench, family):
    plan = bench.plan(f"{ADAPTER}\n out = export_vector vector=lora folder:out")
    assert plan.bytes_read == 4 * 4 * (700 + 300 + 16 + 16)


def test_a_large_head_is_within_the_planned_memory(bench):
    """Of a tall matrix the left factor is held as the file has it, so the peak does not follow what it makes."""
    rows, columns = 60_000, 64
    bench.save("base", {"head.weight": torch.zeros(rows, columns, dtype=torch.bfloat16)})
    bench.save_adapter("adapter", {"head": (torch.zeros(4, columns), torch.zeros(rows, 4))})
    thin = bench.plan(EDIT.format(1)).peak_bytes
    bench.save_adapter("adapter", {"head": (torch.zeros(64, columns), torch.zeros(rows, 64))}, r=64)
    assert bench.plan(EDIT.format(1)).peak_bytes - thin == pytest.approx(60 * 4 * rows + 60 * columns * 12, rel=0.01)


def test_two_nodes_of_one_adapter_are_one_input(bench, family):
    plan = bench.plan(f"""{ADAPTER}
        again = lora_adapter base=base source:adapter
        none = analogy a=again b=lora c=lora
        out = export_vector vector=none folder:out
    """)
    assert plan.formulas["out"].startswith(("τ = lora   in", "τ = again   in"))
    assert len(plan.inputs) == 3
