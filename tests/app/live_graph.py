"""Two skills of the sample, their sum and an edit by it; and a live view that follows a session."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from app.checking import Checker
from app.engine_thread import EngineThread
from app.live_facts import Fact
from app.live_view import LiveView
from app.session import Session
from engine.document.edits import add_node, connect
from engine.document.model import Document, Node, NodeId, PortRef, Wire
from engine.resources import resource_path

PATIENCE = 120_000
MODELS = resource_path("sample/models")
_NODES = {
    **{name: Node("checkpoint", {"source": str(MODELS / name)}, name) for name in ("base", "diag", "dots")},
    "tau": Node("task_vector", label="τ diag"),
    "tau2": Node("task_vector", label="τ dots"),
    "sum": Node("add", label="Sum"),
    "apply": Node("apply", {"strength": 0.5}, "Edit"),
}
_WIRES = (
    *("diag.checkpoint tau.tuned", "base.checkpoint tau.base", "dots.checkpoint tau2.tuned", "base.checkpoint tau2.base"),
    *("tau.vector sum.vectors", "tau2.vector sum.vectors", "base.checkpoint apply.base", "sum.vector apply.vector"),
)


def draw_sum(more: dict[str, Node] | None = None, *wires: str) -> Document:
    """Draw the graph, with more nodes or other ones in their place, and wires such as `tau.vector sum.vectors`."""
    joined = tuple(Wire(*map(PortRef.parse, wire.split())) for wire in (*_WIRES, *wires))
    return Document("Sum", {NodeId(name): node for name, node in {**_NODES, **(more or {})}.items()}, joined)


def draw_tests(document: Document) -> Document:
    """Give every search that has none the data to try strengths on."""
    source = str(resource_path("sample/data/dots-validation.npz"))
    waiting = [
        each for each, node in document.nodes.items() if node.operation == "strength_search" and not document.wires_into(each, "targets")
    ]
    if waiting:
        document = add_node(document, NodeId("validation"), Node("test_set", {"source": source, "split": "validation"}, "Dots"))
    for search in waiting:
        document = connect(document, Wire(PortRef(NodeId("validation"), "test_set"), PortRef(search, "targets")))
    return document


@contextmanager
def follow_session(engine: EngineThread) -> Iterator[LiveView]:
    """Give a live view that knows its session and its checker."""
    session = Session()
    checker = Checker(session, engine)
    live = LiveView(session, checker, engine)
    live.session, live.checker = session, checker
    yield live
    live.switch(is_on=False)
    session.close()
    for one in (live, checker, session):
        one.deleteLater()


def by_name(facts: Iterable[Fact]) -> dict[str, str]:
    """Return the figures of facts by their names."""
    return {fact.name: fact.figure for fact in facts}
