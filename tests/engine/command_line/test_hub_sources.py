"""A run from the command line whose model is on the Hub only: it is downloaded first, and only where nothing else stops the run."""

from __future__ import annotations

import json

import pytest
from huggingface_hub import constants
from safetensors.torch import load_file

from tests.engine.checkpoints.hub_models import SOURCE, WEIGHTS, forget_listings, serve_model


@pytest.fixture
def hub(tmp_path_factory, monkeypatch):
    with serve_model(tmp_path_factory.mktemp("hub"), monkeypatch) as server:
        yield server


@pytest.fixture
def remote(workplace):
    """A workplace whose graph copies the Hub's model."""
    workplace.write(
        "g.loom",
        {
            "format": "weightloom/1",
            "nodes": {
                "model": {"operation": "checkpoint", "parameters": {"source": SOURCE}},
                "out": {"operation": "export_checkpoint", "parameters": {"folder": "out"}},
            },
            "wires": [{"from": "model.checkpoint", "to": "out.checkpoint"}],
        },
    )
    return workplace


def test_what_is_on_the_hub_is_downloaded_and_run(remote, hub):
    answer = remote.run()
    assert answer.status == 0, answer.err
    assert load_file(remote.folder / "out/model.safetensors").keys() == WEIGHTS.keys()


def test_another_mistake_is_told_before_anything_is_downloaded(remote, hub):
    graph = json.loads((remote.folder / "g.loom").read_text())
    graph["nodes"]["edit"] = {"operation": "apply"}
    wires = [{"from": "model.checkpoint", "to": "edit.base"}, {"from": "edit.checkpoint", "to": "out.checkpoint"}]
    remote.write("g.loom", {**graph, "wires": wires})
    answer = remote.run()
    assert answer.status == 1
    assert "[edit.vector]" in answer.err
    assert "Downloading" not in answer.err


def test_a_hub_that_can_t_be_reached_stops_the_run(remote, hub, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    forget_listings()
    remote.refuse(said=["org/model"], status=1)
