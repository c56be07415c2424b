"""The graph half way between two checkpoints, and the checkpoints."""

from __future__ import annotations

import json

import torch
from safetensors.torch import save_file

from engine.document.storage import parse_document


def save_checkpoints(folder):
    """Write three tiny checkpoints and two large enough that a run in small pieces takes seconds."""
    for number, (name, rows) in enumerate({"base": 4, "tuned": 4, "misfit": 5, "large_base": 2000, "large_tuned": 2000}.items()):
        generator = torch.Generator().manual_seed(number)
        (folder / name).mkdir()
        save_file({"layers.0.w": torch.randn(rows, 1000, generator=generator)}, folder / name / "model.safetensors")
    return folder


def draw(base="base", tuned="tuned"):
    """Draw base + 0.5 · trim(tuned − base), written twice: as it is, and scaled."""
    return parse_document(
        json.dumps(
            {
                "format": "weightloom/1",
                "title": "Half way",
                "nodes": {
                    "base": {"operation": "checkpoint", "parameters": {"source": base}},
                    "tuned": {"operation": "checkpoint", "parameters": {"source": tuned}},
                    "tau": {"operation": "task_vector"},
                    "trim": {"operation": "trim", "parameters": {"density": 0.2}},
                    "edit": {"operation": "apply", "parameters": {"strength": 0.5}},
                    "out": {"operation": "export_checkpoint", "parameters": {"folder": "out"}},
                    "vector": {"operation": "export_vector", "parameters": {"folder": "vector"}},
                },
                "wires": [
                    {"from": "tuned.checkpoint", "to": "tau.tuned"},
                    {"from": "base.checkpoint", "to": "tau.base"},
                    {"from": "tau.vector", "to": "trim.vector"},
                    {"from": "trim.vector", "to": "edit.vector"},
                    {"from": "base.checkpoint", "to": "edit.base"},
                    {"from": "edit.checkpoint", "to": "out.checkpoint"},
                    {"from": "tau.vector", "to": "vector.vector"},
                ],
            }
        )
    )


def draw_large():
    return draw("large_base", "large_tuned")
