"""What an adapter must be to be opened; what it is instead is told with the reason and a way out."""

from __future__ import annotations

import contextlib
import json

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from engine.checkpoints.adapters import open_adapter
from engine.errors import CheckpointError, DamagedFileError, NotFoundError

BASE = {"model.layers.0.q_proj.weight": (8, 6), "model.layers.0.norm.weight": (6,), "model.embed.weight": (10, 6)}
LAYER = "base_model.model.model.layers.0.q_proj"
GOOD = {f"{LAYER}.lora_A.weight": torch.ones(2, 6), f"{LAYER}.lora_B.weight": torch.ones(8, 2)}


@pytest.fixture
def save(tmp_path):
    """Return a function that writes an adapter's folder."""

    def write(tensors=None, name="adapter_model.safetensors", **config):
        folder = tmp_path / "adapter"
        folder.mkdir(exist_ok=True)
        stored = GOOD if tensors is None else tensors
        save_file(stored, folder / name) if name.endswith(".safetensors") else torch.save(stored, folder / name)
        (folder / "adapter_config.json").write_text(json.dumps({"peft_type": "LORA", "r": 2, "lora_alpha": 4, **config}))
        return folder

    return write


def open_here(folder, base=None):
    return open_adapter(str(folder), folder.parent, BASE if base is None else base)


def refuse(folder, words, base=None, kind=CheckpointError):
    with pytest.raises(kind) as caught:
        open_here(folder, base)
    assert words in caught.value.fact
    assert caught.value.remedy
    return caught.value


@pytest.mark.parametrize("name", ["adapter_model.safetensors", "adapter_model.bin"])
def test_a_folder_and_its_file_are_the_same_adapter(save, name):
    folder = save(name=name)
    found = open_here(folder)
    assert list(found.header.tensors) == ["model.layers.0.q_proj.weight"]
    assert found.settings == ("rank 2", "alpha 4")
    assert [stamp.path.name for stamp in found.header.files][-1] == "adapter_config.json"
    assert open_here(folder / name).header.tensors == found.header.tensors


def test_the_state_of_a_training_may_lie_beside_it(save):
    folder = save()
    torch.save({"state": torch.ones(1)}, folder / "scheduler.pt")
    torch.save({"more": torch.ones(1)}, folder / "extra.bin")
    assert open_here(folder).header.tensors


def test_names_of_older_versions_hold_the_adapters_own_name(save):
    found = open_here(save({name.replace(".weight", ".default.weight"): value for name, value in GOOD.items()}))
    assert list(found.header.tensors) == ["model.layers.0.q_proj.weight"]


@pytest.mark.parametrize("change", [lambda name: name.removeprefix("model."), lambda name: f"text.{name}"], ids=["less", "more"])
def test_a_base_may_leave_the_models_prefix_out_or_have_one_more(save, change):
    found = open_here(save(), {change(name): shape for name, shape in BASE.items()})
    assert list(found.header.tensors) == [change("model.layers.0.q_proj.weight")]


def test_of_two_adapters_in_one_file_none_is_guessed(save):
    second = {name.replace(".weight", ".second.weight"): value.clone() for name, value in GOOD.items()}
    refuse(save({**GOOD, **second}), "more than one adapter")


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"peft_type": "LOHA"}, "of the type LOHA"),
        ({"peft_type": 7}, "of the type 7"),
        ({"use_dora": True}, "DoRA"),
        ({"init_lora_weights": "pissa_niter_4"}, "changed the base itself"),
        ({"layer_replication": [[0, 2], [1, 3]]}, "repeats layers"),
        ({"target_parameters": ["experts.up"]}, "target_parameters"),
        ({"trainable_token_indices": [1, 2]}, "single rows"),
        ({"lora_bias": True}, "lora_bias"),
    ],
)
def test_what_is_no_plain_lora_is_refused_with_the_reason(save, config, words):
    assert "merge" in refuse(save(**config), words).remedy.lower()


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"r": 0}, "a rank is a whole number"),
        ({"r": "8"}, "a rank is a whole number"),
        ({"r": True}, "a rank is a whole number"),
        ({"r": 1 << 40}, "a rank is a whole number"),
        ({"lora_alpha": None}, "must be a number"),
        ({"lora_alpha": float("nan")}, "must be a number"),
        ({"rank_pattern": [1]}, "no table"),
        ({"rank_pattern": {"q_proj": -1}}, "a rank is a whole number"),
        ({"alpha_pattern": {"(": 1}}, "no name or plain pattern"),
        ({"alpha_pattern": {"(a+)+b": 1}}, "no name or plain pattern"),
    ],
)
def test_a_config_that_contradicts_itself_is_damaged(save, config, words):
    refuse(save(**config), words, kind=DamagedFileError)


def test_without_its_config_the_strength_is_not_known(save):
    folder = save()
    (folder / "adapter_config.json").unlink()
    found = refuse(folder / "adapter_model.safetensors", "no adapter_config.json", kind=NotFoundError)
    assert "same folder" in found.remedy


def test_without_its_weights_it_says_so(save):
    folder = save()
    (folder / "adapter_model.safetensors").unlink()
    refuse(folder, "neither adapter_model.safetensors nor adapter_model.bin", kind=NotFoundError)


@pytest.mark.parametrize(
    ("tensors", "words"),
    [
        ({"lora_unet_down_blocks_0.lora_down.weight": torch.ones(2, 6)}, "kohya"),
        ({"lora_te_text_model.alpha": torch.ones(1)}, "kohya"),
        ({"transformer.h.0.lora.up.weight": torch.ones(2, 6)}, "diffusers"),
        ({**GOOD, f"{LAYER}.lora_magnitude_vector": torch.ones(8)}, "DoRA"),
        ({f"{LAYER}.hada_w1_a": torch.ones(8, 2)}, "LoHa"),
        ({f"{LAYER}.lokr_w1": torch.ones(8, 2)}, "LoKr"),
        ({f"{LAYER}.ia3_l": torch.ones(8, 1)}, "IA³"),
        ({**GOOD, f"{LAYER}.lora_E": torch.ones(2, 1)}, "AdaLoRA"),
        ({**GOOD, "strange": torch.ones(1)}, "named as none of an adapter's"),
        ({"model.layers.0.q_proj.weight": torch.ones(8, 6)}, "None of its 1 tensors"),
        ({f"{LAYER}.lora_A.weight": torch.ones(2, 6)}, "and not just A and B"),
        ({**GOOD, f"{LAYER}.lora_embedding_A": torch.ones(2, 6)}, "and not just embedding A"),
    ],
)
def test_tensors_of_another_kind_are_never_skipped(save, tensors, words):
    refuse(save(tensors), words)


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        ((3, 6), (8, 3), "says rank 2"),
        ((2, 6), (8, 3), "says rank 2"),
        ((2, 5), (8, 2), "give 8 × 5"),
        ((2, 6), (9, 2), "give 9 × 6"),
        ((2,), (8, 2), "says rank 2"),
        ((2, 6, 1), (8, 2, 1), "give 8 × 6 × 1"),
        ((2, 6), (8, 2, 3), "give 8 × 6"),
    ],
)
def test_factors_that_do_not_fit_are_told_with_their_shapes(save, first, second, words):
    names = list(GOOD)
    refuse(save({names[0]: torch.ones(first), names[1]: torch.ones(second)}), words)


def test_factors_of_integers_are_no_weights(save):
    refuse(save({name: value.to(torch.int8) for name, value in GOOD.items()}), "no floating-point type")


def test_a_wrong_base_is_told_with_counts_and_examples(save):
    folder = save(base_model_name_or_path="org/right-base")
    found = refuse(folder, "no place for 1 of the adapter's 1 tensors (“model.layers.0.q_proj.weight”)", {"other.weight": (8, 6)})
    assert "org/right-base" in found.fact
    assert "trained on" in found.remedy


def test_a_resized_vocabulary_is_told(save):
    embedding = {
        "base_model.model.model.embed.lora_embedding_A": torch.ones(2, 12),
        "base_model.model.model.embed.lora_embedding_B": torch.ones(6, 2),
        "base_model.model.model.embed.base_layer.weight": torch.ones(12, 6),
    }
    refuse(save(embedding), "12 × 6 in the adapter and 10 × 6 in the base. The adapter was trained with another vocabulary.")


KNOWN = [*GOOD, f"{LAYER}.lora_A.x.weight", f"{LAYER}.base_layer.weight", f"{LAYER}.base_layer.bias", "base_model.model."]
SETTINGS = ["r", "lora_alpha", "peft_type", "rank_pattern", "alpha_pattern", "use_rslora", "fan_in_fan_out", "bias", "init_lora_weights"]
NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=20) | st.sampled_from(KNOWN)
SHAPES = st.lists(st.integers(0, 8), max_size=3).map(tuple)
VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.lists(st.integers(), max_size=2)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tensors=st.dictionaries(NAMES, SHAPES, max_size=4), config=st.dictionaries(st.sampled_from(SETTINGS), VALUES))
def test_fuzz_whatever_it_holds_it_opens_or_says_why_not(save, tensors, config):
    folder = save({name: torch.zeros(shape) for name, shape in tensors.items()}, **config)
    with contextlib.suppress(CheckpointError):
        assert set(open_here(folder).header.tensors) <= set(BASE)


def test_the_config_of_another_adapter_is_found_out(save):
    folder = save()
    tensors = load_file(folder / "adapter_model.safetensors")
    save_file({name: torch.ones(4, 6) if "lora_A" in name else torch.ones(8, 4) for name in tensors}, folder / "adapter_model.safetensors")
    refuse(folder, "adapter_config.json says rank 2")
