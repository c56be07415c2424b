"""A target that would hurt is a problem, and an export takes away nothing that is not its own."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("folder", "words"),
    [
        ("base", "which the export is made from"),
        ("base/edited", "lies inside “Base”"),
        (".", "holds the graph itself"),
        ("..", "outside the folder of the graph"),
        ("../elsewhere", "--allow-outside"),
        ("/tmp/elsewhere-of-weightloom", "--allow-outside"),
        ("", "no folder"),
        ("g.loom", "not a folder"),
        ("g.loom/below", "not a folder"),
        ("no\0where", "NUL"),
        ("~nobody-of-that-name/../../x", "--allow-outside"),
        ("x" * 300, ""),
        ("\n", "no folder"),
    ],
)
def test_target_that_would_hurt_is_a_problem(pair, graph, folder, words):
    graph["nodes"]["out"]["parameters"]["folder"] = folder
    pair.draw(**graph)
    pair.refuse(said=["[out.folder]", words])


@pytest.mark.parametrize("name", ["base", "tuned"])
def test_output_onto_an_input_is_a_problem_even_with_overwrite(pair, name):
    pair.refuse("--output", pair.folder / name, "--overwrite", said=["which the export is made from"])


def test_link_to_an_input_is_seen_through(pair):
    (pair.folder / "innocent").symlink_to(pair.folder / "base")
    pair.refuse("--output", pair.folder / "innocent", "--overwrite", said=["which the export is made from"])


def test_target_that_exists_is_a_problem_with_the_remedy(pair):
    (pair.folder / "out").mkdir()
    (pair.folder / "out" / "thesis.txt").write_text("years")
    pair.refuse(said=["already exists", "--overwrite"])


def test_overwrite_leaves_what_is_not_ours(pair):
    (pair.folder / "out").mkdir()
    (pair.folder / "out" / "thesis.txt").write_text("years")
    assert pair.run("--overwrite").status == 0
    assert (pair.folder / "out" / "thesis.txt").read_text() == "years"


def test_overwrite_does_not_replace_a_model_of_somebody_else(pair, tensors_of):
    """No report.json lists it, so it is not an export of ours."""
    pair.save("out", tensors_of(9))
    pair.refuse("--overwrite", status=3, said=["model.safetensors"])


def test_smaller_export_leaves_no_shard_of_the_larger_one(pair):
    assert pair.run("--set", "out.shard_size=600").status == 0
    shards = sorted(path.name for path in (pair.folder / "out").glob("*.safetensors"))
    assert len(shards) > 1
    (pair.folder / "out" / "notes.txt").write_text("mine")
    assert pair.run("--overwrite").status == 0
    assert [path.name for path in (pair.folder / "out").glob("*.safetensors")] == ["model.safetensors"]
    assert not (pair.folder / "out" / "model.safetensors.index.json").exists()
    assert (pair.folder / "out" / "notes.txt").read_text() == "mine"


def test_two_outputs_into_one_folder_are_a_problem(pair, graph):
    graph["nodes"]["second"] = {"operation": "export_checkpoint", "parameters": {"folder": "./x/../out"}}
    graph["wires"].append({"from": "edit.checkpoint", "to": "second.checkpoint"})
    pair.draw(**graph)
    pair.refuse(said=["writes to", "too"])
