"""The palette offers every operation, finds them and hands them over."""

from PySide6.QtCore import Qt

from app.dragged_operation import OPERATION_MIME, pack_operation, unpack_operation
from app.panels.palette import PalettePanel
from engine.catalogue import catalogue
from engine.operation import Group


def operations(panel):
    rows = (panel.list.item(index).data(Qt.ItemDataRole.UserRole) for index in range(panel.list.count()))
    return [row for row in rows if row]


def test_every_operation_is_there_under_its_group(qtbot):
    panel = PalettePanel()
    qtbot.addWidget(panel)
    assert sorted(operations(panel)) == sorted(catalogue())
    headings = [panel.list.item(row).text() for row in range(panel.list.count()) if not panel.list.item(row).data(Qt.ItemDataRole.UserRole)]
    assert headings == [group.value for group in Group]


def test_search_narrows_and_enter_takes_the_first(qtbot):
    panel = PalettePanel()
    qtbot.addWidget(panel)
    wanted = []
    panel.wanted.connect(wanted.append)
    qtbot.keyClicks(panel.search, "nega")
    assert operations(panel) == ["negate"]
    qtbot.keyClick(panel.search, Qt.Key.Key_Return)
    assert wanted == ["negate"]


def test_a_search_for_nothing_says_so(qtbot):
    panel = PalettePanel()
    qtbot.addWidget(panel)
    panel.search.setText("zzzz")
    assert operations(panel) == []
    assert panel.list.count() == 1


def test_a_drag_carries_the_operation():
    packed = pack_operation("apply")
    assert packed.hasFormat(OPERATION_MIME)
    assert unpack_operation(packed) == "apply"
