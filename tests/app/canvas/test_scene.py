"""The scene shows the document, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.canvas.node_state import NodeState, StateKind
from app.theme import apply_theme
from engine.document.edits import set_label, set_muted
from engine.document.model import NodeId
from engine.problems import error, warning


def test_only_what_changed_is_made_anew(view, session, open_graph, make):
    open_graph(make.negation())
    scene = view.scene()
    before = dict(scene.nodes)
    session.apply("Rename", lambda document: set_label(document, NodeId("tau"), "What it learned"))
    assert dict(scene.nodes) == before
    assert scene.nodes[NodeId("tau")].card.title == "What it learned"


def test_a_muted_node_and_an_unknown_one_are_drawn_as_such(view, session, open_graph, make):
    open_graph(make.graph({"a": make.node("negate"), "x": make.node("from_the_future", 300)}))
    plain = view.grab().toImage()
    session.apply("Mute", lambda document: set_muted(document, [NodeId("a")], True))
    assert view.grab().toImage() != plain
    assert not view.scene().nodes[NodeId("x")].card.is_known


def test_problems_and_states_meet_on_a_node(view, open_graph, make):
    open_graph(make.negation())
    scene = view.scene()
    scene.set_states({NodeId("tau"): NodeState(StateKind.DONE), NodeId("not"): NodeState(StateKind.RUNNING, 0.5)})
    scene.set_problems([warning("It is odd.", node="tau"), error("It is wrong.", "Mend it.", node="edit"), error("All of it.")])
    kinds = {key: item.state.kind for key, item in scene.nodes.items()}
    assert kinds[NodeId("tau")] is StateKind.WARNING
    assert kinds[NodeId("not")] is StateKind.RUNNING
    assert kinds[NodeId("edit")] is StateKind.ERROR
    assert "It is wrong. Mend it." in scene.hover_text(
        scene.hit((scene.nodes[NodeId("edit")].x() + 50, scene.nodes[NodeId("edit")].y() + 18))
    )
    scene.set_problems([])
    assert scene.nodes[NodeId("tau")].state.kind is StateKind.DONE


def test_facts_are_shown_and_taken_back(view, open_graph, make):
    open_graph(make.negation())
    item = view.scene().nodes[NodeId("tau")]
    height = item.size[1]
    view.scene().set_facts({NodeId("tau"): "‖τ‖ 0.83 · 212,042 parameters"})
    assert item.size[1] > height
    view.scene().set_facts({})
    assert item.size[1] == height


def test_reveal_selects_and_scrolls(view, open_graph, make):
    open_graph(make.graph({"far": make.node("negate", 9000, 9000)}))
    view.scene().reveal(NodeId("far"))
    assert view.mapToScene(view.viewport().rect()).boundingRect().contains(9010, 9010)
    assert view.scene().selected_ids == ("far",)


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_every_template_is_painted(qapp, view, session, repository, theme):
    templates = sorted(Path(repository / "resources/templates").glob("*.loom"))
    apply_theme(qapp, theme)
    for index, path in enumerate(templates):
        session.open(path)
        view.resetTransform()
        view.scale(*((0.3, 0.3) if index % 2 else (1, 1)))
        shot = view.grab().toImage()
        assert len({shot.pixel(x, y) for x in range(0, shot.width(), 11) for y in range(0, shot.height(), 11)}) > 5


def test_nodes_without_words_share_pictures(view, session, open_graph, make):
    open_graph(make.graph({f"n{index}": make.node("negate", 0, 100 * index) for index in range(8)}))
    view.scale(0.3, 0.3)
    view.grab()
    assert len({item._pixmap.cacheKey() for item in view.scene().nodes.values() if item._pixmap is not None}) == 1
