"""A bench with a family of tiny checkpoints, and graphs written as lines: `name = operation port=node,node parameter:value`."""

# Rebuilt from its uses in test_laws.py: the first version was overwritten by mistake before it was committed.

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from engine import RunOptions, check, run
from engine.document.storage import parse_document

SHAPES = {
    "model.embed_tokens.weight": (300, 40),
    "model.layers.0.mlp.up_proj.weight": (700, 300),
    "model.layers.1.self_attn.q_proj.weight": (90, 70),
    "model.norm.weight": (40,),
}


class Bench:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @staticmethod
    def make_model(seed, dtype=torch.bfloat16):
        generator = torch.Generator().manual_seed(seed)
        model = {name: torch.randn(shape, generator=generator, dtype=torch.float64).to(dtype) for name, shape in SHAPES.items()}
        return {**model, "steps": torch.arange(5)}

    @staticmethod
    def move(model, seed):
        """Return the model with a small random step added to its floats."""
        generator = torch.Generator().manual_seed(1000 + seed)
        moved = {}
        for name, value in model.items():
            if value.is_floating_point():
                step = 0.05 * torch.randn(value.shape, generator=generator, dtype=torch.float64)
                moved[name] = (value.double() + step).to(value.dtype)
            else:
                moved[name] = value
        return moved

    def save(self, name, model):
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        save_file({key: value.contiguous() for key, value in model.items()}, folder / "model.safetensors")

    def load(self, name):
        return load_file(self.folder / name / "model.safetensors")

    def read(self, name):
        return (self.folder / name / "model.safetensors").read_bytes()

    def read_bytes(self, name):
        """Return each tensor's bytes."""
        return {key: value.reshape(-1).view(torch.uint8).numpy().tobytes() for key, value in self.load(name).items()}

    def plan(self, lines, options=None, **settings):
        document = parse_document(json.dumps(read_lines(lines, settings)))
        verdict = check(document, self.folder, RunOptions(**(options or {})))
        assert verdict.plan is not None, "\n".join(map(str, verdict.problems))
        return verdict.plan

    def run(self, lines, options=None, **settings):
        return run(self.plan(lines, options, **settings))


def read_lines(lines, settings):
    """Return the document that the lines draw; `!name` is muted, `port=a,b` wires, `parameter:value` is JSON, else text."""
    nodes, wires = {}, []
    for line in filter(None, map(str.strip, lines.splitlines())):
        name, _, rest = line.partition(" = ")
        operation, *words = rest.split()
        node = {"operation": operation, "parameters": {}, "muted": name.startswith("!")}
        nodes[name.lstrip("!")] = node
        for word in words:
            sign = min((place, mark) for mark in "=:" if (place := word.find(mark)) >= 0)[1]
            key, _, value = word.partition(sign)
            if sign == ":":
                node["parameters"][key] = read_value(value)
            else:
                wires += [(source, f"{name.lstrip('!')}.{key}") for source in value.split(",")]
    return {"format": "weightloom/1", "nodes": nodes, "wires": join(nodes, wires), "settings": settings}


def join(nodes, wires):
    from engine.catalogue import catalogue

    known = catalogue()
    return [{"from": f"{source}.{known[nodes[source]['operation']].outputs[0]}", "to": target} for source, target in wires]


def read_value(text):
    try:
        return json.loads(text)
    except ValueError:
        return text


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


@pytest.fixture
def family(bench):
    """Save a base and three models tuned from it; return their tensors."""
    base = bench.make_model(0)
    models = {"base": base, **{name: bench.move(base, number) for number, name in enumerate("abc", 1)}}
    for name, model in models.items():
        bench.save(name, model)
    return models
