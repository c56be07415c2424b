"""The small widgets announce what the user does, and nothing else."""

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QIcon, QWheelEvent
from PySide6.QtWidgets import QApplication, QComboBox

from app.widgets.calm_wheel import CalmWheel
from app.widgets.decimal_field import DecimalField
from app.widgets.list_editor import ListEditor
from app.widgets.path_field import PathField, shorten_path
from app.widgets.search_popup import Entry, SearchPopup
from app.widgets.slider_field import SliderField


def record(signal):
    heard = []
    signal.connect(lambda *news: heard.append(news))
    return heard


def test_decimal_field_announces_what_is_typed_once(qtbot):
    field = DecimalField((-1, 1))
    qtbot.addWidget(field)
    heard = record(field.number_entered)
    field.show_number(0.5)
    assert heard == []
    field.selectAll()
    qtbot.keyClicks(field, "0.25")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert heard == [(0.25,)]


def test_decimal_field_marks_what_it_will_not_take(qtbot):
    field = DecimalField((-1, 1))
    qtbot.addWidget(field)
    field.show_number(0.5)
    field.selectAll()
    qtbot.keyClicks(field, "7")
    assert field.property("wrong")
    qtbot.keyClick(field, Qt.Key.Key_Escape)
    assert (field.text(), bool(field.property("wrong"))) == ("0.5", False)


def test_decimal_field_steps_within_its_bounds(qtbot):
    field = DecimalField((0, 1), step=0.3)
    qtbot.addWidget(field)
    field.show_number(0.5)
    heard = record(field.number_entered)
    for _ in range(3):
        qtbot.keyClick(field, Qt.Key.Key_Up)
    assert heard == [(0.8,), (1,)]


def test_a_drag_of_the_slider_is_one_gesture_and_the_next_another(qtbot):
    slider = SliderField((-10, 10), "Strength")
    qtbot.addWidget(slider)
    slider.show_number(0.5)
    heard = record(slider.number_changed)
    for places in ((110, 120), (130,)):
        slider.slider.setSliderDown(True)
        for place in places:
            slider.slider.setValue(place)
        slider.slider.setSliderDown(False)
    assert [number for number, _ in heard] == [0.55, 0.6, 0.65]
    assert heard[0][1] == heard[1][1] != heard[2][1]


def test_slider_widens_for_a_value_outside_its_usual_range(qtbot):
    slider = SliderField((-10, 10), "Strength")
    qtbot.addWidget(slider)
    slider.show_number(-7)
    assert slider.field.text() == "-7"
    assert slider.slider.value() == 30


def test_list_editor_adds_changes_moves_and_removes(qtbot):
    editor = ListEditor("Tensors", "*", lambda _name: QIcon())
    qtbot.addWidget(editor)
    editor.show_texts(["a", "b"])
    heard = record(editor.texts_changed)
    editor.list.setCurrentRow(1)
    editor._add()
    editor.list.item(2).setText("c")
    editor._move(-1)
    editor.list.setCurrentRow(0)
    editor._remove()
    assert [texts for (texts,) in heard] == [["a", "b", "*"], ["a", "b", "c"], ["a", "c", "b"], ["c", "b"]]


@pytest.mark.parametrize(("path", "text"), [("/home/me/models/a", "models/a"), ("/mnt/a", "/mnt/a"), ("/home/me", ".")])
def test_paths_are_relative_where_they_lie_in_the_folder(path, text):
    assert shorten_path(Path(path), Path("/home/me")) == text


def test_path_field_announces_another_path_once(qtbot, tmp_path):
    field = PathField("either", "Source", lambda: tmp_path)
    qtbot.addWidget(field)
    heard = record(field.path_entered)
    field.show_path("a")
    qtbot.keyClicks(field.field, "b")
    qtbot.keyClick(field.field, Qt.Key.Key_Return)
    field.field.editingFinished.emit()
    assert heard == [("ab",)]


def test_search_narrows_walks_and_chooses(qtbot):
    popup = SearchPopup("Find", [Entry(name, name.title()) for name in ("apple", "pear", "peach")], QColor("grey"))
    qtbot.addWidget(popup)
    chosen, cancelled = record(popup.chosen), record(popup.cancelled)
    popup.open_at(QPoint(0, 0))
    qtbot.keyClicks(popup.field, "pe")
    qtbot.keyClick(popup.field, Qt.Key.Key_Down)
    qtbot.keyClick(popup.field, Qt.Key.Key_Return)
    assert (chosen, cancelled) == ([("peach",)], [])


def test_search_closed_without_a_choice_says_so(qtbot):
    popup = SearchPopup("Find", [Entry("a", "A")], QColor("grey"))
    qtbot.addWidget(popup)
    chosen, cancelled = record(popup.chosen), record(popup.cancelled)
    popup.open_at(QPoint(0, 0))
    popup.close()
    assert (chosen, cancelled) == ([], [()])


def test_the_wheel_leaves_a_field_alone_that_has_no_focus(qtbot):
    combo = QComboBox()
    qtbot.addWidget(combo)
    combo.addItems(["a", "b"])
    calm = CalmWheel(combo)
    calm.watch(combo)
    down = QPoint(0, -120)
    wheel = QWheelEvent(
        QPointF(1, 1),
        QPointF(1, 1),
        QPoint(),
        down,
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(combo, wheel)
    assert combo.currentIndex() == 0
