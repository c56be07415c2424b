"""Checkpoints dropped on the roles of an analogy: by a wire, or the whole node."""

from __future__ import annotations

from PySide6.QtCore import Qt


def _roles(make):
    return make.graph(
        {
            "base": make.node("checkpoint"), "a": make.node("checkpoint", 0, 168), "b": make.node("checkpoint", 0, 336),
            "ta": make.node("task_vector", 264, 96), "like": make.node("analogy", 720, 96),
        },
        ("a.checkpoint", "ta.tuned"), ("base.checkpoint", "ta.base"), ("ta.vector", "like.a"),
    )  # fmt: skip


def test_a_checkpoint_dropped_on_a_role_becomes_a_task_vector_where_the_base_is_known(hand, session, wires, open_graph, make):
    open_graph(_roles(make))
    hand.drag(hand.output("b.checkpoint"), hand.input("like.b"))
    assert {("b.checkpoint", "task_vector.tuned"), ("base.checkpoint", "task_vector.base"), ("task_vector.vector", "like.b")} <= wires()
    assert session.undo_stack.count() == 1


def test_a_checkpoints_node_let_go_over_a_role_plays_it_and_stays_where_it_was(hand, session, wires, open_graph, make):
    open_graph(_roles(make))
    x, y = hand.input("like.c")
    hand.press(hand.title("b"))
    hand.move((x + 30, y + 4))
    assert hand.scene.mirror.nodes["base"].opacity() < 1, "what it would be wired to stands out"
    hand.release((x + 30, y + 4))
    assert {("b.checkpoint", "task_vector.tuned"), ("base.checkpoint", "task_vector.base"), ("task_vector.vector", "like.c")} <= wires()
    assert session.document.nodes["b"].position == (0, 336)
    assert session.undo_stack.count() == 1
    assert hand.scene.mirror.nodes["base"].opacity() == 1
    session.undo_stack.undo()
    assert session.document == _roles(make)


def test_alt_lets_a_node_lie_over_a_role(hand, session, open_graph, make):
    open_graph(_roles(make))
    x, y = hand.input("like.c")
    hand.drag(hand.title("b"), (x + 30, y + 4), Qt.KeyboardModifier.AltModifier)
    assert session.document.wires == _roles(make).wires
    assert session.document.nodes["b"].position != (0, 336)


def test_what_is_made_from_an_analogy_plays_no_role_in_it(hand, session, open_graph, make):
    graph = make.graph({"like": make.node("analogy"), "s": make.node("scale", 480, 0)}, ("like.vector", "s.vector"))
    open_graph(graph)
    x, y = hand.input("like.a")
    hand.drag(hand.title("s"), (x + 30, y))
    assert session.document.wires == graph.wires
