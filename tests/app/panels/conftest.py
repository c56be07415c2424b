"""A session with a small graph, for the panels."""

import pytest

from app.session import Session
from engine.document.edits import add_node, connect
from engine.document.model import Document, Node, NodeId, PortRef, Wire


def make_wire(source, target):
    return Wire(PortRef.parse(source), PortRef.parse(target))


@pytest.fixture
def graph():
    nodes = {
        "base": Node("checkpoint", {"source": "base"}, "Base", (0, 0)),
        "a": Node("checkpoint", {"source": "a"}, "plain 0–4", (0, 100)),
        "b": Node("checkpoint", {"source": "b"}, "striped 0–4", (0, 200)),
        "tau-a": Node("task_vector", position=(200, 100)),
        "tau-b": Node("task_vector", position=(200, 200)),
        "analogy": Node("analogy", position=(400, 100)),
        "apply": Node("apply", {"strength": 0.4}, position=(600, 100)),
        "export": Node("export_checkpoint", {"folder": "out"}, position=(800, 100)),
    }
    wires = [
        make_wire("a.checkpoint", "tau-a.tuned"),
        make_wire("base.checkpoint", "tau-a.base"),
        make_wire("b.checkpoint", "tau-b.tuned"),
        make_wire("base.checkpoint", "tau-b.base"),
        make_wire("tau-a.vector", "analogy.a"),
        make_wire("tau-b.vector", "analogy.b"),
        make_wire("analogy.vector", "apply.vector"),
        make_wire("base.checkpoint", "apply.base"),
        make_wire("apply.checkpoint", "export.checkpoint"),
    ]
    return Document("Test", {NodeId(name): node for name, node in nodes.items()}, tuple(wires))


@pytest.fixture
def session(qtbot, graph):
    made = Session()
    made.new(graph)
    yield made
    made.close()


@pytest.fixture
def searched(session):
    """The graph with a search beside its Apply, over the same analogy."""

    def add(document):
        document = add_node(document, NodeId("search"), Node("strength_search", label="Best strength", position=(600, 300)))
        for source, port in (("base.checkpoint", "base"), ("analogy.vector", "vectors")):
            document = connect(document, Wire(PortRef.parse(source), PortRef(NodeId("search"), port)))
        return document

    session.apply("search", add)
    return session
