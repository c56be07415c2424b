"""Sources: the right files of a folder are found, nearby things are named, and what is not clear is asked."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from engine.checkpoints.sources import open_checkpoint
from engine.errors import CheckpointError, DamagedFileError, NotFoundError

WEIGHTS = {"a": torch.ones(2), "b": torch.zeros(3)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return an empty folder named “model” in a folder of its own."""
    (tmp_path / "model").mkdir()
    return tmp_path / "model"


def test_a_hugging_face_folder_is_a_model(folder: Path) -> None:
    save_file(WEIGHTS, folder / "model.safetensors", {"format": "pt"})
    (folder / "config.json").write_text("{}")
    header = open_checkpoint("model", folder.parent)
    assert set(header.tensors) == {"a", "b"}
    assert (header.source, header.folder, header.metadata) == ("model", folder, {"format": "pt"})
    assert [stamp.path for stamp in header.files] == [folder / "model.safetensors"]


def test_a_lone_file_has_no_folder_unless_a_config_lies_beside_it(folder: Path) -> None:
    save_file(WEIGHTS, folder / "weights.safetensors")
    assert open_checkpoint("model/weights.safetensors", folder.parent).folder is None
    (folder / "config.json").write_text("{}")
    assert open_checkpoint("model/weights.safetensors", folder.parent).folder == folder


def test_paths_may_be_absolute(folder: Path) -> None:
    save_file(WEIGHTS, folder / "model.safetensors")
    assert open_checkpoint(str(folder), Path("/nowhere")).folder == folder


def test_safetensors_go_before_pickles_of_the_same_weights(folder: Path) -> None:
    save_file(WEIGHTS, folder / "model.safetensors")
    torch.save({"old": torch.ones(1)}, folder / "pytorch_model.bin")
    assert set(open_checkpoint("model", folder.parent).tensors) == {"a", "b"}


def test_a_folder_of_pickles_is_read(folder: Path) -> None:
    torch.save({**WEIGHTS, "tied": WEIGHTS["a"]}, folder / "pytorch_model.bin")
    torch.save({}, folder / "training_args.bin")
    header = open_checkpoint("model", folder.parent)
    assert (set(header.tensors), header.aliases, header.folder) == ({"a", "b"}, {"tied": "a"}, folder)


@pytest.mark.parametrize("name", ["adapter_model.safetensors", "vector.safetensors", "epoch3.ckpt", "best.pt", "net.PTH"])
def test_the_only_checkpoint_of_a_folder_is_meant(folder: Path, name: str) -> None:
    if name.endswith(".safetensors"):
        save_file(WEIGHTS, folder / name)
    else:
        torch.save(WEIGHTS, folder / name)
        torch.save({}, folder / "optimizer.pt")
    source = "model/net.PTH" if name.endswith("PTH") else "model"
    assert set(open_checkpoint(source, folder.parent).tensors) == {"a", "b"}


def test_several_checkpoints_in_a_folder_are_named(folder: Path) -> None:
    for name in ("one", "two"):
        save_file(WEIGHTS, folder / f"{name}.safetensors")
    with pytest.raises(CheckpointError, match=r"2 checkpoints: “one\.safetensors”, “two\.safetensors”.*Choose one"):
        open_checkpoint("model", folder.parent)


def test_a_whole_file_beside_an_index_is_not_clear(folder: Path) -> None:
    save_file(WEIGHTS, folder / "model.safetensors")
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"a": "model.safetensors"}}))
    with pytest.raises(CheckpointError, match="2 checkpoints"):
        open_checkpoint("model", folder.parent)


def test_an_index_may_be_named_itself(folder: Path) -> None:
    save_file(WEIGHTS, folder / "part.safetensors")
    (folder / "any.safetensors.index.json").write_text(json.dumps({"weight_map": dict.fromkeys(WEIGHTS, "part.safetensors")}))
    assert set(open_checkpoint("model/any.safetensors.index.json", folder.parent).tensors) == {"a", "b"}
    assert set(open_checkpoint("model", folder.parent).tensors) == {"a", "b"}


def test_what_is_not_there_is_told_with_what_lies_nearby(folder: Path) -> None:
    with pytest.raises(NotFoundError, match=r"holds no “modle”, but “model”.*relative paths count from"):
        open_checkpoint("modle/x.safetensors", folder.parent)
    with pytest.raises(NotFoundError, match=r"holds no “tuned”\. Check"):
        open_checkpoint("model/tuned", folder.parent)


@pytest.mark.parametrize("aim", ["nowhere", "tuned"], ids=["dangling", "to itself"])
def test_a_link_that_leads_nowhere_is_called_so(folder: Path, aim: str) -> None:
    (folder / "tuned").symlink_to(aim)
    with pytest.raises(NotFoundError, match=rf"tuned is a link to {aim}, which can't be reached.*Mend the link"):
        open_checkpoint("tuned", folder)


def test_nothing_lies_in_a_file(folder: Path) -> None:
    (folder / "a.safetensors").write_bytes(b"")
    with pytest.raises(NotFoundError, match=r"a\.safetensors is no folder"):
        open_checkpoint("model/a.safetensors/b", folder.parent)


def test_an_empty_folder_holds_no_weights(folder: Path) -> None:
    (folder / "config.json").write_text("{}")
    with pytest.raises(NotFoundError, match=r"holds no weights.*but “config\.json”"):
        open_checkpoint("model", folder.parent)


def test_an_empty_folder_is_called_empty(folder: Path) -> None:
    (folder / "void").mkdir()
    with pytest.raises(NotFoundError, match=r"The folder is empty\. Choose the folder that holds the weights"):
        open_checkpoint("void", folder)


def test_a_folder_of_models_points_into_itself(folder: Path) -> None:
    save_file(WEIGHTS, folder / "model.safetensors")
    with pytest.raises(NotFoundError, match="its folders do: “model”"):
        open_checkpoint(".", folder.parent)


@pytest.mark.parametrize("source", ["", "  "])
def test_no_source_is_said_to_be_missing(source: str, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="No checkpoint is chosen"):
        open_checkpoint(source, tmp_path)


@pytest.mark.parametrize("source", ["a\0b", "x" * 5000])
def test_what_is_no_path_is_refused(source: str, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError) as caught:
        open_checkpoint(source, tmp_path)
    assert len(str(caught.value)) < 11_000


@pytest.mark.parametrize(
    ("name", "kind"), [("m.gguf", "GGUF"), ("m.onnx", "ONNX"), ("tf_model.h5", "Keras"), ("flax_model.msgpack", "Flax")]
)
def test_other_formats_are_not_supported_and_say_so(folder: Path, name: str, kind: str) -> None:
    (folder / name).write_bytes(b"GGUF")
    for source in (f"model/{name}", "model"):
        with pytest.raises(CheckpointError, match=rf"{kind} files are not supported\..*safetensors"):
            open_checkpoint(source, folder.parent)


def test_a_file_of_unknown_kind_is_refused(folder: Path) -> None:
    (folder / "notes.txt").write_text("hello")
    with pytest.raises(CheckpointError, match=r"“\.txt” is no kind of checkpoint"):
        open_checkpoint("model/notes.txt", folder.parent)


def test_a_damaged_file_is_named(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"")
    with pytest.raises(DamagedFileError, match=r"model\.safetensors"):
        open_checkpoint("model", folder.parent)


def test_opening_imports_neither_torch_nor_the_hub() -> None:
    program = "import sys, engine.checkpoints.sources; assert not {'torch', 'huggingface_hub'} & sys.modules.keys()"
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
