"""An export that is dropped on the canvas brings its graph back."""

import json

import pytest

from engine.resources import resource_path

PLACE = (700, 300)


NODES = {
    "base": {"operation": "checkpoint", "position": [0.0, 0.0]},
    "tuned": {"operation": "checkpoint", "position": [0.0, 144.0]},
    "tau": {"operation": "task_vector", "position": [240.0, 96.0]},
    "apply": {"operation": "apply", "parameters": {"strength": 0.35}, "position": [480.0, 24.0]},
    "out": {"operation": "export_checkpoint", "parameters": {"folder": "out"}, "position": [720.0, 24.0]},
}
WIRES = {
    ("tuned.checkpoint", "tau.tuned"),
    ("base.checkpoint", "tau.base"),
    ("base.checkpoint", "apply.base"),
    ("tau.vector", "apply.vector"),
    ("apply.checkpoint", "out.checkpoint"),
}


@pytest.fixture
def exported(command_line, tmp_path):
    """An export of a graph that is no longer there; the models it was made of are."""
    nodes = {name: dict(node) for name, node in NODES.items()}
    for name, model in (("base", "base"), ("tuned", "diag")):
        nodes[name]["parameters"] = {"source": str(resource_path(f"sample/models/{model}"))}
    graph = {"format": "weightloom/1", "title": "Half a stripe", "nodes": nodes}
    graph["wires"] = [{"from": source, "to": target} for source, target in WIRES]
    file = tmp_path / "graph.loom"
    file.write_text(json.dumps(graph))
    command_line("run", file, "--output", tmp_path / "my export")
    file.unlink()
    return tmp_path / "my export"


def test_dropped_export_brings_its_graph_back(user, exported):
    user.open_weightloom()
    user.click(user.find("New graph", "push button"))
    user.find("Canvas.*")
    user.open_file_manager(exported)
    user.drag_until(user.find("my export", "label"), PLACE, "the graph", lambda: user.see("Half a stripe.*", "label"))
    user.click((900, 560))
    user.wait_for_status("5 nodes · 5 links · 1 problem stops a run")
    user.take_picture("the graph is back")
    assert user.find("The export has no folder.", "label"), "where to write is the user's to say anew"

    user.save_as(user.home / "again.loom")
    user.close_weightloom()
    saved = json.loads((user.home / "again.loom").read_text())
    assert {name: node["operation"] for name, node in saved["nodes"].items()} == {name: node["operation"] for name, node in NODES.items()}
    assert saved["nodes"]["apply"]["parameters"]["strength"] == 0.35
    assert {(wire["from"], wire["to"]) for wire in saved["wires"]} == WIRES
