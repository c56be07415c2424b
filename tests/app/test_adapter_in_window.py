"""An adapter in the window: dropped, compared live, run, and told in its inspector."""

import json

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from app.canvas.wishes import FileDrop
from engine.document.edits import connect
from engine.document.model import Document, Node, NodeId, PortRef, Wire
from engine.resources import resource_path

PATIENCE = 120_000
MODELS = resource_path("sample/models")


def make_wire(text):
    source, target = text.split()
    return Wire(PortRef.parse(source), PortRef.parse(target))


@pytest.fixture
def adapter(tmp_path):
    """Save an adapter of the first two square matrices of the sample's base."""
    base = load_file(MODELS / "base" / "model.safetensors")
    layers = [name.removesuffix(".weight") for name, value in base.items() if value.ndim == 2 and value.shape[0] == value.shape[1]][:2]
    draw = np.random.default_rng(0)
    sides = {layer: base[f"{layer}.weight"].shape[0] for layer in layers}
    factors = {f"base_model.model.{layer}.lora_A.weight": draw.normal(size=(4, side)).astype(np.float32) for layer, side in sides.items()}
    factors |= {
        f"base_model.model.{layer}.lora_B.weight": draw.normal(0, 0.02, (side, 4)).astype(np.float32) for layer, side in sides.items()
    }
    folder = tmp_path / "pirate"
    folder.mkdir()
    save_file(factors, folder / "adapter_model.safetensors")
    (folder / "adapter_config.json").write_text(json.dumps({"peft_type": "LORA", "r": 4, "lora_alpha": 8}))
    return folder


@pytest.fixture
def window(make_window, tmp_path, dark):
    nodes = {
        **{name: Node("checkpoint", {"source": str(MODELS / name)}, position=(0, y)) for name, y in (("base", 0), ("diag", 168))},
        "tau": Node("task_vector", position=(264, 168)),
        "sum": Node("add", position=(528, 168)),
        "apply": Node("apply", {"strength": 0.5}, position=(792, 24)),
        "out": Node("export_checkpoint", {"folder": "exported", "dtype": "float32"}, position=(1056, 24)),
    }
    pairs = ["diag.checkpoint tau.tuned", "base.checkpoint tau.base", "tau.vector sum.vectors", "base.checkpoint apply.base"]
    pairs += ["sum.vector apply.vector", "apply.checkpoint out.checkpoint"]
    made = make_window()
    made.session.new(Document("Pirate", {NodeId(name): node for name, node in nodes.items()}, tuple(map(make_wire, pairs))))
    made.session.save(tmp_path / "pirate.loom")
    made.open_workbench()
    made.engine.start_worker()
    return made


def test_it_is_compared_live_run_and_told(window, adapter, qtbot, tmp_path):
    window.links.drops.take(FileDrop((adapter,), (264.0, 336.0)))
    node = NodeId("lora_adapter")
    window.session.apply("join", lambda document: connect(document, make_wire("lora_adapter.vector sum.vectors")))
    live = window.workbench.live
    qtbot.waitUntil(lambda: bool(live.families) and not live.is_measuring and node in live.families[0].space.rows, timeout=PATIENCE)
    view = live.families[0]
    rows = view.space.rows
    figures = view.figures
    assert figures.is_known[rows[node]]
    with qtbot.waitSignal(window.workbench.runs.ended, timeout=PATIENCE):
        window.declared_actions["run"].trigger()
    assert window.workbench.runs.current.ending == "done", window.workbench.runs.current.message
    base, made = (load_file(path / "model.safetensors") for path in (MODELS / "base", tmp_path / "exported"))
    edit = np.sqrt(sum(((made[name].astype(np.float64) - base[name]) ** 2).sum() for name in base))
    assert figures.norms[rows[NodeId("apply")]] == pytest.approx(edit, rel=1e-4)
    assert window.workbench.scene.mirror.nodes[node].card.subtitle == "rank 4, alpha 8"
