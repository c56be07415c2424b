"""The outline shows nodes, ports and wires, and works by keys alone."""

import pytest
from PySide6.QtCore import Qt

from app.canvas.node_state import NodeState, StateKind
from app.panels.outline import OutlinePanel
from engine.document.model import NodeId
from engine.problems import error


@pytest.fixture
def panel(qtbot, session):
    made = OutlinePanel(session)
    qtbot.addWidget(made)
    return made


def row_of(panel, node):
    return panel._find(NodeId(node))


def test_tree_holds_every_node_port_and_wire(panel, session):
    assert panel.tree.topLevelItemCount() == len(session.document.nodes)
    ports = [row_of(panel, "apply").child(index) for index in range(3)]
    assert [(port.text(0), port.text(1)) for port in ports] == [("base", "input"), ("vector", "input"), ("checkpoint", "output")]
    assert ports[1].child(0).text(0) == "from Analogy"
    assert ports[2].child(0).text(0) == "to Export checkpoint"


def test_delete_removes_the_wire_or_the_node(panel, session, qtbot):
    panel.tree.setCurrentItem(row_of(panel, "apply").child(1).child(0))
    qtbot.keyClick(panel.tree, Qt.Key.Key_Delete)
    assert session.document.wires_into(NodeId("apply"), "vector") == ()
    panel.tree.setCurrentItem(row_of(panel, "export"))
    qtbot.keyClick(panel.tree, Qt.Key.Key_Delete)
    assert NodeId("export") not in session.document.nodes


def test_keys_ask_to_connect_and_typing_renames(panel, session, qtbot):
    asked = []
    panel.connect_wanted.connect(asked.append)
    panel.tree.setCurrentItem(row_of(panel, "apply"))
    qtbot.keyClick(panel.tree, Qt.Key.Key_C)
    assert asked == ["apply"]
    row_of(panel, "apply").setText(0, "Edited")
    assert session.document.nodes[NodeId("apply")].label == "Edited"
    assert row_of(panel, "apply").text(0) == "Edited"


def test_states_and_problems_stand_in_words(panel):
    panel.show_states({NodeId("apply"): NodeState(StateKind.DONE)}, [error("Wrong.", node="export")])
    assert row_of(panel, "apply").text(2) == "done"
    assert row_of(panel, "export").text(2) == "problem: Wrong."


def test_following_the_selection_is_silent(panel):
    moved = []
    panel.chosen.connect(moved.append)
    panel.select([NodeId("export")])
    assert panel.tree.currentItem() is row_of(panel, "export")
    assert moved == []
