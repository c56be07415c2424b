"""Every widget that one can come to, and every one that shows something, has a name for those who do not see it."""

import pytest
from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDialog,
    QDockWidget,
    QGraphicsView,
    QHeaderView,
    QLabel,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QProgressBar,
    QScrollBar,
    QTabBar,
    QTextEdit,
    QWidget,
)

from app.canvas.minimap import Minimap
from app.canvas.node_state import NodeState, StateKind
from app.canvas.wishes import MenuWish, SearchWish
from app.template_dialog import TemplateDialog
from app.templates import TEMPLATES, load_template
from app.widgets.curve_plot import CurvePlot
from app.widgets.search_popup import SearchPopup
from app.widgets.sketch_picture import SketchPicture
from engine.catalogue import catalogue
from engine.document.edits import connect
from engine.document.model import Document, Node, NodeId, PortRef, Wire

TELLING = (
    QAbstractButton, QAbstractItemView, QAbstractSlider, QAbstractSpinBox, QComboBox, QDialog, QDockWidget, QGraphicsView, QLineEdit, QMenu,
    QPlainTextEdit, QProgressBar, QTextEdit, CurvePlot, SketchPicture, Minimap, SearchPopup,
)  # fmt: skip
PARTS_OF_QT = (QScrollBar, QHeaderView, QTabBar)
"""They belong to what they are part of, which has a name; Qt tells what they are."""
ALL = Document("Everything", {NodeId(name): Node(name, label=f"My {name}") for name in catalogue()})


def name_of(widget):
    return QAccessible.queryAccessibleInterface(widget).text(QAccessible.Text.Name)


def is_to_be_named(widget):
    if isinstance(widget, PARTS_OF_QT) or widget.focusProxy() is not None:
        return False
    if isinstance(widget.parentWidget(), QAbstractSpinBox) and isinstance(widget, QLineEdit):
        return False
    # What a label says is its name; one that says nothing is nothing.
    is_silent = isinstance(widget, QLabel) and not widget.text()
    return isinstance(widget, TELLING) or (widget.focusPolicy() != Qt.FocusPolicy.NoFocus and not is_silent)


def find_unnamed(root):
    found = [widget for widget in (root, *root.findChildren(QWidget)) if widget.isVisibleTo(root) and is_to_be_named(widget)]
    assert found, "nothing was looked at"
    return [_describe(widget) for widget in found if not name_of(widget)]


def _describe(widget):
    chain = []
    while widget is not None:
        chain.append(f"{type(widget).__name__}({widget.objectName()})")
        widget = widget.parentWidget()
    return " in ".join(chain)


@pytest.fixture
def window(dark, make_window):
    return make_window()


@pytest.fixture
def bench(window):
    window.session.new(ALL)
    return window.open_workbench()


def test_the_guard_sees_an_unnamed_widget(qtbot):
    page = QWidget()
    qtbot.addWidget(page)
    QLineEdit(page)
    assert find_unnamed(page) == ["QLineEdit() in QWidget()"]


def test_the_welcome_page_is_named(window):
    assert find_unnamed(window) == []


def test_the_workbench_is_named_whatever_panel_is_in_front(window, bench):
    assert len(bench.docks) > 6
    for name, dock in bench.docks.items():
        bench.show_panel(name)
        assert dock.widget().isVisibleTo(window)
        assert find_unnamed(window) == [], name


def test_the_inspector_names_every_field_of_every_operation(bench):
    for operation in catalogue():
        bench.scene.select([NodeId(operation)])
        assert find_unnamed(bench.inspector) == [], operation


def test_menus_are_named_and_every_entry_says_something(bench):
    menus = [bench.menu, *bench.menu.findChildren(QMenu)]
    assert len(menus) > 6
    assert [menu.title() for menu in menus if not name_of(menu)] == []
    assert not [menu.title() for menu in menus for entry in menu.actions() if not entry.isSeparator() and not entry.text()]


def test_context_menus_are_named(bench, qtbot):
    names = []

    def look():
        menu = QApplication.activePopupWidget()
        names.append(name_of(menu))
        menu.close()

    for begin in (
        lambda: bench.scene.wish_menu.emit(MenuWish((0.0, 0.0), NodeId("negate"))),
        lambda: bench.scene.wish_menu.emit(MenuWish((0.0, 0.0))),
        bench.top_bar.device.click,
    ):
        QTimer.singleShot(0, look)
        begin()
    assert names == ["What can be done here", "What can be done here", "Device"]


def test_searches_are_named(window, bench):
    searches = window.links.searches
    opened = []
    for begin in (
        lambda: bench.scene.wish_search.emit(SearchWish((0.0, 0.0))),
        lambda: searches.search_nodes(print),
        lambda: searches.search_actions(window.declared_actions),
        lambda: searches.search_connections(QPoint(0, 0), NodeId("negate")),
    ):
        begin()
        opened.append(searches.popup.accessibleName())
        assert find_unnamed(searches.popup) == []
        searches.popup.close()
    assert len(set(opened)) == 4


def test_the_guide_is_named(window, bench):
    window.links.show_guide("negate")
    assert find_unnamed(window.links.guide) == []
    window.links.guide.close()


def test_a_template_s_dialog_names_every_role(qtbot):
    for template in TEMPLATES:
        dialog = TemplateDialog(template, load_template(template))
        qtbot.addWidget(dialog)
        assert find_unnamed(dialog) == []


def test_a_refusal_is_named(bench):
    bench.view.bubble.show_reason("A vector goes in here.", QPoint(5, 5), "Insert a Task vector node", lambda: None)
    assert find_unnamed(bench.view.bubble) == []
    bench.view.bubble.hide()


def test_the_canvas_says_what_is_selected(bench):
    view, scene = bench.view, bench.scene
    assert view.accessibleName() == "Canvas"
    assert view.accessibleDescription().startswith(f"{len(ALL.nodes)} nodes and 0 wires.")
    scene.select([NodeId("negate")])
    assert view.accessibleName() == "Canvas: My negate, Negate"
    assert view.accessibleDescription().endswith("vector not connected; vector not connected")
    scene.select([NodeId("negate"), NodeId("scale")])
    assert view.accessibleName() == "Canvas: 2 nodes are selected"
    assert view.accessibleDescription() == "My negate, My scale"


def test_the_canvas_says_how_far_the_selected_node_is_and_what_it_is_joined_to(window, bench):
    bench.scene.select([NodeId("scale")])
    bench.scene.set_problems(())
    wire = Wire(PortRef(NodeId("negate"), "vector"), PortRef(NodeId("scale"), "vector"))
    window.session.apply("wire", lambda document: connect(document, wire))
    window.links.voice.refresh()
    assert bench.view.accessibleDescription() == "vector from My negate; vector not connected"
    bench.scene.set_states({NodeId("scale"): NodeState(StateKind.RUNNING, 0.5, "3 s left")})
    window.links.voice.refresh()
    assert bench.view.accessibleDescription().startswith("running, 50%, 3 s left; ")
