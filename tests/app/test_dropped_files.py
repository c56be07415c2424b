"""A dropped path is recognised by what it holds."""

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


def test_adapters_say_that_they_come_later(tmp_path):
    (tmp_path / "adapter_config.json").write_text("{}")
    dropped = recognise(tmp_path)
    assert (dropped.kind, node_of(dropped)) == ("adapter", None)
    assert "later version" in dropped.reason


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
