"""Folders of a training: in the order of the steps, whatever the alphabet says."""

from __future__ import annotations

import pytest

from engine.checkpoints.series_folder import list_series
from engine.errors import NotFoundError

INDEX = "model.safetensors.index.json"


def make(folder, *names):
    for name in names:
        (folder / name).mkdir()
    return folder


def test_the_last_number_of_a_name_orders_it(tmp_path):
    make(tmp_path, "checkpoint-500", "checkpoint-1000", "checkpoint-20", "runs", ".checkpoint-3")
    found = list_series(tmp_path, "checkpoint-*")
    assert [(entry.name, entry.number) for entry in found.entries] == [
        ("checkpoint-20", 20),
        ("checkpoint-500", 500),
        ("checkpoint-1000", 1000),
    ]
    assert found.unnumbered == ()


def test_what_has_no_number_is_told(tmp_path):
    found = list_series(make(tmp_path, "epoch1-step200", "epoch2-step100", "best"), "*")
    assert [entry.number for entry in found.entries] == [100, 200]
    assert found.unnumbered == ("best",)


@pytest.mark.parametrize("name", ["nowhere", "file"])
def test_a_folder_that_is_none_is_not_found(tmp_path, name):
    (tmp_path / "file").write_text("")
    with pytest.raises(NotFoundError, match=name):
        list_series(tmp_path / name, "checkpoint-*")


@pytest.mark.parametrize(
    ("files", "beside"),
    [
        (("model.safetensors", "training_args.bin", "trainer_state.json"), ("model.safetensors",)),
        (("model-00001-of-00001.safetensors", INDEX), (INDEX,)),
        (("optimizer.pt", "training_args.bin", "README.md"), ()),
        (tuple(f"{name}.safetensors" for name in "hgfedcba"), tuple(f"{name}.safetensors" for name in "abcdefgh")),
    ],
)
def test_the_last_model_of_a_training_is_beside_its_checkpoints(tmp_path, files, beside):
    make(tmp_path, "checkpoint-500")
    for name in files:
        (tmp_path / name).write_bytes(b"")
    assert list_series(tmp_path, "checkpoint-*").beside == beside


def test_of_files_the_pattern_says_which_are_of_the_series(tmp_path):
    for name in ("digits-10.safetensors", "digits-20.safetensors", "letters-10.safetensors"):
        (tmp_path / name).write_bytes(b"")
    assert list_series(tmp_path, "digits-*").beside == ()
