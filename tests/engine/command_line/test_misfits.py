"""Tensors that do not match are named with the choices there are, and edited as chosen."""

from __future__ import annotations

import pytest
import torch
from safetensors.torch import load_file


def test_missing_tensor_is_named_with_the_remedy(pair, tensors_of):
    tensors = tensors_of(1)
    del tensors["norm.weight"]
    pair.save("tuned", tensors)
    pair.refuse(said=["‘Tuned’ and ‘Base’ do not fit together", "norm.weight", "keep_base"])


def test_missing_tensor_stays_the_bases_on_request(pair, tensors_of):
    tensors = tensors_of(1)
    del tensors["norm.weight"]
    pair.save("tuned", tensors)
    assert pair.run("--set", "tau.misfit=keep_base").status == 0
    edited = load_file(pair.folder / "out" / "model.safetensors")
    assert torch.equal(edited["norm.weight"], tensors_of(0)["norm.weight"])
    assert not torch.equal(edited["embed.weight"], tensors_of(0)["embed.weight"])


@pytest.mark.parametrize("rows", [10, 15])
def test_other_vocabulary_is_a_problem_with_both_shapes(pair, tensors_of, rows):
    pair.save("tuned", tensors_of(1, rows=rows))
    pair.refuse(said=["embed.weight", f"{rows} × 8 against 12 × 8", "common_rows"])


@pytest.mark.parametrize("rows", [10, 15])
def test_other_vocabulary_edits_the_rows_both_have_on_request(pair, tensors_of, rows):
    pair.save("tuned", tensors_of(1, rows=rows))
    assert pair.run("--set", "tau.misfit=common_rows").status == 0
    base, tuned = tensors_of(0)["embed.weight"], tensors_of(1, rows=rows)["embed.weight"]
    edited = load_file(pair.folder / "out" / "model.safetensors")["embed.weight"]
    common = min(rows, 12)
    assert edited.shape == base.shape
    assert torch.allclose(edited[:common], (base[:common] + tuned[:common]) / 2, atol=1e-6)
    assert torch.equal(edited[common:], base[common:])


def test_other_shape_altogether_is_a_problem(pair, tensors_of):
    tensors = tensors_of(1)
    tensors["layers.0.mlp.weight"] = torch.zeros(8, 16)
    pair.save("tuned", tensors)
    pair.refuse(said=["layers.0.mlp.weight 8 × 16 against 16 × 8", "keep_base"])


def test_head_that_repeats_the_tied_embedding_is_not_added_twice(pair, tensors_of, tied):
    pair.save("base", tied(tensors_of(0)))
    tuned = tied(tensors_of(1))
    pair.save("tuned", {**tuned, "lm_head.weight": tuned["transformer.wte.weight"].clone()})
    assert pair.run().status == 0
    edited = load_file(pair.folder / "out" / "model.safetensors")
    assert set(edited) == {"transformer.wte.weight", "norm.weight"}
    expected = (tensors_of(0)["embed.weight"] + tensors_of(1)["embed.weight"]) / 2
    assert torch.allclose(edited["transformer.wte.weight"], expected, atol=1e-6)


def test_head_that_is_no_longer_tied_is_a_problem(pair, tensors_of, tied):
    pair.save("base", tied(tensors_of(0)))
    tuned = tied(tensors_of(1))
    pair.save("tuned", {**tuned, "lm_head.weight": tuned["transformer.wte.weight"] + 1})
    pair.refuse(said=["lm_head.weight", "ties", "transformer.wte.weight"])


def test_base_with_a_head_of_its_own_and_a_tied_tuned_model_do_not_fit(pair, tensors_of, tied):
    base = tied(tensors_of(0))
    pair.save("base", {**base, "lm_head.weight": base["transformer.wte.weight"].clone()})
    pair.save("tuned", tied(tensors_of(1)))
    pair.refuse(said=["lm_head.weight", "only in ‘Base’"])
