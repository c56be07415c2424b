"""A series that is compared step by step is told as a path, with the vectors it is made of."""

import json

from engine import check
from engine.document.edits import set_label
from engine.document.model import Document, Node, NodeId, PortRef, Wire
from engine.execution.stop import Stop
from engine.report.publish import run_plan
from engine.resources import resource_path

MODELS = resource_path("sample/models")
WIRES = (
    "way.checkpoint tau.tuned, base.checkpoint tau.base, dots.checkpoint other.tuned, base.checkpoint other.base, "
    "other.vector similarity.vectors, tau.vector similarity.vectors, similarity.metrics out.metrics, other.vector out.vector"
)


def make_document():
    nodes = {
        "base": Node("checkpoint", {"source": str(MODELS / "base")}),
        "way": Node("series", {"source": str(MODELS / "diag-series")}),
        "dots": Node("checkpoint", {"source": str(MODELS / "dots")}),
        "tau": Node("task_vector", label="Stripes"),
        "other": Node("task_vector", label="Dots"),
        "similarity": Node("similarity"),
        "out": Node("export_vector", {"folder": "out"}),
    }
    wires = tuple(Wire(*map(PortRef.parse, wire.split())) for wire in WIRES.split(", "))
    return Document("Way", {NodeId(name): node for name, node in nodes.items()}, wires)


def label_rates(document, **labels):
    for node, label in labels.items():
        document = set_label(document, NodeId(node), label)
    return document


def test_vectors_of_labelled_checkpoints_are_in_the_order_of_their_learning_rates(tmp_path):
    document = label_rates(make_document(), way="stripes lr 1e-3", dots="dots lr 1e-4", base="base lr 1e-5")
    run_plan(check(document, tmp_path).plan, lambda _event: None, Stop())
    (record,) = json.loads((tmp_path / "out" / "report.json").read_text())["similarities"]
    _, rates = record["paths"]
    assert rates == {"name": "", "vectors": [0, 5], "steps": [0.0001, 0.001], "quantity": "learning rate"}
    assert "Learning rates" in (tmp_path / "out" / "report.html").read_text()


def test_the_steps_of_a_series_are_one_path(tmp_path):
    verdict = check(make_document(), tmp_path)
    run_plan(verdict.plan, lambda _event: None, Stop())
    (record,) = json.loads((tmp_path / "out" / "report.json").read_text())["similarities"]
    assert record["paths"] == [{"name": "Stripes", "vectors": [1, 2, 3, 4, 5], "steps": [10, 25, 50, 75, 100], "quantity": "step"}]
    assert [row[-1] for row in record["cosine"][1:]] == sorted(row[-1] for row in record["cosine"][1:])
    assert record["parallelograms"] == []
    page = (tmp_path / "out" / "report.html").read_text()
    assert "The way of the training" in page
    assert "Weight map" in page
