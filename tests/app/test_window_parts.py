"""The keyboard comes to every part of the window that can be seen, and to nothing that can't."""

import pytest
from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QTabBar

from engine.document.model import Document, Node, NodeId

GRAPH = Document("Small", {NodeId("base"): Node("checkpoint", {"source": "nowhere"}, "Base", (0, 0)), NodeId("tau"): Node("task_vector")})
BEHIND_ONE = ("similarity", "weight_map", "metrics", "run", "outline", "log")
MOST_STEPS = 80


@pytest.fixture
def window(dark, make_window, qtbot):
    """A window with a graph, shown."""
    made = make_window()
    with qtbot.waitExposed(made):
        made.show()
    made.session.new(GRAPH)
    made.open_workbench()
    made.activateWindow()
    qtbot.waitUntil(made.workbench.view.hasFocus)
    return made


@pytest.fixture
def bench(window):
    """Its workbench."""
    return window.workbench


def press(key, modifier=Qt.KeyboardModifier.NoModifier):
    QTest.keyClick(QApplication.focusWidget(), key, modifier)
    QCoreApplication.processEvents()


def bring_forward(bench, name, qtbot):
    bench.show_panel(name)
    qtbot.waitUntil(lambda: bench.docks[name].is_in_front)


def tab_bar(bench):
    return next(bar for bar in bench.findChildren(QTabBar) if bar.parentWidget() is bench and bar.count() > len(BEHIND_ONE))


def part_of(bench, widget):
    """The name of the part that a widget lies in."""
    if widget is bench.view:
        return "canvas"
    return next((name for name, dock in bench.docks.items() if dock.isAncestorOf(widget)), "elsewhere")


def focused_part(bench):
    return part_of(bench, QApplication.focusWidget())


@pytest.mark.parametrize("front", ["similarity", "weight_map", "problems"])
def test_tab_never_comes_to_a_panel_behind_another(bench, qtbot, front):
    bring_forward(bench, front, qtbot)
    seen = set()
    for _ in range(MOST_STEPS):
        # The canvas keeps Tab for its search: the other way around it is left.
        press(Qt.Key.Key_Tab, Qt.KeyboardModifier.ShiftModifier)
        seen.add(focused_part(bench))
    assert {"canvas", "palette", "inspector"} <= seen
    assert not seen & set(bench.docks) - {"palette", "inspector", front}


@pytest.mark.parametrize("is_forward", [True, False])
def test_tab_leads_through_one_part_after_the_other_with_the_tabs_before_their_panel(bench, qtbot, is_forward):
    bring_forward(bench, "similarity", qtbot)
    bench.scene.select([NodeId("base")])
    bench.palette_panel.findChild(QLineEdit).setFocus()
    seen = []
    for _ in range(MOST_STEPS):
        press(Qt.Key.Key_Tab, Qt.KeyboardModifier.NoModifier if is_forward else Qt.KeyboardModifier.ShiftModifier)
        place = "tabs" if tab_bar(bench).hasFocus() else focused_part(bench)
        seen += [place] if seen[-1:] != [place] else []
        if place == ("canvas" if is_forward else "palette"):
            break
    forward = ["palette", "inspector", "tabs", "similarity", "elsewhere", "canvas"]
    assert seen == (forward if is_forward else [*reversed(forward[1:]), "palette"])


def test_keys_of_the_canvas_do_not_count_on_the_button_of_the_menus(bench):
    bench.top_bar.brand.setFocus()
    press(Qt.Key.Key_Tab)
    assert QApplication.activePopupWidget() is None
    assert bench.top_bar.isAncestorOf(QApplication.focusWidget())
    assert not bench.top_bar.brand.hasFocus()


def test_a_panel_behind_another_is_hidden_and_comes_back(bench, qtbot):
    bring_forward(bench, "similarity", qtbot)
    assert bench.similarity.isVisible()
    assert not any(bench.docks[name].panel.isVisible() for name in ("problems", *BEHIND_ONE) if name != "similarity")
    height = bench.docks["similarity"].height()
    bring_forward(bench, "log", qtbot)
    assert bench.log.isVisible()
    assert not bench.similarity.isVisible()
    assert bench.docks["log"].height() == height


def test_a_floating_panel_is_no_panel_behind(bench, qtbot):
    bring_forward(bench, "metrics", qtbot)
    bench.docks["weight_map"].setFloating(True)
    qtbot.waitUntil(bench.weight_map.isVisible)
    assert bench.docks["weight_map"].is_in_front
    bench.docks["weight_map"].setFloating(False)
    qtbot.waitUntil(lambda: bench.weight_map.isVisible() is bench.docks["weight_map"].is_in_front)
    assert sum(bench.docks[name].panel.isVisible() for name in ("problems", *BEHIND_ONE)) == 1


def test_keys_of_a_panel_that_goes_behind_go_to_the_canvas(bench, qtbot):
    bring_forward(bench, "similarity", qtbot)
    bench.walk(forward=True)
    while focused_part(bench) != "similarity":
        bench.walk(forward=True)
    bring_forward(bench, "problems", qtbot)
    qtbot.waitUntil(bench.view.hasFocus)


def test_f6_leads_through_the_parts_and_shift_f6_back(bench, qtbot):
    bring_forward(bench, "similarity", qtbot)
    seen = []
    for key in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier):
        for _ in range(4):
            press(Qt.Key.Key_F6, key)
            seen.append(focused_part(bench))
    assert seen == ["inspector", "similarity", "palette", "canvas", "palette", "similarity", "inspector", "canvas"]


def test_f6_comes_back_to_where_the_keyboard_was_in_a_part(bench, qtbot):
    bring_forward(bench, "outline", qtbot)
    bench.scene.select([NodeId("base")])
    press(Qt.Key.Key_F6)
    press(Qt.Key.Key_Tab)
    there = QApplication.focusWidget()
    assert part_of(bench, there) == "inspector"
    press(Qt.Key.Key_F6, Qt.KeyboardModifier.ShiftModifier)
    press(Qt.Key.Key_F6)
    assert QApplication.focusWidget() is there


@pytest.mark.parametrize("key", [Qt.Key.Key_Tab, Qt.Key.Key_F6])
def test_from_the_tabs_the_keyboard_goes_into_the_panel_just_chosen(bench, qtbot, key):
    bar = tab_bar(bench)
    bar.setFocus(Qt.FocusReason.TabFocusReason)
    for name in ("similarity", "weight_map"):
        bar.setFocus(Qt.FocusReason.TabFocusReason)
        press(Qt.Key.Key_Right)
        qtbot.waitUntil(lambda name=name: bench.docks[name].is_in_front)
        assert bar.hasFocus()
        press(key)
        assert focused_part(bench) == name


def test_shift_f6_from_the_tabs_goes_to_the_part_before_the_panel(bench):
    tab_bar(bench).setFocus(Qt.FocusReason.TabFocusReason)
    press(Qt.Key.Key_F6, Qt.KeyboardModifier.ShiftModifier)
    assert focused_part(bench) == "inspector"


def test_closed_panels_are_passed_by_and_the_welcome_page_has_no_parts(window, bench):
    bench.docks["inspector"].close()
    bench.docks["palette"].close()
    press(Qt.Key.Key_F6)
    assert focused_part(bench) == "problems"
    press(Qt.Key.Key_F6)
    assert focused_part(bench) == "canvas"
    window.show_welcome()
    before = QApplication.focusWidget()
    window.declared_actions["next_part"].trigger()
    assert QApplication.focusWidget() is before
