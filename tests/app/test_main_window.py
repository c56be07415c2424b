"""The window from the outside: what is asked, what is connected, what survives."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox, QPushButton, QWidget

from app.actions import ACTIONS
from app.check_lane import CheckSummary
from app.main_window import MainWindow
from app.mends import find_mends
from app.report_figures import Figures
from app.sweeps import Curve, Sweep
from app.templates import TEMPLATES
from engine.document.edits import set_title
from engine.document.model import Document, Node, NodeId
from engine.document.storage import load_document
from engine.problems import error


@pytest.fixture
def window(answers, dark, make_window):
    return make_window()


@pytest.fixture
def bench(window, small_graph):
    window.session.new(small_graph)
    return window.open_workbench()


def test_starts_with_the_welcome_page_and_no_workbench(window):
    assert window.stack.currentWidget() is window.welcome
    assert window.workbench is None
    assert len(window.welcome.cards) == len(TEMPLATES)


def test_opening_a_file_shows_it_and_remembers_it(window, preferences, file):
    assert window.files.open(file)
    assert window.stack.currentWidget() is window.workbench
    assert window.workbench.top_bar.title.text() == "Small"
    assert preferences.recent == (file,)
    assert set(window.workbench.scene.nodes) == {"base", "tau"}


def test_edits_mark_the_title_and_undo_back_to_saved_clears_it(window, file):
    window.files.open(file)
    window.session.apply("title", lambda document: set_title(document, "Other"))
    assert window.workbench.top_bar.title.text() == "Other  •  edited"
    assert window.declared_actions["undo"].isEnabled()
    window.declared_actions["undo"].trigger()
    assert window.workbench.top_bar.title.text() == "Small"
    assert not window.declared_actions["undo"].isEnabled()


@pytest.mark.parametrize(("answer", "is_left", "is_saved"), [("Save", True, True), ("Discard", True, False), ("Cancel", False, False)])
def test_leaving_unsaved_changes_asks(window, answers, file, answer, is_left, is_saved):
    window.files.open(file)
    window.session.apply("title", lambda document: set_title(document, "Other"))
    answers.left = [QMessageBox.StandardButton[answer]]
    assert window.files.new() is is_left
    assert answers.asked == ["Unsaved changes"]
    assert (load_document(file).title == "Other") is is_saved
    assert bool(window.session.document.nodes) is not is_left


def test_closing_with_unsaved_changes_can_be_called_off(window, answers, bench):
    answers.left = [QMessageBox.StandardButton.Cancel]
    assert not window.close()
    assert answers.asked == ["Unsaved changes"]


@pytest.mark.parametrize(("answer", "is_saved"), [("Save", True), ("Discard", False)])
def test_closing_saves_what_the_user_wants_saved(window, answers, file, answer, is_saved):
    window.files.open(file)
    window.session.apply("title", lambda document: set_title(document, "Other"))
    answers.left = [QMessageBox.StandardButton[answer]]
    assert window.close()
    assert (load_document(file).title == "Other") is is_saved
    # The window is gone; what the fixture closes again asks nothing.
    window.session.new()


def test_a_file_that_is_no_graph_says_so_and_changes_nothing(window, answers, tmp_path):
    (tmp_path / "bad.loom").write_text("{")
    answers.left = [QMessageBox.StandardButton.Ok]
    assert not window.files.open(tmp_path / "bad.loom")
    assert answers.asked == ["The graph can’t be opened"]
    assert window.workbench is None


def test_every_declared_action_does_something(window, bench):
    unheard = [declared.id for declared in ACTIONS if not _is_heard(window.declared_actions[declared.id])]
    assert unheard == []


def _is_heard(action):
    return action.receivers("2triggered(bool)") > 0 or action.receivers("2toggled(bool)") > 1


def test_docks_close_float_and_come_back_where_they_were(window, bench, preferences, qtbot):
    bench.docks["log"].close()
    bench.docks["palette"].setFloating(True)
    bench.remember(preferences)
    bench.docks["log"].show()
    bench.docks["palette"].setFloating(False)
    bench.recall(preferences)
    assert bench.docks["log"].isHidden()
    assert bench.docks["palette"].isFloating()


def test_check_marks_the_problems_everywhere(window, bench, qtbot):
    with qtbot.waitSignal(bench.checker.changed, timeout=20_000, check_params_cb=lambda: bench.checker.summary is not None):
        bench.checker.check_now()
    messages = [problem.node for problem in bench.checker.summary.problems]
    assert "base" in messages or "" in messages
    assert "problem" in bench.status.graph.text()
    assert bench.docks["problems"].windowTitle() == f"Problems ({len(messages)})"


def test_selection_fills_inspector_and_outline(window, bench):
    bench.scene.select([NodeId("tau")])
    assert bench.inspector._selected == ("tau",)
    assert bench.outline.tree.currentItem().text(0) == "Task vector"
    assert window.declared_actions["run_to_node"].isEnabled()


def test_a_selected_search_shows_its_figures(window, bench):
    sweeps = tuple(Sweep(NodeId(node), (Curve("accuracy", ((0, 0.1), (1, 0.2))),)) for node in ("base", "tau"))
    bench.metrics.show_figures(Figures("Run", sweeps=sweeps))
    for row in (1, 0):
        bench.scene.select([sweeps[row].node])
        assert bench.metrics.searches.views.currentIndex() == row


def test_palette_adds_a_node_that_is_selected(window, bench):
    bench.palette_panel.wanted.emit("negate")
    assert bench.scene.selected_ids == ("negate",)
    assert window.session.document.nodes[NodeId("negate")].operation == "negate"


def test_search_adds_what_is_chosen(window, bench, qtbot):
    window.declared_actions["add_node"].trigger()
    popup = window.links.searches.popup
    popup.field.setText("random")
    qtbot.keyClick(popup.field, Qt.Key.Key_Return)
    assert NodeId("random_vector") in window.session.document.nodes


def test_commands_reach_every_action(window, bench, qtbot):
    window.declared_actions["commands"].trigger()
    popup = window.links.searches.popup
    popup.field.setText("select every")
    assert popup.list.currentItem().text() == "Select all"
    qtbot.keyClick(popup.field, Qt.Key.Key_Return)
    assert bench.scene.selected_ids == ("base", "tau")


def test_find_reveals_a_node_by_its_path(window, bench, qtbot):
    window.declared_actions["find"].trigger()
    popup = window.links.searches.popup
    popup.field.setText("nowhere")
    qtbot.keyClick(popup.field, Qt.Key.Key_Return)
    assert bench.scene.selected_ids == ("base",)


def test_connect_by_list_makes_the_wire(window, bench, qtbot):
    bench.scene.wish_connect.emit(NodeId("tau"))
    popup = window.links.searches.popup
    popup.field.setText("tau.tuned")
    qtbot.keyClick(popup.field, Qt.Key.Key_Return)
    assert [str(wire.source) for wire in window.session.document.wires_into(NodeId("tau"), "tuned")] == ["base.checkpoint"]


def test_run_with_problems_leads_to_them(window, bench, qtbot):
    with qtbot.waitSignal(bench.checker.changed, timeout=20_000, check_params_cb=lambda: bench.checker.summary is not None):
        bench.checker.check_now()
    window.declared_actions["run"].trigger()
    assert not bench.runs.is_running
    assert "problems that stop a run" in bench.status.currentMessage()


def test_theme_is_remembered_and_worn(window, bench, preferences):
    window.declared_actions["theme_light"].trigger()
    assert preferences.theme == "light"
    assert QApplication.instance().property("theme") == "light"
    window.declared_actions["theme_dark"].trigger()
    assert QApplication.instance().property("theme") == "dark"


def test_guide_opens_at_the_selected_nodes_page(window, bench):
    bench.scene.select([NodeId("tau")])
    window.declared_actions["guide"].trigger()
    assert window.links.guide.text.toPlainText().startswith("Task vector")
    window.links.guide.close()


def test_hints_come_once(window, bench, preferences):
    window.session.new()
    bench.palette_panel.wanted.emit("checkpoint")
    card = window.links.hints.card
    assert not card.isHidden()
    card.hide()
    window.session.new()
    bench.palette_panel.wanted.emit("checkpoint")
    assert card.isHidden()


def test_every_control_has_an_accessible_name(window, bench):
    bench.scene.select([NodeId("tau")])
    controls = (
        "QPushButton",
        "QLineEdit",
        "QComboBox",
        "QSlider",
        "QTreeWidget",
        "QListWidget",
        "QTableWidget",
        "QPlainTextEdit",
        "QCheckBox",
    )
    nameless = [
        f"{widget.metaObject().className()} in {widget.parent().metaObject().className()}"
        for widget in window.findChildren(QWidget)
        if any(widget.inherits(kind) for kind in controls) and not (widget.accessibleName() or _text(widget))
        # What is hidden gets its words when it is shown.
        if not widget.objectName().startswith("qt_") and not widget.parentWidget().isHidden()
    ]
    assert nameless == []


def _text(widget):
    return widget.text() if hasattr(widget, "text") and not widget.inherits("QLineEdit") else ""


def test_a_second_search_takes_the_place_of_the_first(window, bench, qtbot):
    window.declared_actions["add_node"].trigger()
    window.declared_actions["commands"].trigger()
    qtbot.wait(20)
    assert window.links.searches.popup.field.placeholderText() == "Do anything"
    window.links.searches.popup.close()
    assert window.links.searches.popup is None


def test_templates_page_leads_back_to_the_open_graph(window, bench):
    window.declared_actions["templates"].trigger()
    assert window.stack.currentWidget() is window.welcome
    window.welcome.back.click()
    assert window.stack.currentWidget() is bench


def test_a_crashed_sessions_changes_are_offered(qtbot, answers, preferences, left_behind, small_graph):
    folder = left_behind(small_graph)
    window = MainWindow(preferences, folder)
    qtbot.addWidget(window, before_close_func=lambda window: window.session.new())
    answers.left = [QMessageBox.StandardButton.Open]
    window.offer_recoveries()
    assert answers.asked == ["Recover unsaved changes?"]
    assert window.session.document.title == "Small"
    assert window.session.is_modified


def test_an_export_asks_before_it_is_replaced(window, bench, answers, tmp_path):
    bench.checker.summary = CheckSummary((), formulas={}, parameters={}, targets={NodeId("out"): tmp_path})
    answers.left = [False, True]
    control = window.links.control
    assert not control._may_replace()
    assert control._may_replace()
    assert control._may_replace(), "asked once for each folder"
    assert answers.asked == ["Before the run: Overwrite"] * 2


def test_save_as_asks_for_a_file_and_gives_it_the_ending(window, preferences, bench, tmp_path, monkeypatch):
    chosen = ["", str(tmp_path / "mine")]
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_asked: (chosen.pop(0), ""))
    assert not window.files.save_as(), "the user thought better of it"
    assert window.session.path is None
    window.declared_actions["save_as"].trigger()
    assert window.session.path == tmp_path / "mine.loom"
    assert load_document(tmp_path / "mine.loom") == window.session.document
    assert preferences.recent == (tmp_path / "mine.loom",)


def test_a_recent_graph_opens_from_the_welcome_page(window, preferences, file, qtbot):
    preferences.add_recent(file)
    window.show_welcome()
    (button,) = [one for one in window.welcome.findChildren(QPushButton) if one.accessibleName() == "Open small.loom"]
    button.click()
    assert window.session.path == file
    assert window.stack.currentWidget() is window.workbench


def test_a_graph_that_can_t_be_saved_says_so_and_stays_changed(window, answers, file):
    window.files.open(file)
    window.session.apply("Title", lambda document: set_title(document, "New"))
    window.session.path.unlink()
    window.session.path.mkdir()
    answers.left = [None]
    assert not window.files.save()
    assert answers.asked == ["The graph can’t be saved"]
    assert window.session.is_modified


def test_what_the_view_menu_chooses_is_done_and_remembered(window, bench, preferences):
    for choice in ("mouse", "touchpad", "auto"):
        window.declared_actions[f"wheel_{choice}"].trigger()
        assert (bench.view.wheel_mode, preferences.wheel) == (choice, choice)
    for is_on in (False, True):
        window.declared_actions["minimap"].setChecked(is_on)
        window.declared_actions["live_figures"].setChecked(is_on)
        assert (bench.view.minimap.isHidden(), preferences.shows_minimap) == (not is_on, is_on)
        assert (bench.live.is_on, preferences.shows_live) == (is_on, is_on)


def test_a_missing_file_is_looked_for_and_set_as_one_step(window, tmp_path, monkeypatch):
    window.session.new(Document(nodes={NodeId("b"): Node("checkpoint", {"source": "gone"})}))
    window.session.save(tmp_path / "g.loom")
    before = window.session.document
    window.open_workbench()
    problem = error("There is no such folder.", node="b", field="source")
    (mend,) = find_mends(window.session.document, problem)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path / "models" / "base"))
    window.links.mend(problem, mend)
    assert window.session.document.nodes[NodeId("b")].parameters["source"] == "models/base"
    window.session.undo_stack.undo()
    assert window.session.document == before
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "")
    window.links.mend(problem, mend)
    assert not window.session.is_modified


@pytest.mark.parametrize(("height", "least"), [(800, 260), (1200, 340)])
def test_panels_below_the_canvas_have_room_for_figures(window, small_graph, height, least):
    window.resize(1600, height)
    window.session.new(small_graph)
    window.show()
    below = window.open_workbench().docks["problems"]
    QApplication.processEvents()
    assert least <= below.height() <= 0.4 * height
