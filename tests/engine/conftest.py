"""A bench to build graphs on: real tiny checkpoints, documents from a few lines, checks and runs of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from engine.catalogue import catalogue
from engine.document.model import Document
from engine.document.storage import parse_document
from engine.planning.check import Verdict, check_document
from engine.planning.families import find_family_files
from engine.planning.kernel_graph import KernelGraph
from engine.planning.linear import Folding
from engine.planning.options import RunOptions
from engine.planning.plan import Plan
from engine.planning.resolve import Resolved, resolve_values
from engine.planning.structure import read_graph
from engine.planning.work import WorkPlanner

Tensors = dict[str, torch.Tensor]
SHAPES = {
    "model.embed_tokens.weight": (40, 16),
    "model.layers.0.mlp.up_proj.weight": (700, 300),  # several blocks
    "model.layers.1.self_attn.q_proj.weight": (16, 16),
    "model.norm.weight": (16,),
}


def read_graph_lines(lines: str, **settings: str) -> Document:
    """Return the document of lines such as `edit = apply base=base vector=tau strength:0.3`; a `!` before the name mutes the node.

    `port=node` is a wire (several, parted by commas, keep their order), `parameter:value` a parameter (JSON, else text).
    """
    nodes, wires = {}, []
    for line in filter(None, map(str.strip, lines.splitlines())):
        written, _, rest = (part.strip() for part in line.partition("="))
        name = written.lstrip("!")
        operation, *words = rest.split()
        nodes[name] = {"operation": operation, "parameters": {}, "label": name, "muted": written.startswith("!")}
        for word in words:
            sign = min((found, sign) for sign in "=:" if (found := word.find(sign)) > 0)[1]
            key, _, value = word.partition(sign)
            if sign == "=":
                wires += [{"from": _name_output(operation, key, source), "to": f"{name}.{key}"} for source in value.split(",")]
            else:
                nodes[name]["parameters"][key] = _read_value(value)
    return parse_document(json.dumps({"format": "weightloom/1", "nodes": nodes, "wires": wires, "settings": settings}))


def _name_output(operation: str, port: str, source: str) -> str:
    if "." in source:
        return source
    known = catalogue().get(operation)
    declared = known.input(port) if known else None
    return f"{source}.{declared.kind if declared else 'checkpoint'}"


def _read_value(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return text


@dataclass
class Bench:
    """Hold a folder with checkpoints, and run graphs in it."""

    folder: Path
    events: list[object] = field(default_factory=list)

    def save(self, name: str, tensors: Tensors, config: Mapping[str, object] | None = None) -> Path:
        """Write a checkpoint folder."""
        folder = self.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        save_file({key: value.contiguous() for key, value in tensors.items()}, folder / "model.safetensors")
        if config is not None:
            (folder / "config.json").write_text(json.dumps(config))
        return folder

    def save_adapter(self, name: str, factors: Mapping[str, tuple[torch.Tensor, torch.Tensor]], **config: object) -> Path:
        """Write a LoRA adapter as PEFT does, from A and B by layer; tensors that are trained whole come by `save`."""
        folder = self.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        parts = {(layer, part): value for layer, pair in factors.items() for part, value in zip("AB", pair, strict=True)}
        named = {f"base_model.model.{layer}.lora_{part}.weight": value.contiguous() for (layer, part), value in parts.items()}
        save_file(named, folder / "adapter_model.safetensors")
        settings = {"peft_type": "LORA", "r": 4, "lora_alpha": 8, "bias": "none", **config}
        (folder / "adapter_config.json").write_text(json.dumps(settings))
        return folder

    @staticmethod
    def make_factors(seed: int = 7, rank: int = 4, dtype: torch.dtype = torch.float32) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
        """Return A and B by layer for two of the model's matrices."""
        draw = torch.Generator().manual_seed(seed)
        layers = {layer: SHAPES[f"{layer}.weight"] for layer in ("model.layers.0.mlp.up_proj", "model.layers.1.self_attn.q_proj")}
        return {
            layer: (torch.randn(rank, columns, generator=draw).to(dtype), 0.05 * torch.randn(rows, rank, generator=draw).to(dtype))
            for layer, (rows, columns) in layers.items()
        }

    @staticmethod
    def make_model(seed: int, dtype: torch.dtype = torch.bfloat16) -> Tensors:
        """Return a small model's tensors of Gaussians, with an integer one."""
        draw = torch.Generator().manual_seed(seed)
        floats = {name: torch.randn(shape, generator=draw, dtype=torch.float64).to(dtype) for name, shape in SHAPES.items()}
        return {**floats, "steps": torch.arange(5)}

    @staticmethod
    def move(model: Tensors, seed: int, share: float = 0.05) -> Tensors:
        """Return a fine-tune of a model: its floats moved a little."""
        draw = torch.Generator().manual_seed(1000 + seed)

        def step(value: torch.Tensor) -> torch.Tensor:
            return (value.double() + share * torch.randn(value.shape, generator=draw, dtype=torch.float64)).to(value.dtype)

        return {name: step(value) if value.is_floating_point() else value for name, value in model.items()}

    def load(self, name: str) -> Tensors:
        """Return the tensors of a checkpoint folder."""
        return load_file(self.folder / name / "model.safetensors")

    def read(self, name: str) -> bytes:
        """Return the bytes of a checkpoint's file."""
        return (self.folder / name / "model.safetensors").read_bytes()

    def read_bytes(self, name: str) -> dict[str, bytes]:
        """Return the bytes of each tensor of a checkpoint folder."""
        return {key: value.reshape(-1).view(torch.uint8).numpy().tobytes() for key, value in self.load(name).items()}

    def document(self, lines: str, **settings: str) -> Document:
        """Return the document that the lines draw."""
        return read_graph_lines(lines, **settings)

    def resolve(self, lines: str, **settings: str) -> Resolved:
        """Return what of a graph is sound, whatever the rest lacks."""
        return self.resolve_document(self.document(lines, **settings))

    def resolve_document(self, document: Document) -> Resolved:
        """Return what of a document is sound."""
        return resolve_values(read_graph(document)[0], self.folder)[0]

    def kernel_graph(self, document: Document) -> KernelGraph:
        """Return a document with the kernels over its one family of checkpoints."""
        resolved = self.resolve_document(document)
        (files,) = find_family_files(resolved)
        return KernelGraph.of(document, self.folder, resolved, files)

    def planner(self, lines: str) -> WorkPlanner:
        """Return what lists the work on a graph, whatever the rest of it lacks."""
        resolved = self.resolve(lines)
        return WorkPlanner(resolved, Folding(resolved))

    def check(self, lines: str, options: Mapping[str, object] | None = None, **settings: str) -> Verdict:
        """Check a graph."""
        return check_document(read_graph_lines(lines, **settings), self.folder, self.options(options))

    def plan(self, lines: str, options: Mapping[str, object] | None = None, **settings: str) -> Plan:
        """Return the plan of a graph that nothing speaks against."""
        verdict = self.check(lines, options, **settings)
        assert verdict.plan is not None, "\n".join(map(str, verdict.problems))
        return verdict.plan

    def run(self, lines: str, options: Mapping[str, object] | None = None, **settings: str):
        """Run a graph; its events are kept."""
        return self.run_plan(self.plan(lines, options, **settings))

    def run_plan(self, plan: Plan, stop: object = None):
        """Run a plan; its events are kept."""
        from engine.execution.stop import Stop
        from engine.report.publish import run_plan

        self.events.clear()
        return run_plan(plan, self.events.append, stop or Stop())

    @staticmethod
    def options(changes: Mapping[str, object] | None = None) -> RunOptions:
        """Return options that wait for no disk and hash nothing unless told to."""
        return RunOptions(**{"device": "cpu", "flush": False, "fingerprints": False, "workers": 2, **(changes or {})})


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """Return an empty bench."""
    torch.set_num_threads(1)
    return Bench(tmp_path)


@pytest.fixture
def family(bench: Bench) -> dict[str, Tensors]:
    """Save a base and three fine-tunes (bfloat16) on the bench and return their tensors."""
    base = bench.make_model(0)
    models = {"base": base, **{name: bench.move(base, seed) for seed, name in enumerate("abc", start=1)}}
    for name, tensors in models.items():
        bench.save(name, tensors, {"model_type": "tiny"})
    return models
