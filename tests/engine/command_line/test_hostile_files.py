"""Files that are cut, missing, of another kind, or that change or hold no numbers, stop the run with their name."""

from __future__ import annotations

import io
import json
import os
import sys

import pytest
import torch
from safetensors.torch import load_file, save_file


@pytest.mark.parametrize("keep", [0, 4, 8, 100, -1])
def test_cut_file_is_refused(pair, keep):
    path = pair.folder / "tuned" / "model.safetensors"
    path.write_bytes(path.read_bytes()[:keep])
    pair.refuse(said=["[tuned.source]", "model.safetensors"])


def test_missing_source_names_what_lies_nearby(pair):
    (pair.folder / "tuned").rename(pair.folder / "tuned-7b")
    pair.refuse(said=["[tuned.source]", "tuned-7b"])


def test_folder_in_place_of_a_file_is_refused(pair):
    path = pair.folder / "tuned" / "model.safetensors"
    path.unlink()
    path.mkdir()
    pair.refuse(said=["[tuned.source]", "regular file"])


def test_format_that_is_not_supported_is_named(pair):
    (pair.folder / "tuned" / "model.safetensors").rename(pair.folder / "tuned" / "model.gguf")
    pair.refuse(said=["[tuned.source]", "GGUF"])


@pytest.mark.parametrize("source", ["", "no\0where", "hub:", "hub:../../etc", "x" * 5000])
def test_source_that_can_be_no_path_is_a_problem(pair, graph, source):
    graph["nodes"]["tuned"]["parameters"]["source"] = source
    pair.draw(**graph)
    pair.refuse(said=["[tuned.source]"])


def test_index_that_names_a_missing_shard_is_refused(pair):
    folder = pair.folder / "tuned"
    (folder / "model.safetensors").rename(folder / "model-00001-of-00002.safetensors")
    shards = {"norm.weight": "model-00001-of-00002.safetensors", "embed.weight": "model-00002-of-00002.safetensors"}
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": shards}))
    pair.refuse(said=["[tuned.source]", "model-00002-of-00002.safetensors"])


def test_index_that_points_outside_is_refused(pair):
    folder = pair.folder / "tuned"
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"w": "../base/model.safetensors"}}))
    pair.refuse(said=["[tuned.source]"])


class ChangingInput(io.StringIO):
    """A standard error that changes a file at the moment the run says that it begins."""

    def __init__(self, path):
        super().__init__()
        self.path = path

    def write(self, text):
        if "to read" in text:
            content = load_file(self.path)
            save_file({name: tensor + 1 for name, tensor in content.items()}, self.path)
            os.utime(self.path, ns=(1, 1))
        return super().write(text)


def test_input_that_changes_during_the_run_stops_it(pair, monkeypatch):
    stderr = ChangingInput(pair.folder / "tuned" / "model.safetensors")
    monkeypatch.setattr(sys, "stderr", stderr)
    before = pair.entries()
    assert pair.run().status == 3
    assert "model.safetensors" in stderr.getvalue()
    assert "was written to since its header was read" in stderr.getvalue()
    assert "Traceback" not in stderr.getvalue()
    assert pair.entries() == before


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
def test_value_that_is_no_number_stops_the_run_and_names_the_tensor(pair, tensors_of, bad):
    tensors = tensors_of(1)
    tensors["layers.0.mlp.weight"][3, 5] = bad
    pair.save("tuned", tensors)
    pair.refuse(status=3, said=["layers.0.mlp.weight", "non_finite"])


def test_value_that_is_no_number_passes_where_the_graph_allows_it(pair, tensors_of):
    tensors = tensors_of(1)
    tensors["layers.0.mlp.weight"][3, 5] = float("inf")
    pair.save("tuned", tensors)
    pair.draw(settings={"non_finite": "allow"})
    assert pair.run().status == 0
    assert torch.isinf(load_file(pair.folder / "out" / "model.safetensors")["layers.0.mlp.weight"][3, 5])


def test_overflow_of_the_outputs_dtype_stops_the_run(pair, tensors_of):
    for name, factor in (("base", 1), ("tuned", 60_000)):
        pair.save(name, {key: (value.sign() * factor).half() for key, value in tensors_of(0).items()})
    pair.refuse("--set", "edit.strength=10", status=3, said=["float16"])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{nope", "no JSON"),
        ("[1]", "not an object"),
        ('{"a":' * 50_000, "nested too deep"),
        ('{"quantization_config": {"bits": 4}}', "its integers are not weights that can be added. Its config.json has"),
    ],
    ids=["no JSON", "a list", "deep", "quantised"],
)
def test_config_that_makes_no_sense_is_a_problem_at_its_node(pair, content, said):
    (pair.folder / "base" / "config.json").write_text(content)
    pair.refuse(said=["[base.source]", "config.json", said])


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX pipes")
def test_pipe_in_place_of_a_file_is_not_waited_for(pair):
    (pair.folder / "tuned" / "model.safetensors").unlink()
    os.mkfifo(pair.folder / "tuned" / "model.safetensors")
    pair.refuse(said=["[tuned.source]", "not a regular file"])
