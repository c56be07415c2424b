"""Models in memory: real folders, names as the files have them, weights edited in place."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file

from engine.errors import Cancelled, EvaluationError
from engine.evaluation.models import EvaluationModel, open_model
from engine.evaluation.settings import EvaluationSettings
from engine.evaluation.test_sets import TestSetSettings, open_test_set

Never = Callable[[], bool]
KINDS = {
    "vit": "image_classification",
    "clip": "zero_shot_image_classification",
    "gpt2": "language_modelling",
    "bert": "text_classification",
    "t5": "text_to_text",
}


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def folder(kind: str, request: pytest.FixtureRequest) -> Path:
    return request.getfixturevalue(kind)


def test_every_stored_tensor_has_its_place_and_its_value(folder: Path, kind: str) -> None:
    model = open_model(folder, KINDS[kind], "cpu")
    stored = load_file(folder / "model.safetensors")
    assert set(model.tensors) == set(stored)
    assert model.unused == ()
    for name, tensor in stored.items():
        torch.testing.assert_close(model.tensors[name], tensor, rtol=0, atol=0, msg=name)


def test_filling_the_tensors_is_what_loading_the_filled_checkpoint_is(folder: Path, kind: str, tmp_path: Path) -> None:
    edited = {name: tensor * 1.5 for name, tensor in load_file(folder / "model.safetensors").items()}
    shutil.copytree(folder, tmp_path / "edited")
    save_file(edited, tmp_path / "edited" / "model.safetensors", metadata={"format": "pt"})
    model = open_model(folder, KINDS[kind], "cpu")
    for name, tensor in edited.items():
        model.tensors[name].copy_(tensor)
    expected = open_model(tmp_path / "edited", KINDS[kind], "cpu")._loaded.network.state_dict()
    for name, tensor in model._loaded.network.state_dict().items():
        torch.testing.assert_close(tensor, expected[name], rtol=0, atol=0, msg=name)


def test_filling_the_tensors_leaves_the_file_alone(gpt2: Path) -> None:
    before = (gpt2 / "model.safetensors").read_bytes()
    model = open_model(gpt2, "language_modelling", "cpu")
    for tensor in model.tensors.values():
        tensor.zero_()
    assert (gpt2 / "model.safetensors").read_bytes() == before


def test_float16_folders_are_measured_in_float32(vit: Path, tmp_path: Path) -> None:
    shutil.copytree(vit, tmp_path / "half")
    halves = {name: tensor.half() for name, tensor in load_file(vit / "model.safetensors").items()}
    save_file(halves, tmp_path / "half" / "model.safetensors", metadata={"format": "pt"})
    model = open_model(tmp_path / "half", "image_classification", "cpu")
    assert {tensor.dtype for tensor in model.tensors.values()} == {torch.float32}


def test_a_bare_model_s_names_find_their_places(gpt2: Path, tmp_path: Path) -> None:
    shutil.copytree(gpt2, tmp_path / "bare")
    bare = {name.removeprefix("transformer."): tensor for name, tensor in load_file(gpt2 / "model.safetensors").items()}
    bare["h.0.attn.bias"] = torch.ones(1, 1, 32, 32)
    save_file(bare, tmp_path / "bare" / "model.safetensors", metadata={"format": "pt"})
    model = open_model(tmp_path / "bare", "language_modelling", "cpu")
    assert "wte.weight" in model.tensors
    assert model.unused == ("h.0.attn.bias",)


def test_a_stored_alias_is_listed_once(t5: Path, tmp_path: Path) -> None:
    shutil.copytree(t5, tmp_path / "t5")
    stored = load_file(t5 / "model.safetensors")
    stored["encoder.embed_tokens.weight"] = stored["shared.weight"].clone()
    save_file(stored, tmp_path / "t5" / "model.safetensors", metadata={"format": "pt"})
    model = open_model(tmp_path / "t5", "text_to_text", "cpu")
    assert model.tied == {"encoder.embed_tokens.weight": "shared.weight"}


def test_shards_and_pickles_of_tensors_open_like_one_file(bert: Path, tmp_path: Path) -> None:
    network = transformers.AutoModelForSequenceClassification.from_pretrained(bert)
    network.save_pretrained(tmp_path / "shards", max_shard_size="8KB")
    assert (tmp_path / "shards" / "model.safetensors.index.json").is_file()
    shutil.copytree(bert, tmp_path / "pickle", ignore=shutil.ignore_patterns("*.safetensors"))
    torch.save(network.state_dict(), tmp_path / "pickle" / "pytorch_model.bin")
    whole = open_model(bert, "text_classification", "cpu")
    for other in ("shards", "pickle"):
        model = open_model(tmp_path / other, "text_classification", "cpu")
        assert set(model.tensors) == set(whole.tensors)
        assert all(torch.equal(model.tensors[name], tensor) for name, tensor in whole.tensors.items())


def _change_config(source: Path, target: Path, **changes: object) -> Path:
    shutil.copytree(source, target)
    config = json.loads((target / "config.json").read_text())
    (target / "config.json").write_text(json.dumps({name: value for name, value in (config | changes).items() if value is not None}))
    return target


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"auto_map": {"AutoModel": "code.Model"}}, "code of its own"),
        ({"quantization_config": {"bits": 4}}, "quantised"),
        ({"architectures": None}, "names no architecture"),
        ({"architectures": ["WarpForImageClassification"]}, "has no class WarpForImageClassification"),
        ({"architectures": ["ViTModel"]}, "can't do image classification"),
        ({"hidden_size": 24}, "can't be loaded"),
        ({"num_hidden_layers": 3}, "needs 16 tensors that no file gives"),
    ],
)
def test_a_config_that_does_not_work_says_why(vit: Path, tmp_path: Path, changes: dict[str, object], message: str) -> None:
    folder = _change_config(vit, tmp_path / "changed", **changes)
    with pytest.raises(EvaluationError, match=message):
        open_model(folder, "image_classification", "cpu")


def test_a_head_that_no_file_gives_is_refused(vit: Path, tmp_path: Path) -> None:
    shutil.copytree(vit, tmp_path / "headless")
    stored = {name: tensor for name, tensor in load_file(vit / "model.safetensors").items() if "classifier" not in name}
    save_file(stored, tmp_path / "headless" / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(EvaluationError, match=r"2 tensors that no file gives: “classifier.weight”"):
        open_model(tmp_path / "headless", "image_classification", "cpu")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("config.json", None, "has no config.json"),
        ("config.json", "{", "is no JSON"),
        ("config.json", "[]", "holds a JSON list, not an object"),
        ("model.safetensors", None, "can't be loaded"),
        ("model.safetensors", "short", "can't be loaded"),
    ],
)
def test_a_broken_folder_says_what_is_broken(vit: Path, tmp_path: Path, name: str, content: str | None, message: str) -> None:
    shutil.copytree(vit, tmp_path / "broken")
    (tmp_path / "broken" / name).unlink()
    if content is not None:
        (tmp_path / "broken" / name).write_text(content)
    with pytest.raises(EvaluationError) as caught:
        open_model(tmp_path / "broken", "image_classification", "cpu")
    assert message in caught.value.fact
    assert message not in caught.value.remedy


@pytest.fixture
def arrays(tmp_path: Path, pictures: tuple[np.ndarray, np.ndarray]) -> Path:
    np.savez(tmp_path / "pictures.npz", images=pictures[0], labels=pictures[1])
    return tmp_path / "pictures.npz"


def test_two_runs_give_the_same_figures(vit: Path, arrays: Path, never: Never) -> None:
    test_set = open_test_set(TestSetSettings(arrays))
    first, second = (open_model(vit, "image_classification", "cpu").measure(test_set, EvaluationSettings(), never) for _ in range(2))
    assert first == second


def test_an_edit_and_its_way_back_gives_the_first_figures(vit: Path, arrays: Path, never: Never) -> None:
    test_set, settings = open_test_set(TestSetSettings(arrays)), EvaluationSettings()
    model = open_model(vit, "image_classification", "cpu")
    base = {name: tensor.clone() for name, tensor in model.tensors.items()}
    before = model.measure(test_set, settings, never)
    for tensor in model.tensors.values():
        tensor.zero_()
    assert model.measure(test_set, settings, never)[0].value == 0.25  # every logit 0: the first class
    for name, tensor in model.tensors.items():
        tensor.copy_(base[name])
    assert model.measure(test_set, settings, never) == before


def test_a_stop_is_obeyed_between_batches(vit: Path, arrays: Path) -> None:
    answers = iter([False, False, True])
    with pytest.raises(Cancelled, match="after 8 of 20"):
        open_model(vit, "image_classification", "cpu").measure(
            open_test_set(TestSetSettings(arrays)), EvaluationSettings(batch_size=4), lambda: next(answers)
        )


def test_a_metric_that_does_not_fit_names_those_that_do(vit: Path, arrays: Path, never: Never) -> None:
    with pytest.raises(EvaluationError, match=r"perplexity does not fit .* Take accuracy or macro_f1"):
        open_model(vit, "image_classification", "cpu").measure(
            open_test_set(TestSetSettings(arrays)), EvaluationSettings(metric="perplexity"), never
        )


def test_a_task_that_the_model_lacks_names_those_it_has(gpt2: Path, arrays: Path, never: Never) -> None:
    model: EvaluationModel = open_model(gpt2, "language_modelling", "cpu")
    with pytest.raises(EvaluationError, match=r"can't do image classification. It can do language modelling"):
        model.measure(open_test_set(TestSetSettings(arrays)), EvaluationSettings(), never)


def test_pictures_of_another_size_are_an_error_of_ours(vit: Path, tmp_path: Path, never: Never) -> None:
    np.savez(tmp_path / "large.npz", images=np.zeros((2, 20, 20), np.uint8), labels=np.zeros(2, np.int64))
    with pytest.raises(EvaluationError, match=r"can't take these examples: .*20"):
        open_model(vit, "image_classification", "cpu").measure(
            open_test_set(TestSetSettings(tmp_path / "large.npz")), EvaluationSettings(), never
        )


def test_nothing_is_printed(gpt2: Path, capfd: pytest.CaptureFixture[str]) -> None:
    transformers.utils.logging.enable_progress_bar()
    transformers.utils.logging.set_verbosity_warning()
    open_model(gpt2, "language_modelling", "cpu")
    assert capfd.readouterr() == ("", "")
    assert transformers.utils.logging.is_progress_bar_enabled()
    assert transformers.utils.logging.get_verbosity() == transformers.utils.logging.WARNING


SIDES = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
TOKENS = {"vocab_size": 99, "bos_token_id": 0, "eos_token_id": 1, "pad_token_id": 2}


@pytest.mark.parametrize(
    ("name", "settings", "task"),
    [
        ("LlamaForCausalLM", SIDES | TOKENS, "language_modelling"),
        ("Qwen2ForCausalLM", SIDES | TOKENS | {"tie_word_embeddings": True, "num_key_value_heads": 1}, "language_modelling"),
        ("DistilBertForSequenceClassification", TOKENS | {"dim": 16, "n_layers": 1, "n_heads": 2, "hidden_dim": 32}, "text_classification"),
        ("ResNetForImageClassification", {"embedding_size": 8, "hidden_sizes": [8, 16], "depths": [1, 1]}, "image_classification"),
        ("BeitForImageClassification", SIDES | {"image_size": 16, "patch_size": 4}, "image_classification"),
    ],
)
def test_other_families_find_every_place(tmp_path: Path, name: str, settings: dict[str, object], task: str) -> None:
    model_class = getattr(transformers, name)
    model_class(model_class.config_class(**settings)).save_pretrained(tmp_path)
    model = open_model(tmp_path, task, "cpu")
    stored = load_file(tmp_path / "model.safetensors")
    assert set(model.tensors) == set(stored)
    assert all(torch.equal(model.tensors[key], tensor) for key, tensor in stored.items())


def test_experts_that_are_merged_in_memory_are_refused(tmp_path: Path) -> None:
    config = transformers.MixtralConfig(**SIDES, **TOKENS, num_key_value_heads=1, num_local_experts=2)
    transformers.MixtralForCausalLM(config).save_pretrained(tmp_path)
    with pytest.raises(EvaluationError, match="another arrangement in memory than in its files"):
        open_model(tmp_path, "language_modelling", "cpu")
