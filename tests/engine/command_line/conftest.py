"""A folder with tiny checkpoints and a graph, and the command line to use them with."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from engine.cli import main

NAMES = ("embed.weight", "layers.0.mlp.weight", "norm.weight")


@dataclass(frozen=True)
class Answer:
    status: int
    out: str
    err: str

    @property
    def events(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.out.splitlines()]


class Workplace:
    """A folder, and what a user does in it."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capsys = capsys

    def save(self, name: str, tensors: Mapping[str, torch.Tensor], config: Mapping[str, object] | None = None) -> Path:
        folder = self.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        save_file(dict(tensors), folder / "model.safetensors")
        if config is not None:
            (folder / "config.json").write_text(json.dumps(config))
        return folder

    def save_pickled(self, name: str, content: object, *, is_zip: bool = True) -> Path:
        """Save a checkpoint folder with a pickle in place of what it held."""
        (self.folder / name / "model.safetensors").unlink(missing_ok=True)
        path = self.folder / name / "pytorch_model.bin"
        torch.save(content, path, _use_new_zipfile_serialization=is_zip)
        return path

    def save_pair(self) -> None:
        self.save("base", make_tensors(0))
        self.save("tuned", make_tensors(1))

    def write(self, name: str, content: Mapping[str, object] | str | bytes) -> Path:
        path = self.folder / name
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    def draw(self, **changes: object) -> Path:
        """Write the graph base + 0.5 · (tuned − base); `changes` replace its top-level keys."""
        return self.write("g.loom", {**difference_graph(), **changes})

    def call(self, *words: str | Path) -> Answer:
        self._capsys.readouterr()
        status = main([str(word) for word in words])
        shown = self._capsys.readouterr()
        return Answer(status, shown.out, shown.err)

    def run(self, *words: str | Path) -> Answer:
        return self.call("run", self.folder / "g.loom", *words)

    def refuse(self, *words: str | Path, status: int = 1, said: Sequence[str] = ()) -> list[str]:
        """Run the graph, which must fail with these words, in lines, without a traceback, and leave the folder as it was."""
        before = self.entries()
        answer = self.run(*words)
        assert answer.status == status, answer.err
        assert "Traceback" not in answer.err
        assert "bug" not in answer.err
        for word in said:
            assert word in answer.err
        problems = [line for line in answer.err.splitlines() if line.startswith("error:")]
        assert problems, answer.err
        assert self.entries() == before
        return problems

    def entries(self) -> list[str]:
        """Return everything below the folder, hidden stagings included."""
        return sorted(str(path.relative_to(self.folder)) for path in self.folder.rglob("*"))


def make_tensors(seed: int, dtype: torch.dtype = torch.float32, rows: int = 12) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    shapes = {"embed.weight": (rows, 8), "layers.0.mlp.weight": (16, 8), "norm.weight": (8,)}
    return {name: torch.randn(shape, generator=generator).to(dtype) for name, shape in shapes.items()}


def difference_graph() -> dict[str, object]:
    return {
        "format": "weightloom/1",
        "title": "Half way",
        "nodes": {
            "base": {"operation": "checkpoint", "parameters": {"source": "base"}, "label": "Base"},
            "tuned": {"operation": "checkpoint", "parameters": {"source": "tuned"}, "label": "Tuned"},
            "tau": {"operation": "task_vector", "label": "Skill"},
            "edit": {"operation": "apply", "parameters": {"strength": 0.5}},
            "out": {"operation": "export_checkpoint", "parameters": {"folder": "out"}},
        },
        "wires": [
            {"from": "tuned.checkpoint", "to": "tau.tuned"},
            {"from": "base.checkpoint", "to": "tau.base"},
            {"from": "tau.vector", "to": "edit.vector"},
            {"from": "base.checkpoint", "to": "edit.base"},
            {"from": "edit.checkpoint", "to": "out.checkpoint"},
        ],
    }


@pytest.fixture
def workplace(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Workplace:
    return Workplace(tmp_path, capsys)


@pytest.fixture
def pair(workplace: Workplace) -> Workplace:
    """A workplace with a base, a tuned model and the graph half way between them."""
    workplace.save_pair()
    workplace.draw()
    return workplace


@pytest.fixture
def tensors_of():
    """The function that makes a tiny model's tensors from a seed."""
    return make_tensors


@pytest.fixture
def tied() -> Callable[[Mapping[str, torch.Tensor]], dict[str, torch.Tensor]]:
    """The function that gives tensors GPT-like names: an embedding that ties the head."""
    return lambda tensors: {"transformer.wte.weight": tensors["embed.weight"], "norm.weight": tensors["norm.weight"]}


@pytest.fixture
def graph():
    """A fresh copy of the graph, to be changed."""
    return difference_graph()
