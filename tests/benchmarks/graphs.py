"""The graphs that are measured, as `.loom` documents beside the checkpoints they name."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.benchmarks.made_checkpoints import TUNED

STRENGTH = 0.3
DENSITY = 0.2
DROP = 0.5
Nodes = Mapping[str, Mapping[str, object]]
Wires = Sequence[tuple[str, str]]


def write_linear(folder: Path, sources: Sequence[str] = ("base", *TUNED)) -> Path:
    """Write base + 0.3·(τ₁ + τ₂ + τ₃)."""
    nodes, wires = _vectors(sources)
    wires = [*wires, *((f"{vector}.vector", "merge.vectors") for vector in _names(sources))]
    return _write(folder / "linear.loom", *_apply({**nodes, "merge": _node("add")}, wires, STRENGTH))


def write_ties(folder: Path) -> Path:
    """Write base + TIES(τ₁, τ₂, τ₃) with thresholds per tensor, as mergekit has them."""
    sources = ("base", *TUNED)
    nodes, wires = _vectors(sources)
    wires = [*wires, *((f"{vector}.vector", "merge.vectors") for vector in _names(sources))]
    return _write(folder / "ties.loom", *_apply({**nodes, "merge": _node("ties", density=DENSITY, scope="tensor")}, wires, 1))


def write_dare(folder: Path, rescale: str) -> Path:
    """Write base + 0.3·(DARE(τ₁) + DARE(τ₂) + DARE(τ₃))."""
    sources = ("base", *TUNED)
    nodes, wires = _vectors(sources)
    thinned = {f"thin_{name}": _node("dare", drop=DROP, seed=number, rescale=rescale) for number, name in enumerate(_names(sources))}
    wires = [*wires, *((f"{name}.vector", f"thin_{name}.vector") for name in _names(sources))]
    wires += [(f"{name}.vector", "merge.vectors") for name in thinned]
    return _write(folder / f"dare_{rescale}.loom", *_apply({**nodes, **thinned, "merge": _node("add")}, wires, STRENGTH))


def _names(sources: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"vector_{number}" for number in range(1, len(sources)))


def _vectors(sources: Sequence[str]) -> tuple[Nodes, Wires]:
    """Return checkpoints of the sources, the first the base, and a task vector for each of the others."""
    checkpoints = {f"source_{number}": _node("checkpoint", source=source) for number, source in enumerate(sources)}
    wires: list[tuple[str, str]] = []
    for number, name in enumerate(_names(sources), start=1):
        wires += [(f"source_{number}.checkpoint", f"{name}.tuned"), ("source_0.checkpoint", f"{name}.base")]
    return checkpoints | {name: _node("task_vector") for name in _names(sources)}, wires


def _apply(nodes: Nodes, wires: Wires, strength: float) -> tuple[Nodes, Wires]:
    """Return the graph with what `merge` gives applied to the base and exported."""
    ends = {"apply": _node("apply", strength=strength), "out": _node("export_checkpoint", folder="out")}
    last = [("source_0.checkpoint", "apply.base"), ("merge.vector", "apply.vector"), ("apply.checkpoint", "out.checkpoint")]
    return {**nodes, **ends}, [*wires, *last]


def _node(operation: str, **parameters: object) -> Mapping[str, object]:
    return {"operation": operation, "parameters": parameters}


def _write(path: Path, nodes: Nodes, wires: Wires) -> Path:
    joined = [{"from": source, "to": sink} for source, sink in wires]
    path.write_text(json.dumps({"format": "weightloom/1", "title": path.stem, "nodes": nodes, "wires": joined}))
    return path
