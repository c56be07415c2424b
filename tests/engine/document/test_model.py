import copy
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.document.json_values import FrozenMapping
from engine.document.model import Document, Frame, Node, NodeId, Note, PortRef, Settings, Wire, parse_node_id
from engine.errors import DocumentError

A, B = NodeId("a"), NodeId("b")


def join(source, target):
    return Wire(PortRef.parse(source), PortRef.parse(target))


@given(st.data())
def test_a_document_is_a_value(documents, data):
    document = data.draw(documents)
    for twin in (copy.deepcopy(document), pickle.loads(pickle.dumps(document))):
        assert twin == document
        assert hash(twin) == hash(document)


def test_what_was_given_can_change_without_the_document():
    parameters = {"weights": [1, 2], "more": {"deep": [3]}}
    node = Node("add", parameters)
    parameters["weights"].append(9)
    parameters["more"]["deep"].append(9)
    assert node.parameters == {"weights": (1, 2), "more": {"deep": (3,)}}


def test_nothing_inside_can_be_changed():
    node = Node("add", {"more": {"deep": [3]}})
    for mapping in (node.parameters, node.parameters["more"], node.unknown, Document().nodes):
        with pytest.raises(TypeError):
            mapping["x"] = 1
        with pytest.raises(AttributeError):
            mapping.entries = {}


def test_mappings_iterate_sorted_whatever_the_order_they_came_in():
    assert list(FrozenMapping({"b": 1, "a": 2})) == ["a", "b"]
    assert list(Document(nodes={B: Node("x"), A: Node("x")}).nodes) == [A, B]


def test_wires_are_found_by_node_and_port_in_the_order_of_the_list():
    wires = (join("b.out", "a.vectors"), join("a.out", "b.base"), join("c.out", "a.vectors"), join("b.out", "a.base"))
    document = Document(wires=wires)
    assert document.wires_into(A, "vectors") == (wires[0], wires[2])
    assert document.wires_into(A) == (wires[0], wires[2], wires[3])
    assert document.wires_from(B) == (wires[0], wires[3])
    assert document.wires_from(A, "out") == (wires[1],)
    assert document.wires_into(NodeId("z")) == ()


@pytest.mark.parametrize("text", ["", "A", "a.b", "a b", "ä", "a\n", "²"])
def test_node_ids_are_small_letters_digits_underscores_and_dashes(text):
    with pytest.raises(DocumentError, match="no node id"):
        parse_node_id(text)
    with pytest.raises(DocumentError):
        Document(nodes={NodeId(text): Node("x")})


@pytest.mark.parametrize("text", ["", "tau", "tau.", ".vector", "Tau.vector"])
def test_port_refs_need_a_node_and_a_port(text):
    with pytest.raises(DocumentError):
        PortRef.parse(text)


def test_port_refs_read_what_they_spell():
    assert str(PortRef.parse("tau.vector")) == "tau.vector"
    assert PortRef.parse("a.b.c") == PortRef(A, "b.c")


def test_the_title_of_a_node_is_its_label_or_its_operation():
    assert Node("apply", label="Edit").title == "Edit"
    assert Node("apply", label="").title == Node("apply").title == "apply"


def test_settings_have_defaults_and_tell_choices_they_do_not_know():
    assert (Settings().precision, Settings().non_finite, Settings().misfit) == ("float32", "stop", "stop")
    settings = Settings({"precision": "float16", "misfit": "keep_base", "later": 1})
    assert settings.misfit == "keep_base"
    assert settings.unknown_choices() == {"precision": "float16"}
    with pytest.raises(DocumentError, match=r"settings\.misfit"):
        Settings({"misfit": 3})


@pytest.mark.parametrize(
    "make",
    [
        lambda: Node("x", {"a": float("nan")}),
        lambda: Node("x", {"a": object()}),
        lambda: Node("x", {1: 2}),
        lambda: Node("x", {"a": 10**400}),
        lambda: Node("\ud800"),
        lambda: Node("x", label="\udfff"),
        lambda: Node("x", position=(0, float("inf"))),
        lambda: Node("x", unknown={"operation": "y"}),
        lambda: Node("x", unknown={"parameters": {"a": 1}}),
        lambda: Node("x", unknown={"muted": False}),
        lambda: Frame(""),
        lambda: Frame("f", nodes=(NodeId("A"),)),
        lambda: Note("n", rect=(0, 0, float("nan"), 0)),
        lambda: Document(frames=(Frame("f"), Frame("f"))),
        lambda: Document(unknown={"format": "weightloom/1"}),
    ],
)
def test_what_a_file_could_not_hold_is_refused(make):
    with pytest.raises(DocumentError):
        make()


def test_deep_nesting_is_refused_before_the_interpreter_gives_up():
    value = []
    for _ in range(5000):
        value = [value]
    with pytest.raises(DocumentError, match="deeper than 100"):
        Node("x", {"a": value})
