"""A branch is a node and all it depends on, and nothing else."""

import pytest

from engine.document.branches import keep_branch
from engine.document.model import Document, Frame, Node, NodeId, PortRef, Wire
from engine.errors import DocumentError


def wire(source, target):
    return Wire(PortRef.parse(source), PortRef.parse(target))


@pytest.fixture
def document():
    names = ("base", "tuned", "tau", "edit", "out", "other")
    return Document(
        "Two ends",
        {NodeId(name): Node(name) for name in names},
        (
            wire("tuned.checkpoint", "tau.tuned"), wire("base.checkpoint", "tau.base"), wire("tau.vector", "edit.vector"),
            wire("base.checkpoint", "edit.base"), wire("edit.checkpoint", "out.checkpoint"), wire("tau.vector", "other.vectors"),
        ),
        frames=(Frame("f", nodes=(NodeId("tau"), NodeId("other"))),),
    )  # fmt: skip


def test_branch_is_what_the_node_depends_on(document):
    branch = keep_branch(document, NodeId("other"))
    assert set(branch.nodes) == {"base", "tuned", "tau", "other"}
    assert [str(wire.target) for wire in branch.wires] == ["tau.tuned", "tau.base", "other.vectors"]
    assert branch.title == document.title


def test_last_node_of_all_keeps_its_whole_side(document):
    assert set(keep_branch(document, NodeId("out")).nodes) == set(document.nodes) - {"other"}


def test_frames_lose_what_is_not_in_the_branch(document):
    assert keep_branch(document, NodeId("out")).frames[0].nodes == ("tau",)


def test_node_without_wires_is_alone(document):
    assert set(keep_branch(document, NodeId("base")).nodes) == {"base"}


def test_knot_is_no_endless_walk():
    nodes = {NodeId("a"): Node("scale"), NodeId("b"): Node("scale")}
    knot = Document(nodes=nodes, wires=(wire("a.vector", "b.vector"), wire("b.vector", "a.vector")))
    assert keep_branch(knot, NodeId("a")) == knot


def test_missing_node_is_refused(document):
    with pytest.raises(DocumentError, match="no such node"):
        keep_branch(document, NodeId("gone"))
