from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.catalogue import catalogue
from engine.checkpoints.recipe_paths import INPUT_PATHS, leave_out_places, rebase_recipe
from engine.errors import DocumentError
from engine.parameters import Text


def rebase(source: str, old_folder: Path, new_folder: Path) -> str:
    recipe = {"nodes": {"a": {"operation": "checkpoint", "parameters": {"source": source}}}}
    return json.loads(rebase_recipe(json.dumps(recipe), old_folder, new_folder))["nodes"]["a"]["parameters"]["source"]


@pytest.mark.parametrize("source", ["models/base", "../models/base", "./models/base.safetensors"])
def test_a_rebased_path_leads_to_the_same_file(tmp_path: Path, source: str) -> None:
    old_folder, new_folder = tmp_path / "graphs", tmp_path / "graphs" / "exports" / "out"
    rebased = rebase(source, old_folder, new_folder)
    assert not Path(rebased).is_absolute()
    assert (new_folder / rebased).resolve() == (old_folder / source).resolve()


@pytest.mark.parametrize("source", ["/models/base", "~/models/base", "hub:org/name@main", ""])
def test_what_is_not_relative_stays(tmp_path: Path, source: str) -> None:
    assert rebase(source, tmp_path, tmp_path / "out") == source


def test_everything_else_stays_and_the_text_is_a_document_again(tmp_path: Path) -> None:
    recipe = {
        "format": "weightloom/1",
        "nodes": {
            "t": {"operation": "test_set", "parameters": {"source": "d.csv", "limit": 3, "extra": "d.csv"}},
            "e": {"operation": "evaluate", "parameters": {"scorer": "words.txt"}},
            "x": {"operation": "unknown", "parameters": {"source": "d.csv"}},
            "odd": 3,
            "ö": {"operation": 4, "parameters": {"source": "d.csv"}},
            "n": {"operation": "checkpoint", "parameters": {"source": 4}},
        },
    }
    text = rebase_recipe(json.dumps(recipe), tmp_path, tmp_path / "out")
    recipe["nodes"]["t"]["parameters"]["source"] = "../d.csv"  # pyright: ignore
    recipe["nodes"]["e"]["parameters"]["scorer"] = "../words.txt"  # pyright: ignore
    assert text == json.dumps(recipe, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def test_no_json_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="no JSON"):
        rebase_recipe("{", tmp_path, tmp_path)


def test_every_parameter_that_names_an_input_file_is_rebased() -> None:
    words = ("file", "folder", "word list")
    found = {
        name: tuple(
            parameter.name
            for parameter in operation.parameters
            if isinstance(parameter, Text) and any(word in parameter.help for word in words) and parameter.name != "folder"
        )
        for name, operation in catalogue().items()
    }
    assert {name: names for name, names in found.items() if names} == dict(INPUT_PATHS)


def test_a_recipe_without_places_is_the_same_wherever_it_lies(tmp_path):
    def write(*sources):
        nodes = {str(number): {"operation": "checkpoint", "parameters": {"source": source}} for number, source in enumerate(sources)}
        return json.dumps({"nodes": nodes})

    def read(text):
        return [node["parameters"]["source"] for node in json.loads(text)["nodes"].values()]

    here = leave_out_places(write("models/base", "models/a", "hub:org/b", ""), tmp_path)
    assert read(here) == ["base", "a", "hub:org/b", ""]
    assert leave_out_places(write("../models/base", str(tmp_path / "models/a"), "hub:org/b", ""), tmp_path / "out") == here
    # As many parts as tell them apart, and the same path stays the same.
    alike = leave_out_places(write("run1/last", "run2/last", "./run1/last"), tmp_path)
    assert read(alike) == ["run1/last", "run2/last", "run1/last"]
    assert read(leave_out_places(write("/", "~nobody/x"), tmp_path))[1].endswith("x")
