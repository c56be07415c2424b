from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.checkpoints.layout import lay_out, make_placeholder, patch_metadata
from engine.checkpoints.provenance import InputFingerprint, make_metadata, read_inputs, read_recipe, reserve_fingerprint
from engine.errors import CheckpointError, DamagedFileError

RECIPE = '{"title": "größe"}'
INPUTS = (InputFingerprint("base.safetensors", 7, "a" * 64), InputFingerprint("ünused.bin", 8, None, is_read=False))


def export(folder: Path, name: str = "model.safetensors") -> Path:
    (shard,) = lay_out([], 1, make_metadata(RECIPE, INPUTS, 1))
    (folder / name).write_bytes(shard.header)
    return folder / name


def test_recipe_and_inputs_come_back_from_a_file_and_from_its_folder(tmp_path: Path) -> None:
    path = export(tmp_path)
    for place in (path, tmp_path):
        assert read_recipe(place) == RECIPE
        assert read_inputs(place) == INPUTS


def test_any_shard_and_a_folder_of_shards_tell_the_recipe(tmp_path: Path) -> None:
    shards = [export(tmp_path, f"model-0000{number}-of-00002.safetensors") for number in (1, 2)]
    assert {read_recipe(place) for place in (*shards, tmp_path)} == {RECIPE}


def test_the_rebased_recipe_of_a_folder_counts_first(tmp_path: Path) -> None:
    path = export(tmp_path)
    (tmp_path / "recipe.loom").write_text("rebased", encoding="utf-8")
    assert read_recipe(tmp_path) == read_recipe(tmp_path / "recipe.loom") == "rebased"
    assert read_recipe(path) == RECIPE


def test_what_is_no_export_tells_nothing(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    for place in (tmp_path, tmp_path / "notes.txt", tmp_path / "missing"):
        assert read_recipe(place) is None
        assert read_inputs(place) == ()


def test_damaged_files_are_errors(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"\xff" * 20)
    with pytest.raises(DamagedFileError):
        read_recipe(tmp_path)
    (tmp_path / "recipe.loom").write_bytes(b"\xff\xfe")
    with pytest.raises(CheckpointError, match=r"recipe\.loom can't be read"):
        read_recipe(tmp_path)


@pytest.mark.parametrize("inputs", ["", "{}", "[1, {}]", '[{"name": "a", "size": "7", "sha256": null}]'])
def test_inputs_written_by_others_are_ignored(tmp_path: Path, inputs: str) -> None:
    (shard,) = lay_out([], 1, {"weightloom.inputs": inputs})
    (tmp_path / "model.safetensors").write_bytes(shard.header)
    assert read_inputs(tmp_path) == ()


def test_reserved_fingerprints_are_patched_to_the_metadata_of_known_ones() -> None:
    reserved = [reserve_fingerprint(number, Path(f"/models/{number}.bin"), number) for number in range(3)]
    known = [InputFingerprint(file.name, file.size_bytes, f"{file.size_bytes:064x}") for file in reserved]
    shards = lay_out([], 1, make_metadata(RECIPE, reserved, 1))
    content = bytearray(shards[0].header)
    for patch in patch_metadata(shards, {make_placeholder(number): f"{number:064x}" for number in range(3)}):
        content[patch.offset : patch.offset + len(patch.content)] = patch.content
    assert content == lay_out([], 1, make_metadata(RECIPE, known, 1))[0].header


def test_metadata_holds_texts_and_no_folder_names() -> None:
    metadata = make_metadata(RECIPE, [reserve_fingerprint(0, Path("/home/me/x.bin"), 1)], 3)
    assert metadata["weightloom.recipe"] == RECIPE
    assert metadata["weightloom.format"] == "3"
    assert [entry["name"] for entry in json.loads(metadata["weightloom.inputs"])] == ["x.bin"]
