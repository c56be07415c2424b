"""The inspector is made from the declarations, edits the document and keeps the hand's work."""

import pytest
import shiboken6
from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QSpinBox

from app.node_parameter import NodeParameter
from app.panels.inspector import InspectorPanel
from app.panels.problem_card import ProblemCard
from app.panels.strength_curve import StrengthCurve
from app.sweeps import Curve, Sweep
from engine.catalogue import catalogue
from engine.document.edits import add_node, set_parameter
from engine.document.model import Document, Node, NodeId, PortRef
from engine.problems import error

SEARCH = NodeParameter(NodeId("search"), "strength_search", "step")


def texts(panel):
    return [label.text() for label in panel.widget().findChildren(QLabel)]


@pytest.fixture
def panel(qtbot, session):
    made = InspectorPanel(session)
    qtbot.addWidget(made)
    return made


@pytest.mark.parametrize("operation", sorted(catalogue()))
def test_every_operation_has_its_sentence_and_a_field_for_each_parameter(panel, session, operation):
    session.apply("add", lambda document: add_node(document, NodeId("it"), Node(operation)))
    panel.show_nodes([NodeId("it")])
    declared = catalogue()[operation]
    assert declared.sentence in texts(panel)
    assert declared.formula == "" or declared.formula in texts(panel)
    assert [name for node, name in panel._fields if node == "it"] == [parameter.name for parameter in declared.parameters]


@pytest.mark.parametrize(
    "operation", sorted(each.id for each in catalogue().values() if each.parameter("source") or each.parameter("folder"))
)
def test_every_file_and_folder_can_be_looked_for(panel, session, operation):
    session.apply("add", lambda document: add_node(document, NodeId("it"), Node(operation)))
    panel.show_nodes([NodeId("it")])
    assert "Browse…" in [button.text() for button in panel.widget().findChildren(QPushButton)]


def test_whole_numbers_stand_off_the_border_and_say_what_they_count(panel, session, dark, qtbot):
    session.apply("add", lambda document: add_node(document, NodeId("s"), Node("strength_search")))
    panel.show_nodes([NodeId("s")])
    assert {"Budget · tries", "Batch size · examples"} <= set(texts(panel))
    spins = panel.widget().findChildren(QSpinBox)
    assert len(spins) == 3
    for spin in spins:
        line = spin.lineEdit()
        line.home(False)
        assert line.mapTo(spin, line.cursorRect().center()).x() >= 7, spin.accessibleName()


def test_slider_drag_is_one_undo_step(panel, session):
    panel.show_nodes([NodeId("apply")])
    slider = panel._fields[NodeId("apply"), "strength"]._editor.widget.slider
    slider.setSliderDown(True)
    for place in (100, 120, 140):
        slider.setValue(place)
    slider.setSliderDown(False)
    assert session.document.nodes[NodeId("apply")].parameters["strength"] == 0.7
    session.undo_stack.undo()
    assert session.document.nodes[NodeId("apply")].parameters["strength"] == 0.4


def test_field_takes_the_decimal_as_typed(panel, session):
    panel.show_nodes([NodeId("apply")])
    field = panel._fields[NodeId("apply"), "strength"]._editor.widget.field
    field.setText("-0,35")
    field.editingFinished.emit()
    assert session.document.nodes[NodeId("apply")].parameters["strength"] == -0.35


def test_a_number_outside_the_range_is_not_taken(panel, session):
    panel.show_nodes([NodeId("apply")])
    field = panel._fields[NodeId("apply"), "strength"]._editor.widget.field
    field.setText("11")
    field.editingFinished.emit()
    assert field.text() == "0.4"
    assert not session.undo_stack.canUndo()


def test_values_follow_undo_without_new_widgets(panel, session):
    panel.show_nodes([NodeId("apply")])
    before = panel.widget()
    session.apply("set", lambda document: set_parameter(document, NodeId("apply"), "strength", 2))
    assert panel._fields[NodeId("apply"), "strength"]._editor.widget.field.text() == "2"
    session.undo_stack.undo()
    assert panel._fields[NodeId("apply"), "strength"]._editor.widget.field.text() == "0.4"
    assert panel.widget() is before


def test_analogy_shows_the_strength_it_feeds_and_the_sentence(panel):
    panel.show_nodes([NodeId("analogy")])
    assert (NodeId("apply"), "strength") in panel._fields
    assert any("‘Apply’" in text for text in texts(panel))
    assert panel._roles.sentence.text() == "plain 0–4 is to striped 0–4 as C is to ?"


def test_choosing_a_checkpoint_for_a_role_makes_its_task_vector(panel, session):
    panel.show_nodes([NodeId("analogy")])
    panel._play_role(NodeId("analogy"), "c", PortRef(NodeId("b"), "checkpoint"))
    assert [str(wire.source) for wire in session.document.wires_into(NodeId("analogy"), "c")] == ["tau-b.vector"]


def test_problem_card_offers_its_mends(panel, qtbot):
    panel.show_nodes([NodeId("analogy")])
    panel.show_problems([error("Analogy needs a task vector at “c”.", "Wire one in.", node="analogy", field="c")])
    card = panel.widget().findChild(ProblemCard)
    titles = [button.text() for button in card.findChildren(QPushButton)]
    assert "Connect ‘Task vector: tau-a’" in titles
    wanted = []
    panel.mend_wanted.connect(lambda problem, mend: wanted.append((problem.field, mend.title)))
    card.findChildren(QPushButton)[0].click()
    assert wanted == [("c", titles[0])]


def test_rename_and_mute_change_the_document(panel, session):
    panel.show_nodes([NodeId("apply")])
    panel._name.setText("Edited")
    panel._name.setModified(True)
    panel._name.editingFinished.emit()
    panel._muted.click()
    node = session.document.nodes[NodeId("apply")]
    assert (node.label, node.muted) == ("Edited", True)


def test_unknown_operation_is_shown_and_kept(panel, session):
    session.new(Document(nodes={NodeId("x"): Node("from_the_future", {"a": 1})}))
    panel.show_nodes([NodeId("x")])
    assert any("from_the_future" in text for text in texts(panel))


def test_a_new_page_keeps_the_focus_where_it_was(panel, session, qtbot):
    """A problem that comes while one walks through the fields must not throw one out of them."""
    with qtbot.waitExposed(panel):
        panel.show()
    panel.show_nodes([NodeId("export")])
    button = panel._fields[NodeId("export"), "folder"]._editor.widget.button
    button.setFocus()
    panel.show_problems([error("The folder is taken.", "Choose another.", node="export", field="folder")])
    focus = QApplication.focusWidget()
    assert focus is not button
    assert focus.accessibleName() == button.accessibleName()


def test_leaving_a_field_does_not_delete_it_under_its_own_event(panel, session, qtbot):
    """Tab commits what was typed; what that brings builds the page anew while the field still hears of its lost focus."""
    with qtbot.waitExposed(panel):
        panel.show()
    panel.show_nodes([NodeId("export")])
    field = panel._fields[NodeId("export"), "folder"]._editor.widget.field
    session.document_changed.connect(lambda _before, _after: panel.show_facts({NodeId("export"): (("Writes to", "elsewhere"),)}, {}))
    field.setFocus()
    qtbot.keyClicks(field, "2")
    qtbot.keyClick(field, Qt.Key.Key_Tab)
    assert session.document.nodes[NodeId("export")].parameters["folder"] == "out2"
    assert "elsewhere" in texts(panel)
    assert shiboken6.isValid(field)
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    assert not shiboken6.isValid(field)


@pytest.mark.parametrize("width", [225, 300])
def test_nothing_is_wider_than_the_panel(panel, session, qtbot, width):
    """At 1280 × 800 the dock is this narrow, and a search that goes on tells figures with long names."""
    panel.resize(width, 500)
    with qtbot.waitExposed(panel):
        panel.show()
    session.apply("add", lambda document: add_node(document, NodeId("search"), Node("strength_search")))
    long = "accuracy of A-model-with-one-unbroken-name-of-sixty-letters-or-even-more on Striped-5–9-to-choose"
    panel.show_nodes([NodeId("search")])
    panel.show_facts({NodeId("search"): ((long, "0.5"), ("Writes to", "/a/" + "path" * 30))}, {})
    QApplication.sendPostedEvents()
    assert panel.widget().width() == panel.viewport().width()
    guide = next(button for button in panel.widget().findChildren(QPushButton) if button.text() == "Help")
    assert guide.mapTo(panel.viewport(), guide.rect().topRight()).x() <= panel.viewport().width()


def test_a_curve_that_is_known_at_once_opens_no_window(searched, qtbot):
    made = StrengthCurve(searched, SEARCH)
    qtbot.addWidget(made)
    made.show_sweeps((Sweep("search", (Curve("Stripes", ((0, 0.3), (1, 0.7))),), 1, choice=(1,)),))
    assert made.plot.accessibleName() == "Figures of the last run"
    assert not made.isVisible()


@pytest.mark.parametrize(("is_final", "words"), [(True, "last run"), (False, "stopped run")])
def test_a_search_that_was_stopped_has_chosen_nothing(searched, qtbot, is_final, words):
    sweep = Sweep("search", (Curve("Stripes", ((0, 0.3), (1, 0.7))),), 1, choice=(1,), is_final=is_final)
    made = StrengthCurve(searched, SEARCH)
    qtbot.addWidget(made)
    made.show_sweeps((sweep,))
    assert made.plot.accessibleName().endswith(words)
    assert made.plot.shown.mark_name == ("chosen λ = 1" if is_final else "best so far λ = 1")
