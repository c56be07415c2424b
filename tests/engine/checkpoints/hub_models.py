"""Models that the tests' Hub holds, and the real client set up to ask there."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Generator
from pathlib import Path

import huggingface_hub
import pytest
import torch
from huggingface_hub import constants
from safetensors.torch import save

from engine.checkpoints import hub_download
from engine.checkpoints.hub_listing import _list_files
from tests.engine.checkpoints.hub_server import HubServer, Repository

MODEL = "org/model"
SOURCE = f"hub:{MODEL}"
WEIGHTS = {"a": torch.arange(300_000, dtype=torch.float32), "b": torch.ones(7, 3, dtype=torch.bfloat16)}
COMPANIONS = {"config.json": b'{"model_type": "none"}', "tokenizer.json": b"{}", "vocab.txt": b"a\nb\n"}
IGNORED = {"README.md": b"# Model", "optimizer.pt": b"none", "onnx/model.onnx": b"none", "modeling.py": b"raise SystemExit"}


def never() -> bool:
    return False


def shard(count: int) -> dict[str, bytes]:
    """Return a model of `count` shards with a tensor of 400,000 bytes each."""
    names = [f"model-{number:05}-of-{count:05}.safetensors" for number in range(1, count + 1)]
    shards = {name: save({f"w{number}": torch.full((100_000,), float(number))}) for number, name in enumerate(names)}
    index = {"metadata": {}, "weight_map": {f"w{number}": name for number, name in enumerate(names)}}
    return {**COMPANIONS, **shards, "model.safetensors.index.json": json.dumps(index).encode()}


@contextlib.contextmanager
def serve_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[HubServer]:
    """Serve one model, and let the client ask there and keep what it gets in a fresh cache."""
    with HubServer() as server:
        server.repositories[MODEL] = Repository({**COMPANIONS, **IGNORED, "model.safetensors": save(WEIGHTS, {"format": "pt"})})
        monkeypatch.setattr(constants, "ENDPOINT", server.url)
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", server.url + "/{repo_id}/resolve/{revision}/{filename}")
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
        monkeypatch.setattr(hub_download, "FIRST_PAUSE_SECONDS", 0.05)
        forget_listings()
        yield server
    huggingface_hub.close_session()


def forget_listings() -> None:
    """Do as a new process would."""
    _list_files.cache_clear()
