"""The roles of an analogy are told by name, and chosen by checkpoint."""

import pytest

from app.analogy_roles import Role, find_searches, find_strengths, list_candidates, play_role, read_roles, say_analogy
from app.templates import BY_ID, load_template
from engine.document.edits import remove_nodes
from engine.document.model import Document, Node, NodeId, PortRef, Wire

ANALOGY = NodeId("analogy")
DOCUMENT = load_template(BY_ID["analogy"])


def test_roles_are_named_after_the_checkpoints_behind_the_task_vectors():
    roles = read_roles(DOCUMENT, ANALOGY)
    assert [role.name for role in roles] == ["A: plain 0–4", "B: striped 0–4", "C: plain 5–9", "D: striped 5–9 (the answer)"]
    assert say_analogy(roles) == "plain 0–4 is to striped 0–4 as plain 5–9 is to striped 5–9 (the answer)"


def test_an_empty_role_keeps_its_letter_and_the_answer_is_asked_for():
    document = remove_nodes(DOCUMENT, [NodeId("tau-a"), NodeId("tau-d")])
    assert say_analogy(read_roles(document, ANALOGY)) == "A is to striped 0–4 as plain 5–9 is to ?"


def test_the_slider_and_the_search_of_its_strength_are_found():
    assert find_searches(DOCUMENT, ANALOGY) == ("search",)
    assert find_strengths(DOCUMENT, ANALOGY) == ("apply",)


def test_candidates_are_sources_and_not_the_base():
    nodes = {ref.node for ref in list_candidates(DOCUMENT, ANALOGY, "a")}
    assert {"plain-low", "diag-low", "plain-high", "diag-high"} <= nodes
    assert not nodes & {"base", "search", "tau-a"}


def test_a_checkpoint_that_has_a_task_vector_plays_by_it():
    after = play_role(DOCUMENT, ANALOGY, "a", PortRef(NodeId("plain-high"), "checkpoint"))
    assert [str(wire.source) for wire in after.wires_into(ANALOGY, "a")] == ["tau-c.vector"]
    assert len(after.nodes) == len(DOCUMENT.nodes)


def test_a_checkpoint_without_one_gets_it_with_the_common_base():
    document = remove_nodes(DOCUMENT, [NodeId("tau-a")])
    after = play_role(document, ANALOGY, "a", PortRef(NodeId("plain-low"), "checkpoint"))
    (wire,) = after.wires_into(ANALOGY, "a")
    made = wire.source.node
    assert [str(one.source) for one in after.wires_into(made)] == ["plain-low.checkpoint", "base.checkpoint"]


def test_a_circle_of_vectors_is_followed_once():
    nodes = {"like": Node("analogy"), "sum": Node("add"), "half": Node("scale"), "apply": Node("apply")}
    pairs = ("like.vector sum.vectors", "sum.vector half.vector", "half.vector sum.vectors", "half.vector apply.vector")
    wires = tuple(Wire(*map(PortRef.parse, pair.split())) for pair in pairs)
    document = Document(nodes={NodeId(name): node for name, node in nodes.items()}, wires=wires)
    assert find_strengths(document, NodeId("like")) == ("apply",)


@pytest.mark.parametrize(
    ("name", "wanted"), [("A: plain 0–4", "plain 0–4"), ("Model: plain", "Model: plain"), ("A:", "A:"), ("plain", "plain"), ("", "")]
)
def test_a_role_does_not_say_its_letter_twice(name, wanted):
    assert Role("a", name, None).short_name == wanted
