"""Files dropped on the canvas of the window: what becomes of each, and what is asked first."""

import numpy as np
import pytest
from PySide6.QtWidgets import QMessageBox
from safetensors.numpy import save_file

from app.canvas.connection import PortEnd
from app.canvas.wishes import FileDrop
from engine.document.model import Document, Node, NodeId, PortRef, Wire
from engine.document.storage import save_document


@pytest.fixture
def window(answers, dark, make_window):
    return make_window()


@pytest.fixture
def bench(window, small_graph):
    window.session.new(small_graph)
    return window.open_workbench()


def test_dropped_files_become_their_nodes(window, bench, tmp_path):
    (tmp_path / "examples.csv").write_text("text,label\na,1\n")
    (tmp_path / "odd.xyz").write_text("?")
    window.links.drops.take(FileDrop((tmp_path / "examples.csv", tmp_path / "odd.xyz"), (0.0, 0.0)))
    node = window.session.document.nodes[NodeId("test_set")]
    assert (node.parameters["source"], node.label) == (str(tmp_path / "examples.csv"), "examples")
    assert "odd.xyz" in bench.status.currentMessage()
    assert bench.scene.selected_ids == ("test_set",)


def test_a_checkpoint_file_dropped_on_a_role_plays_it_in_one_step(window, bench, tmp_path):
    """The base is what the graph's other task vectors count from."""
    (tmp_path / "striped.safetensors").write_bytes((8).to_bytes(8, "little") + b"{}      ")
    nodes = {"base": Node("checkpoint", {"source": "b"}), "tuned": Node("checkpoint"), "tau": Node("task_vector"), "like": Node("analogy")}
    wires = (("base.checkpoint", "tau.base"), ("tuned.checkpoint", "tau.tuned"), ("tau.vector", "like.a"))
    made = tuple(Wire(PortRef.parse(source), PortRef.parse(target)) for source, target in wires)
    before = Document(nodes={NodeId(name): node for name, node in nodes.items()}, wires=made)
    window.session.new(before)
    role = PortEnd(PortRef(NodeId("like"), "b"), is_output=False)
    window.links.drops.take(FileDrop((tmp_path / "striped.safetensors",), (0.0, 300.0), role))
    after = {(str(wire.source), str(wire.target)) for wire in window.session.document.wires} - set(wires)
    assert after == {
        ("checkpoint.checkpoint", "task_vector.tuned"),
        ("base.checkpoint", "task_vector.base"),
        ("task_vector.vector", "like.b"),
    }
    assert window.session.document.nodes[NodeId("checkpoint")].label == "striped"
    window.session.undo_stack.undo()
    assert window.session.document == before


def save_pair(folder):
    """Save a base, a model of other tensors and an adapter of the base."""
    for name, tensor in (("base", "h.0.weight"), ("other", "x.0.weight")):
        (folder / name).mkdir()
        save_file({tensor: np.zeros((8, 6), np.float32)}, folder / name / "model.safetensors")
    adapter = folder / "pirate"
    adapter.mkdir()
    factors = {"A": np.ones((2, 6), np.float32), "B": np.ones((8, 2), np.float32)}
    named = {f"base_model.model.h.0.lora_{part}.weight": value for part, value in factors.items()}
    save_file(named, adapter / "adapter_model.safetensors")
    (adapter / "adapter_config.json").write_text('{"r": 2, "lora_alpha": 4}')
    return adapter


def test_a_dropped_adapter_is_joined_to_the_one_checkpoint_it_fits(window, bench, tmp_path):
    adapter = save_pair(tmp_path)
    nodes = {NodeId(name): Node("checkpoint", {"source": str(tmp_path / name)}) for name in ("base", "other")}
    window.session.new(Document(nodes=nodes))
    window.links.drops.take(FileDrop((adapter,), (0.0, 0.0)))
    document = window.session.document
    node = document.nodes[NodeId("lora_adapter")]
    assert (node.parameters["source"], node.label) == (str(adapter), "pirate")
    assert [(str(wire.source), str(wire.target)) for wire in document.wires] == [("base.checkpoint", "lora_adapter.base")]


def test_of_several_checkpoints_that_it_fits_an_adapter_takes_the_graphs_base(window, bench, tmp_path):
    adapter = save_pair(tmp_path)
    nodes = {NodeId(name): Node("checkpoint", {"source": str(tmp_path / "base")}) for name in ("a", "b")}
    window.session.new(Document(nodes=nodes))
    window.links.drops.take(FileDrop((adapter,), (0.0, 0.0)))
    assert not window.session.document.wires, "which of the two it is can't be known"
    wire = Wire(PortRef(NodeId("b"), "checkpoint"), PortRef(NodeId("tau"), "base"))
    window.session.new(Document(nodes={**nodes, NodeId("tau"): Node("task_vector")}, wires=(wire,)))
    window.links.drops.take(FileDrop((adapter,), (0.0, 0.0)))
    assert ("b.checkpoint", "lora_adapter.base") in {(str(wire.source), str(wire.target)) for wire in window.session.document.wires}


def save_training(folder):
    """Save a base, another model of its shapes, one of others, and a training of three steps."""
    for name in ("base", "other", "run/checkpoint-20", "run/checkpoint-5", "run/checkpoint-100"):
        (folder / name).mkdir(parents=True)
        save_file({"w": np.full((2, 3), float(len(name)), np.float32)}, folder / name / "model.safetensors")
    (folder / "odd").mkdir()
    save_file({"w": np.zeros((3, 3), np.float32)}, folder / "odd" / "model.safetensors")
    return folder / "run"


def joined_in(window):
    return {(str(wire.source), str(wire.target)) for wire in window.session.document.wires}


def test_a_dropped_training_gets_the_task_vector_that_makes_it_a_way(window, bench, tmp_path):
    training = save_training(tmp_path)
    before = Document(nodes={NodeId(name): Node("checkpoint", {"source": str(tmp_path / name)}) for name in ("base", "odd")})
    window.session.new(before)
    window.links.drops.take(FileDrop((training,), (0.0, 0.0)))
    assert joined_in(window) == {("series.checkpoint", "task_vector.tuned"), ("base.checkpoint", "task_vector.base")}
    assert bench.scene.selected_ids == ("series",)
    window.session.undo_stack.undo()
    assert window.session.document == before


def test_where_the_graph_tells_no_base_a_training_is_not_joined(window, bench, tmp_path):
    training = save_training(tmp_path)
    window.session.new(Document(nodes={NodeId(name): Node("checkpoint", {"source": str(tmp_path / name)}) for name in ("base", "other")}))
    window.links.drops.take(FileDrop((training,), (0.0, 0.0)))
    assert not window.session.document.wires, "which of the two it began from can't be known"
    window.session.new(Document(nodes={NodeId("odd"): Node("checkpoint", {"source": str(tmp_path / "odd")})}))
    window.links.drops.take(FileDrop((training,), (0.0, 0.0)))
    assert set(window.session.document.nodes) == {"odd", "series"}


def test_an_adapter_dropped_on_a_role_plays_it_in_one_step(window, bench, tmp_path):
    adapter = save_pair(tmp_path)
    before = Document(nodes={NodeId("base"): Node("checkpoint", {"source": str(tmp_path / "base")}), NodeId("like"): Node("analogy")})
    window.session.new(before)
    window.links.drops.take(FileDrop((adapter,), (0.0, 300.0), PortEnd(PortRef(NodeId("like"), "b"), is_output=False)))
    joined = {(str(wire.source), str(wire.target)) for wire in window.session.document.wires}
    assert joined == {("base.checkpoint", "lora_adapter.base"), ("lora_adapter.vector", "like.b")}
    window.session.undo_stack.undo()
    assert window.session.document == before


def test_a_dropped_graph_opens(window, file):
    window.open_workbench()
    window.links.drops.take(FileDrop((file,), (0.0, 0.0)))
    assert window.session.path == file


@pytest.mark.parametrize(("answer", "is_opened"), [("Yes", True), ("No", False)])
def test_an_export_dropped_on_a_graph_asks_whether_its_own_is_wanted(window, small_graph, answers, tmp_path, answer, is_opened):
    export = tmp_path / "export"
    export.mkdir()
    (export / "model.safetensors").write_bytes((8).to_bytes(8, "little") + b"{}      ")
    save_document(Document("Told by the export", {NodeId("x"): Node("checkpoint", {"source": "x"})}), export / "recipe.loom")
    window.session.new(small_graph)
    window.open_workbench()
    window.session.save(tmp_path / "saved.loom")
    answers.left = [QMessageBox.StandardButton[answer]]
    window.links.drops.take(FileDrop((export,), (0.0, 0.0)))
    assert answers.asked == ["An export of Weightloom"]
    document = window.session.document
    assert (document.title == "Told by the export") is is_opened
    added = [node.parameters["source"] for node in document.nodes.values() if node.label == "export"]
    assert added == ([] if is_opened else ["export"])
