"""Tensors of unusual kinds go through."""

from __future__ import annotations

import json

import torch
from safetensors.torch import load_file


def test_whole_numbers_and_scalars_go_through(pair, tensors_of):
    extra = {"position_ids": torch.arange(5), "mask": torch.tensor([True, False]), "steps": torch.tensor(7, dtype=torch.int64)}
    pair.save("base", {**tensors_of(0), **extra, "logit_scale": torch.tensor(2.0)})
    tuned = {**extra, "position_ids": torch.arange(5) + 1, "logit_scale": torch.tensor(4.0)}
    pair.save("tuned", {**tensors_of(1), **tuned})
    assert pair.run().status == 0
    edited = load_file(pair.folder / "out" / "model.safetensors")
    assert torch.equal(edited["position_ids"], torch.arange(5))
    assert torch.equal(edited["mask"], extra["mask"])
    assert edited["steps"].item() == 7
    assert edited["logit_scale"].shape == ()
    assert edited["logit_scale"].item() == 3.0


def test_complex_numbers_are_told_apart_from_whole_ones(pair, tensors_of):
    spins = {"rotations": torch.ones(3, dtype=torch.complex64), "position_ids": torch.arange(5)}
    for seed, name in enumerate(("base", "tuned")):
        pair.save(name, {**tensors_of(seed), **spins})
    assert pair.run().status == 0
    remarks = json.loads((pair.folder / "out" / "report.json").read_text())["remarks"]
    named = {remark["kind"]: remark["tensors"] for remark in remarks}
    assert (named["kept"], named["copied"]) == (["rotations"], ["position_ids"])


def test_tensor_without_entries_goes_through(pair, tensors_of):
    for name, seed in (("base", 0), ("tuned", 1)):
        pair.save(name, {**tensors_of(seed), "empty.weight": torch.zeros(0, 8)})
    assert pair.run().status == 0
    assert load_file(pair.folder / "out" / "model.safetensors")["empty.weight"].shape == (0, 8)


def test_checkpoint_of_nothing_but_empty_tensors_goes_through(pair):
    for name in ("base", "tuned"):
        pair.save(name, {"empty.weight": torch.zeros(0, 8)})
    assert pair.run().status == 0
    assert load_file(pair.folder / "out" / "model.safetensors")["empty.weight"].shape == (0, 8)


def test_checkpoint_without_tensors_is_told_in_a_sentence(pair):
    for name in ("base", "tuned"):
        pair.save(name, {})
    pair.refuse(said=["source]", "no tensors"])


def test_zero_delta_gives_the_base_byte_for_byte(pair, tensors_of):
    pair.save("tuned", tensors_of(0))
    assert pair.run().status == 0
    edited = load_file(pair.folder / "out" / "model.safetensors")
    assert all(torch.equal(edited[name], tensor) for name, tensor in tensors_of(0).items())


def test_zero_delta_has_no_cosine_and_all_zeros(pair, tensors_of):
    pair.save("same", tensors_of(0))
    answer = pair.call("similarity", pair.folder / "base", pair.folder / "same", pair.folder / "tuned")
    assert answer.status == 0
    assert "–" in answer.out
    assert "100 %" in answer.out
    assert "nan" not in answer.out.lower()


def test_bfloat16_and_float32_mix(pair, tensors_of):
    """The result has the base's dtype, and is rounded once."""
    pair.save("base", tensors_of(0, torch.bfloat16))
    assert pair.run().status == 0
    edited = load_file(pair.folder / "out" / "model.safetensors")["embed.weight"]
    base, tuned = tensors_of(0, torch.bfloat16)["embed.weight"], tensors_of(1)["embed.weight"]
    assert edited.dtype == torch.bfloat16
    assert torch.equal(edited, ((base.double() + tuned.double()) / 2).to(torch.bfloat16))


def test_tensors_that_are_not_contiguous_are_read_in_their_order(pair, tensors_of):
    tensors = tensors_of(1)
    wide = torch.randn(32, 8)
    turned = {**tensors, "layers.0.mlp.weight": tensors["layers.0.mlp.weight"].T.contiguous().T, "embed.weight": wide[::2][:12]}
    pair.save_pickled("tuned", turned)
    assert pair.run().status == 0
    edited = load_file(pair.folder / "out" / "model.safetensors")
    for name, tensor in turned.items():
        assert torch.allclose(edited[name], (tensors_of(0)[name] + tensor) / 2, atol=1e-6)


def test_tensors_that_share_their_storage_are_counted_once(pair, tensors_of, tied):
    """torch.save keeps both names of a tied weight: the second is the first, and its base has one."""
    tensors = tied(tensors_of(1))
    pair.save("base", tied(tensors_of(0)))
    pair.save_pickled("tuned", {**tensors, "lm_head.weight": tensors["transformer.wte.weight"]})
    assert pair.run().status == 0
    assert set(load_file(pair.folder / "out" / "model.safetensors")) == set(tensors)


def test_layers_are_ordered_by_number(pair):
    names = [f"layers.{number}.mlp.weight" for number in (1, 10, 11, 2, 3)]
    for seed, name in enumerate(("base", "tuned")):
        generator = torch.Generator().manual_seed(seed)
        pair.save(name, {layer: torch.randn(4, 4, generator=generator) for layer in names})
    answer = pair.call("similarity", pair.folder / "base", pair.folder / "tuned", "--per-layer", "--json")
    titles = [layer["name"] for layer in json.loads(answer.out)["layers"]]
    assert titles == [f"layers {number}" for number in (1, 2, 3, 10, 11)]


def test_hostile_names_of_tensors_go_through(pair):
    """Names are data: they never become paths, markup or terminal control."""
    names = ["../../etc/passwd", "<script>alert(1)</script>", "a\nb", "\x1b[2J", "ü" * 300, "w", " "]
    for seed, name in enumerate(("base", "tuned")):
        pair.save(name, {tensor: torch.full((4,), float(seed)) for tensor in names})
    answer = pair.run()
    assert answer.status == 0
    assert "\x1b" not in answer.out + answer.err
    assert set(load_file(pair.folder / "out" / "model.safetensors")) == set(names)
    assert "<script>alert" not in (pair.folder / "out" / "report.html").read_text()
