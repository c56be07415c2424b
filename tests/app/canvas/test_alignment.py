from __future__ import annotations

from app.canvas.alignment import align, distribute, find_room, snap
from app.canvas.walking import walk
from engine.document.model import NodeId

A, B, C = NodeId("a"), NodeId("b"), NodeId("c")
BOXES = {A: (0, 0, 100, 50), B: (130, 90, 60, 50), C: (400, 20, 100, 80)}


def test_aligning_puts_all_on_the_outermost_line():
    assert align(BOXES, "left") == {A: (0, 0), B: (0, 90), C: (0, 20)}
    assert align(BOXES, "top") == {A: (0, 0), B: (130, 0), C: (400, 0)}
    assert align({}, "top") == {}


def test_distributing_makes_the_gaps_equal():
    positions = distribute(BOXES, "across")
    assert positions == {A: (0, 0), B: (220, 90), C: (400, 20)}
    assert distribute({A: BOXES[A], B: BOXES[B]}, "across") == {}


def test_snap_takes_the_nearest_point():
    assert snap((13, -13), 24) == (24, -24)


def test_arrows_walk_along_wires_and_up_and_down_a_column(make):
    document = make.negation()
    boxes = {node_id: (*(node.position or (0, 0)), 132.0, 84.0) for node_id, node in document.nodes.items()}
    assert walk(document, boxes, None, "right") == "base"
    assert walk(document, boxes, NodeId("tau"), "right") == "not"
    assert walk(document, boxes, NodeId("tau"), "left") in {"base", "tuned"}
    assert walk(document, boxes, NodeId("base"), "down") == "tuned"
    assert walk(document, boxes, NodeId("tuned"), "up") == "base"
    assert walk(document, boxes, NodeId("edit"), "right") is None


def test_a_new_node_gets_room_of_its_own():
    boxes = {NodeId("a"): (0.0, 0.0, 168.0, 72.0), NodeId("b"): (216.0, 24.0, 168.0, 72.0)}
    assert find_room(boxes, [NodeId("b")], (0.0, 0.0)) == (432.0, 24.0)
    assert find_room(boxes, [NodeId("a")], (0.0, 0.0)) == (216.0, 96.0)
    assert find_room(boxes, [], (30.0, 30.0)) == (30.0, 126.0)
    assert find_room({}, [NodeId("gone")], (5.0, 5.0)) == (5.0, 5.0)


def test_distributing_again_moves_nothing():
    boxes = {NodeId(str(number)): (number * 100 / 7, 0.0, 30.0, 20.0) for number in range(8)}
    once = distribute(boxes, "across")
    again = {node: (*once[node], 30.0, 20.0) for node in boxes}
    assert distribute(again, "across") == once
