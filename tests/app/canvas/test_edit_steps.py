from __future__ import annotations

from app.canvas.edit_steps import (
    Selection,
    copy_selection,
    delete_selection,
    frame_nodes,
    insert_on_wire,
    move_selection,
    put_note,
    read_fragment,
    toggle_muted,
)
from engine.document.model import NodeId


def _wires(document):
    return {(str(wire.source), str(wire.target)) for wire in document.wires}


def test_deleting_a_middle_node_mends_its_wire(make):
    after = delete_selection(make.negation(), Selection(nodes=frozenset({NodeId("not")})))
    assert ("tau.vector", "edit.vector") in _wires(after)


def test_deleting_several_nodes_of_a_chain_mends_across_all(make):
    document = make.graph(
        {"t": make.node("task_vector"), "n": make.node("negate"), "s": make.node("scale"), "e": make.node("apply")},
        ("t.vector", "n.vector"), ("n.vector", "s.vector"), ("s.vector", "e.vector"),
    )  # fmt: skip
    after = delete_selection(document, Selection(nodes=frozenset({NodeId("n"), NodeId("s")})))
    assert _wires(after) == {("t.vector", "e.vector")}


def test_deleting_a_node_that_changes_the_kind_mends_nothing(make):
    after = delete_selection(make.negation(), Selection(nodes=frozenset({NodeId("tau")})))
    assert _wires(after) == {("base.checkpoint", "edit.base"), ("not.vector", "edit.vector")}


def test_a_node_put_on_a_wire_keeps_the_wires_place(make):
    document = make.graph(
        {"a": make.node("negate"), "b": make.node("negate"), "sum": make.node("add"), "s": make.node("scale")},
        ("a.vector", "sum.vectors"), ("b.vector", "sum.vectors"),
    )  # fmt: skip
    after = insert_on_wire(document, NodeId("s"), document.wires[0])
    assert [str(wire.source) for wire in after.wires_into(NodeId("sum"))] == ["s.vector", "b.vector"]
    assert [str(wire.source) for wire in after.wires_into(NodeId("s"))] == ["a.vector"]


def test_mute_toggles_all_at_once(make):
    ids = [NodeId("tau"), NodeId("not")]
    muted = toggle_muted(make.negation(), ids)
    assert all(muted.nodes[each].muted for each in ids)
    assert not any(toggle_muted(muted, ids).nodes[each].muted for each in ids)


def test_a_node_that_moves_out_of_its_frame_leaves_it_and_one_that_moves_in_joins(make):
    document = make.negation()
    boxes = {node_id: (*(node.position or (0, 0)), 132.0, 84.0) for node_id, node in document.nodes.items()}
    document = frame_nodes(document, {NodeId("tau"): boxes[NodeId("tau")]}, "Frame")
    out = move_selection(document, Selection(nodes=frozenset({NodeId("tau")})), boxes, (600, 600))
    assert out.frames[0].nodes == ()
    inside = move_selection(document, Selection(nodes=frozenset({NodeId("not")})), boxes, (-240, 0))
    assert inside.frames[0].nodes == ("tau", "not")


def test_a_frame_takes_its_nodes_along(make):
    document = make.negation()
    boxes = {node_id: (*(node.position or (0, 0)), 132.0, 84.0) for node_id, node in document.nodes.items()}
    document = frame_nodes(document, {NodeId("tau"): boxes[NodeId("tau")]}, "Frame")
    after = move_selection(document, Selection(frames=frozenset({"f1"})), boxes, (24, 48))
    assert after.nodes[NodeId("tau")].position == (312, 144)
    assert after.frames[0].rect[:2] == (document.frames[0].rect[0] + 24, document.frames[0].rect[1] + 48)
    assert after.frames[0].nodes == ("tau",)


def test_the_clipboard_is_loom_text(make):
    document = put_note(make.negation(), (0, 0), "why")
    text = copy_selection(document, Selection(nodes=frozenset({NodeId("not"), NodeId("edit")}), notes=frozenset({"n1"})))
    fragment = read_fragment(text)
    assert fragment is not None
    assert set(fragment.nodes) == {"not", "edit"}
    assert fragment.notes[0].text == "why"
    assert read_fragment("a sentence") is None


def test_selections_are_joined_and_toggled_kind_by_kind(make):
    wire = make.wire("a.vector", "b.vector")
    one = Selection(frozenset({NodeId("a")}), frozenset({"f"}), frozenset({"n"}), frozenset({wire}))
    two = Selection(frozenset({NodeId("b")}), frozenset({"g"}), frozenset({"m"}), frozenset())
    both = Selection(frozenset({NodeId("a"), NodeId("b")}), frozenset({"f", "g"}), frozenset({"m", "n"}), frozenset({wire}))
    assert one.joined(two) == one.toggled(two) == both
    assert one.toggled(one) == Selection()
    assert both.toggled(two) == one
