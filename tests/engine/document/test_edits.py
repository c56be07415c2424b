"""Every edit leaves a document that a file can hold, and its inverse gives the old one back."""

from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from engine.document import canvas_edits, edits, fragments
from engine.document.model import SETTING_CHOICES, Document, Frame, Node, NodeId, Note, PortRef, Wire
from engine.document.storage import format_document, parse_document
from engine.errors import DocumentError

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
PLACES = st.tuples(st.integers(-999, 999), st.floats(-999, 999))
RECTS = st.tuples(*[st.integers(-999, 999)] * 4)


def draw_nodes(data, document):
    assume(document.nodes)
    return data.draw(st.sets(st.sampled_from(sorted(document.nodes)), min_size=1))


def draw_node(data, document):
    assume(document.nodes)
    return data.draw(st.sampled_from(sorted(document.nodes)))


def draw_wire(data, document):
    ports = st.builds(PortRef, st.sampled_from(sorted(document.nodes)), st.sampled_from(["vector", "base"]))
    return data.draw(st.builds(Wire, ports, ports))


def add_node(data, document):
    node_id = edits.fresh_node_id(document, data.draw(TEXTS))
    after = edits.add_node(document, node_id, Node(data.draw(TEXTS), position=data.draw(PLACES)))
    return after, edits.remove_nodes(after, [node_id])


def remove_nodes(data, document):
    ids = draw_nodes(data, document)
    after = edits.remove_nodes(document, ids)
    assert not ids.intersection(after.nodes)
    assert not any(after.wires_into(node_id) or after.wires_from(node_id) for node_id in ids)
    assert not any(ids.intersection(frame.nodes) for frame in after.frames)
    # Nothing is its inverse: whoever undoes it keeps the document.
    return after, document


def move_nodes(data, document):
    ids = draw_nodes(data, document)
    after = edits.move_nodes(document, {node_id: data.draw(st.none() | PLACES) for node_id in ids})
    return after, edits.move_nodes(after, {node_id: document.nodes[node_id].position for node_id in ids})


def set_parameter(data, document):
    node_id = draw_node(data, document)
    before = document.nodes[node_id].parameters
    name = data.draw(st.sampled_from([*before, "new"]))
    after = edits.set_parameter(document, node_id, name, data.draw(st.integers() | st.lists(TEXTS)))
    if name in before:
        return after, edits.set_parameter(after, node_id, name, before[name])
    return after, edits.reset_parameter(after, node_id, name)


def reset_parameter(data, document):
    node_id = draw_node(data, document)
    before = document.nodes[node_id].parameters
    assume(before)
    name = data.draw(st.sampled_from(sorted(before)))
    after = edits.reset_parameter(document, node_id, name)
    assert name not in after.nodes[node_id].parameters
    return after, edits.set_parameter(after, node_id, name, before[name])


def set_label(data, document):
    node_id = draw_node(data, document)
    after = edits.set_label(document, node_id, data.draw(st.none() | TEXTS))
    return after, edits.set_label(after, node_id, document.nodes[node_id].label)


def set_muted(data, document):
    ids = [node_id for node_id in draw_nodes(data, document) if not document.nodes[node_id].muted]
    after = edits.set_muted(document, ids, muted=True)
    return after, edits.set_muted(after, ids, muted=False)


def connect(data, document):
    assume(document.nodes)
    wire = draw_wire(data, document)
    after = edits.connect(document, wire)
    assert after.wires[-1] == wire
    return after, edits.disconnect(after, wire)


def connect_instead(data, document):
    assume(document.nodes)
    wire = draw_wire(data, document)
    after = edits.connect(document, wire, replace_others=True)
    assert after.wires_into(wire.target.node, wire.target.port) == (wire,)
    return after, edits.replace_wires(after, document.wires)


def disconnect(data, document):
    wires = [wire for wire in document.wires if {wire.source.node, wire.target.node} <= set(document.nodes)]
    assume(wires)
    wire = data.draw(st.sampled_from(wires))
    place = len(document.wires) - 1 - document.wires[::-1].index(wire)
    after = edits.disconnect(document, wire)
    return after, edits.connect(after, wire, at=place)


def mend_around(data, document):
    after = edits.mend_around(document, draw_node(data, document), {"vector": "base", "vectors": "vectors"})
    return after, edits.replace_wires(after, document.wires)


def set_title(data, document):
    after = edits.set_title(document, data.draw(TEXTS))
    return after, edits.set_title(after, document.title)


def reset_setting(data, document):
    name = data.draw(st.sampled_from(sorted({*document.settings.values, *SETTING_CHOICES})))
    after = edits.reset_setting(document, name)
    assert after.settings.values == {key: value for key, value in document.settings.values.items() if key != name}
    return after, replace(after, settings=document.settings)


def add_frame(data, document):
    members = tuple(draw_nodes(data, document))
    frame = Frame(canvas_edits.fresh_frame_id(document), data.draw(TEXTS), data.draw(RECTS), members)
    after = canvas_edits.add_frame(document, frame, data.draw(st.none() | st.integers(0, len(document.frames))))
    return after, canvas_edits.remove_frame(after, frame.id)


def remove_frame(data, document):
    frames = [frame for frame in document.frames if set(frame.nodes) <= set(document.nodes)]
    assume(frames)
    frame = data.draw(st.sampled_from(frames))
    after = canvas_edits.remove_frame(document, frame.id)
    return after, canvas_edits.add_frame(after, frame, document.frames.index(frame))


def change_frame(data, document):
    assume(document.frames)
    frame = data.draw(st.sampled_from(document.frames))
    after = canvas_edits.change_frame(document, replace(frame, title=data.draw(TEXTS), rect=data.draw(RECTS)))
    return after, canvas_edits.change_frame(after, frame)


def add_note(data, document):
    note = Note(canvas_edits.fresh_note_id(document), data.draw(TEXTS), data.draw(RECTS))
    after = canvas_edits.add_note(document, note, data.draw(st.integers(0, len(document.notes))))
    return after, canvas_edits.remove_note(after, note.id)


def remove_note(data, document):
    assume(document.notes)
    note = data.draw(st.sampled_from(document.notes))
    after = canvas_edits.remove_note(document, note.id)
    return after, canvas_edits.add_note(after, note, document.notes.index(note))


def change_note(data, document):
    assume(document.notes)
    note = data.draw(st.sampled_from(document.notes))
    after = canvas_edits.change_note(document, replace(note, text=data.draw(TEXTS)))
    return after, canvas_edits.change_note(after, note)


def paste(data, document):
    fragment = fragments.extract(
        document, draw_nodes(data, document), [frame.id for frame in document.frames], [note.id for note in document.notes]
    )
    fragment = edits.move_nodes(fragment, dict.fromkeys(fragment.nodes, (1, 2)))
    fragment = replace(fragment, frames=(), notes=tuple(replace(note, rect=(0, 0, 1, 1)) for note in fragment.notes))
    after = fragments.paste(document, fragment, (20, 20), keep_incoming=data.draw(st.booleans()))
    ids = fragments.choose_fresh_ids(document, fragment)
    before = edits.remove_nodes(after, list(ids.nodes.values()))
    for note_id in ids.notes.values():
        before = canvas_edits.remove_note(before, note_id)
    return after, before


EDITS = [
    *(add_node, remove_nodes, move_nodes, set_parameter, reset_parameter, set_label, set_muted, connect, connect_instead, disconnect),
    *(mend_around, set_title, reset_setting, add_frame, remove_frame, change_frame, add_note, remove_note, change_note, paste),
]


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.__name__)
@settings(max_examples=max(20, settings().max_examples // 10))
@given(st.data())
def test_an_edit_leaves_a_valid_document_and_its_inverse_the_old_one(edit, documents, data):
    document = data.draw(documents)
    text = format_document(document)
    after, before = edit(data, document)
    assert parse_document(format_document(after)) == after
    assert before == document
    assert format_document(before) == text
    assert format_document(document) == text


def test_fresh_ids_are_made_from_the_operation():
    document = Document(nodes={NodeId("scale"): Node("scale"), NodeId("scale_2"): Node("scale")})
    assert edits.fresh_node_id(document, "scale") == "scale_3"
    assert edits.fresh_node_id(document, "scale", ["scale_3"]) == "scale_4"
    assert edits.fresh_node_id(document, "negate") == "negate"
    assert edits.fresh_node_id(document, "Ä Ö") == "node"


def test_a_fresh_node_never_catches_a_wire_left_dangling():
    wire = Wire(PortRef.parse("scale.vector"), PortRef.parse("scale_2.vector"))
    document = Document(wires=(wire,), frames=(Frame("f", nodes=(NodeId("scale_3"),)),))
    assert edits.fresh_node_id(document, "scale") == "scale_4"


def test_deleting_a_middle_node_mends_the_wire_in_its_place(forget_text):
    document = parse_document(forget_text)
    mended = edits.remove_nodes(edits.mend_around(document, NodeId("not"), {"vector": "vector"}), [NodeId("not")])
    assert [f"{wire.source} {wire.target}" for wire in mended.wires] == [
        "tuned.checkpoint tau.tuned",
        "base.checkpoint tau.base",
        "tau.vector edit.vector",
        "base.checkpoint edit.base",
        "edit.checkpoint out.checkpoint",
    ]


def test_a_replacing_wire_takes_the_place_of_the_old_one(forget_text):
    document = parse_document(forget_text)
    wire = Wire(PortRef.parse("tuned.checkpoint"), PortRef.parse("tau.base"))
    after = edits.connect(document, wire, replace_others=True)
    assert after.wires == (document.wires[0], wire, *document.wires[2:])


@pytest.mark.parametrize(
    "wrong",
    [
        lambda d: edits.add_node(d, NodeId("tau"), Node("x")),
        lambda d: edits.add_node(d, NodeId("Tau"), Node("x")),
        lambda d: edits.remove_nodes(d, [NodeId("gone")]),
        lambda d: edits.move_nodes(d, {NodeId("gone"): (0, 0)}),
        lambda d: edits.move_nodes(d, {NodeId("tau"): (0, float("nan"))}),
        lambda d: edits.set_parameter(d, NodeId("gone"), "a", 1),
        lambda d: edits.set_parameter(d, NodeId("tau"), "a", float("nan")),
        lambda d: edits.set_parameter(d, NodeId("tau"), "\ud800", 1),
        lambda d: edits.reset_parameter(d, NodeId("gone"), "a"),
        lambda d: edits.set_label(d, NodeId("tau"), "\ud800"),
        lambda d: edits.set_muted(d, [NodeId("gone")], muted=True),
        lambda d: edits.connect(d, Wire(PortRef.parse("gone.x"), PortRef.parse("tau.base"))),
        lambda d: edits.connect(d, d.wires[0], at=7),
        lambda d: edits.connect(d, d.wires[0], at=-1),
        lambda d: edits.disconnect(d, Wire(PortRef.parse("tau.x"), PortRef.parse("tau.base"))),
        lambda d: edits.mend_around(d, NodeId("gone"), {}),
        lambda d: canvas_edits.add_frame(d, Frame("f1")),
        lambda d: canvas_edits.add_frame(d, Frame("f2", nodes=(NodeId("gone"),))),
        lambda d: canvas_edits.add_frame(d, Frame("f2"), 2),
        lambda d: canvas_edits.change_frame(d, Frame("f2")),
        lambda d: canvas_edits.remove_frame(d, "f2"),
        lambda d: canvas_edits.add_note(d, Note("n1")),
        lambda d: canvas_edits.change_note(d, Note("n2")),
        lambda d: canvas_edits.remove_note(d, "n2"),
        lambda d: fragments.extract(d, [NodeId("gone")]),
        lambda d: fragments.extract(d, [], frames=["f2"]),
        lambda d: fragments.extract(d, [], notes=["n2"]),
        lambda d: fragments.paste(d, d, (float("inf"), 0)),
    ],
)
def test_an_edit_that_makes_no_sense_is_refused_with_a_remedy(wrong, forget_text):
    with pytest.raises(DocumentError) as caught:
        wrong(parse_document(forget_text))
    assert caught.value.remedy
