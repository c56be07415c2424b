"""A dropped path is recognised by what it holds."""

import json

import pytest

from app.dropped_files import node_of, recognise
from engine.resources import resource_path


@pytest.mark.parametrize(
    ("place", "kind"),
    [
        ("templates/forget.loom", "graph"),
        ("sample/models/base", "checkpoint"),
        ("sample/models/base/model.safetensors", "checkpoint"),
        ("sample/data/diag-test.npz", "test_set"),
        ("sample/data/diag-images", "test_set"),
        ("sample/LICENCES.md", "unknown"),
    ],
)
def test_shipped_files(place, kind):
    assert recognise(resource_path(place)).kind == kind


def test_tables_are_data_or_metrics_by_their_columns(tmp_path):
    (tmp_path / "data.csv").write_text("text,label\na,1\n")
    (tmp_path / "metrics.csv").write_text("checkpoint,test_set,metric,value\na,b,accuracy,0.5\n")
    assert [recognise(tmp_path / name).kind for name in ("data.csv", "metrics.csv")] == ["test_set", "metrics"]


def save_adapter(folder, name="adapter_model.safetensors", tensor="base_model.model.h.0.lora_A.weight"):
    folder.mkdir(exist_ok=True)
    header = json.dumps({tensor: {"dtype": "F32", "shape": [0, 4], "data_offsets": [0, 0]}}).encode()
    (folder / name).write_bytes(len(header).to_bytes(8, "little") + header)
    return folder / name


def test_a_folder_that_peft_wrote_is_an_adapter_and_so_is_its_file(tmp_path):
    file = save_adapter(tmp_path / "pirate-1.5")
    (file.parent / "adapter_config.json").write_text("{}")
    found = [recognise(path) for path in (file.parent, file)]
    assert [(one.kind, node_of(one), one.name) for one in found] == [("adapter", "lora_adapter", "pirate-1.5")] * 2


@pytest.mark.parametrize("tensor", ["base_model.model.h.0.lora_A.weight", "lora_unet_mid.lora_down.weight", "h.0.hada_w1_a"])
def test_a_lone_file_is_an_adapter_by_the_names_in_it(tmp_path, tensor):
    found = recognise(save_adapter(tmp_path, "style.safetensors", tensor))
    assert (found.kind, found.name) == ("adapter", "style")


def test_a_damaged_file_says_why(tmp_path):
    (tmp_path / "bad.safetensors").write_bytes(b"\xff" * 20)
    dropped = recognise(tmp_path / "bad.safetensors")
    assert dropped.kind == "unknown"
    assert "bad.safetensors" in dropped.reason


def test_the_folder_of_a_training_is_a_series(tmp_path):
    (tmp_path / "checkpoint-500").mkdir()
    (tmp_path / "model.safetensors").write_bytes(b"")
    dropped = recognise(tmp_path)
    assert (dropped.kind, node_of(dropped)) == ("series", "series")
