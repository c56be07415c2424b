"""What checkpoints hold and where they differ, told from their headers."""

import json

import pytest
import torch


def inspect(workplace, *names):
    answer = workplace.call("inspect", *(workplace.folder / name for name in names), "--json")
    return answer.status, json.loads(answer.out)


def test_summary_counts_tensors_entries_bytes_and_layers(workplace):
    tensors = {f"model.layers.{number}.mlp.weight": torch.zeros(4, 8, dtype=torch.bfloat16) for number in (2, 10)}
    tensors |= {"model.embed.weight": torch.zeros(16, 4), "ids": torch.arange(3)}
    workplace.save("m", tensors, {"architectures": ["LlamaForCausalLM"], "model_type": "llama"})
    status, found = inspect(workplace, "m")
    (summary,) = found["checkpoints"]
    assert status == 0
    assert summary["architecture"] == "LlamaForCausalLM"
    assert (summary["tensors"], summary["parameters"], summary["size_bytes"]) == (4, 131, 408)
    assert summary["dtypes"] == [
        {"dtype": "F32", "tensors": 1, "parameters": 64, "size_bytes": 256},
        {"dtype": "BF16", "tensors": 2, "parameters": 64, "size_bytes": 128},
        {"dtype": "I64", "tensors": 1, "parameters": 3, "size_bytes": 24},
    ]
    assert summary["layers"] == {"model.layers": 2}
    assert [file["name"] for file in summary["files"]] == ["model.safetensors"]
    assert found["comparisons"] == []


@pytest.mark.parametrize(
    ("config", "architecture"),
    [({"model_type": "gpt2"}, "gpt2"), ({"architectures": "GPT2"}, ""), ({"architectures": [3], "model_type": None}, ""), ({}, "")],
)
def test_architecture_is_what_the_config_names(workplace, tensors_of, config, architecture):
    workplace.save("m", tensors_of(0), config)
    assert inspect(workplace, "m")[1]["checkpoints"][0]["architecture"] == architecture


def test_config_that_is_no_json_is_a_note_and_no_failure(workplace, tensors_of):
    folder = workplace.save("m", tensors_of(0))
    (folder / "config.json").write_text("{")
    status, found = inspect(workplace, "m")
    assert status == 0
    assert "config.json: It is no JSON" in found["checkpoints"][0]["remarks"][0]


def test_same_shapes_are_compatible_whatever_the_dtype(workplace, tensors_of):
    workplace.save("a", tensors_of(0))
    workplace.save("b", tensors_of(1, torch.bfloat16))
    (comparison,) = inspect(workplace, "a", "b")[1]["comparisons"]
    assert comparison["compatible"] is True
    assert len(comparison["dtypes"]) == 3
    assert comparison["sentences"][0].startswith("3 tensors differ in dtype (embed.weight BF16 against F32, ")


def test_whole_numbers_need_not_match(workplace, tensors_of):
    workplace.save("a", {**tensors_of(0), "position_ids": torch.arange(5)})
    workplace.save("b", tensors_of(1))
    assert inspect(workplace, "a", "b")[1]["comparisons"][0]["compatible"] is True


def test_differences_are_counted_with_examples(workplace, tensors_of):
    other = tensors_of(1, rows=15)
    del other["norm.weight"]
    workplace.save("a", tensors_of(0))
    workplace.save("b", {**other, "extra.weight": torch.zeros(3)})
    status, found = inspect(workplace, "a", "b")
    (comparison,) = found["comparisons"]
    assert status == 0
    assert comparison["compatible"] is False
    sentence = comparison["sentences"][0]
    assert "1 tensor differs in shape (embed.weight 15 × 8 against 12 × 8)" in sentence
    assert "1 tensor is only in" in sentence
    assert "norm.weight" in sentence
    assert "extra.weight" in sentence


def test_every_other_checkpoint_is_compared_with_the_first(workplace, tensors_of):
    for number, name in enumerate("abc"):
        workplace.save(name, tensors_of(number))
    comparisons = inspect(workplace, "a", "b", "c")[1]["comparisons"]
    assert [comparison["other"] for comparison in comparisons] == [str(workplace.folder / name) for name in "bc"]
    assert {comparison["reference"] for comparison in comparisons} == {str(workplace.folder / "a")}


def test_tied_head_stored_once_more_is_no_difference(workplace, tensors_of):
    tensors = {"transformer.wte.weight": tensors_of(0)["embed.weight"]}
    workplace.save("a", tensors)
    workplace.save("b", {**tensors, "lm_head.weight": tensors["transformer.wte.weight"].clone()})
    (comparison,) = inspect(workplace, "a", "b")[1]["comparisons"]
    assert comparison["compatible"] is True
    assert comparison["tied"] == ["lm_head.weight"]


def test_one_that_can_not_be_opened_does_not_hide_the_others(workplace, tensors_of):
    workplace.save("a", tensors_of(0))
    answer = workplace.call("inspect", workplace.folder / "nowhere", workplace.folder / "a")
    assert answer.status == 3
    assert "nowhere" in answer.err
    assert "embed.weight" not in answer.err
    assert "3 with 232 entries" in answer.out


def test_words_for_people_align_and_name_the_fit(workplace, tensors_of):
    workplace.save("a", tensors_of(0), {"architectures": ["LlamaForCausalLM"]})
    workplace.save("b", tensors_of(1))
    answer = workplace.call("inspect", workplace.folder / "a", workplace.folder / "b")
    assert answer.status == 0
    assert "LlamaForCausalLM" in answer.out
    assert "unknown (there is no config.json)" in answer.out
    assert answer.out.rstrip().endswith("fit together.")
    starts = {line.index(word) for line in answer.out.splitlines() for word in ("LlamaFor", "3 with") if word in line}
    assert len(starts) == 1


def test_a_path_that_is_not_there_is_told_without_a_graph(workplace):
    answer = workplace.call("inspect", "nowhere")
    assert answer.status != 0
    assert "nowhere is not there" in answer.err
    assert "nowhere: " not in answer.err
    assert ".loom" not in answer.err
