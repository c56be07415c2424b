from __future__ import annotations

import random

import pytest

from app.canvas.layout import arrange, place_loose
from engine.document.model import Document, Frame, Node, NodeId, PortRef, Wire


def _overlap(one, other):
    return one[0] < other[0] + other[2] and other[0] < one[0] + one[2] and one[1] < other[1] + other[3] and other[1] < one[1] + one[3]


def _random_graph(seed: int) -> Document:
    draw = random.Random(seed)
    names = [NodeId(f"n{index}") for index in range(draw.randint(1, 25))]
    wires = [
        Wire(PortRef(one, "vector"), PortRef(other, "vectors"))
        for index, one in enumerate(names)
        for other in names[index + 1 :]
        if draw.random() < 0.12
    ]
    members = tuple(draw.sample(names, len(names) // 3))
    return Document(nodes={name: Node("add") for name in names}, wires=tuple(wires), frames=(Frame("f1", "f", (0, 0, 9, 9), members),))


@pytest.mark.parametrize("seed", range(30))
def test_nothing_overlaps_and_frames_hold_exactly_their_nodes(seed):
    document = _random_graph(seed)
    sizes = {node: (132.0 + 12 * (index % 4), 84.0 + 10 * (index % 3)) for index, node in enumerate(document.nodes)}
    arranged = arrange(document, sizes, (48, 24))
    boxes = {node: (*arranged.positions[node], *sizes[node]) for node in sizes}
    nodes = sorted(boxes)
    assert not any(_overlap(boxes[one], boxes[other]) for index, one in enumerate(nodes) for other in nodes[index + 1 :])
    for frame in document.frames:
        for node in sizes:
            if frame.nodes:
                assert _overlap(arranged.frames[frame.id], boxes[node]) == (node in frame.nodes)


def test_wires_run_to_the_right(make):
    document = make.negation()
    positions = arrange(document, dict.fromkeys(document.nodes, (132.0, 84.0))).positions
    for wire in document.wires:
        assert positions[wire.source.node][0] + 132 < positions[wire.target.node][0]


def test_nodes_without_a_position_are_placed_below_the_others(make):
    document = make.graph({"a": make.node("add", 0, 0), "b": Node("add"), "c": Node("add")})
    placed = place_loose(document, dict.fromkeys(document.nodes, (132.0, 84.0)))
    assert set(placed) == {"b", "c"}
    assert all(y >= 84 for _, y in placed.values())
    assert placed[NodeId("b")] != placed[NodeId("c")]
