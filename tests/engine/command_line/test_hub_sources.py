"""A run from the command line whose model is on the Hub only: it is downloaded first, and only where nothing else stops the run."""

from __future__ import annotations

import json

import pytest
import torch
from huggingface_hub import constants
from safetensors.torch import load_file

from tests.engine.checkpoints.hub_models import COMPANIONS, MODEL, SOURCE, WEIGHTS, forget_listings, serve_model
from tests.engine.checkpoints.hub_server import Repository


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


@pytest.fixture
def pickled(hub, tmp_path_factory):
    """Let the Hub's model be a pickle, whose tensors can't be listed before it is here."""
    path = tmp_path_factory.mktemp("pickled") / "pytorch_model.bin"
    torch.save(WEIGHTS, path)
    hub.repositories[MODEL] = Repository({**COMPANIONS, path.name: path.read_bytes()})
    forget_listings()
    return hub


def test_what_is_on_the_hub_is_downloaded_and_run(remote, hub):
    answer = remote.run()
    assert answer.status == 0, answer.err
    assert load_file(remote.folder / "out/model.safetensors").keys() == WEIGHTS.keys()


def test_a_pickle_on_the_hub_is_downloaded_before_it_is_planned(remote, pickled):
    assert remote.call("check", remote.folder / "g.loom").status == 1
    answer = remote.run()
    assert answer.status == 0, answer.err
    assert "Downloading" in answer.err
    assert load_file(remote.folder / "out/model.safetensors").keys() == WEIGHTS.keys()


def test_another_mistake_is_told_before_anything_is_downloaded(remote, pickled):
    graph = json.loads((remote.folder / "g.loom").read_text())
    graph["nodes"]["edit"] = {"operation": "apply"}
    wires = [{"from": "model.checkpoint", "to": "edit.base"}, {"from": "edit.checkpoint", "to": "out.checkpoint"}]
    remote.write("g.loom", {**graph, "wires": wires})
    answer = remote.run()
    assert answer.status == 1
    assert "[edit.vector]" in answer.err
    assert not [path for method, path, _ in pickled.requests if method == "GET" and path.endswith(".bin")]


def test_a_hub_that_can_t_be_reached_stops_the_run(remote, hub, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    forget_listings()
    remote.refuse(said=["org/model"], status=1)
