"""The square of pairs tells every figure in its cell, in colour, on hover and to a spreadsheet."""

import math

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QStyle, QStyleOptionViewItem

from app.theme import apply_theme, current_tokens
from app.widgets.pair_table import PairTable

NAMES = ("cats", "dogs", "a very long name of a vector of horses")
VALUES = ((0.5, 0.25, math.nan), (0.25, -1.0, 0.0), (math.nan, 0.0, 0.123456789))


@pytest.fixture
def table(qtbot):
    made = PairTable()
    qtbot.addWidget(made)
    made.show_values(NAMES, VALUES, is_share=True)
    return made


def lightness(table, row, column):
    return table.item(row, column).background().color().lightness()


def test_every_cell_holds_its_own_figure(table):
    shown = [[table.item(row, column).text() for column in range(3)] for row in range(3)]
    assert shown == [["50%", "25%", "–"], ["25%", "−100%", "0%"], ["–", "0%", "12%"]]


def test_what_is_no_share_is_told_with_three_digits(table):
    table.show_values(NAMES[:2], ((12.345, 0.5), (0.5, 1e-5)), is_share=False)
    assert (table.rowCount(), table.columnCount()) == (2, 2)
    assert [table.item(0, 0).text(), table.item(1, 1).text()] == ["12.3", "1e−05"]


def test_rows_and_columns_are_called_by_their_whole_names(table):
    for header in (table.horizontalHeaderItem, table.verticalHeaderItem):
        assert [header(number).text() for number in range(3)] == list(NAMES)
        assert header(2).toolTip() == NAMES[2]


def test_hovering_names_the_pair_and_a_single_thing_once(table):
    assert table.item(0, 1).toolTip() == "cats + dogs: 25%"
    assert table.item(1, 0).toolTip() == "dogs + cats: 25%"
    assert table.item(0, 0).toolTip() == "cats: 50%"
    assert table.item(0, 2).toolTip().endswith("not measured yet")


def test_larger_figures_have_stronger_colours_and_unknown_ones_none(table):
    bare = lightness(table, 1, 2)
    distances = [abs(lightness(table, *cell) - bare) for cell in ((0, 1), (0, 0), (1, 1))]
    assert 0 < distances[0] < distances[1] < distances[2]
    assert table.item(0, 0).background().color() != table.item(1, 1).background().color()


def test_a_square_of_nothing_but_unknowns_is_shown(table):
    table.show_values(("one",), ((math.nan,),), is_share=True)
    assert table.item(0, 0).text() == "–"


def test_colours_follow_the_theme(table, dark, qapp):
    table.restyle()
    before = lightness(table, 1, 2)
    apply_theme(qapp, "light")
    table.restyle()
    assert lightness(table, 1, 2) > before
    assert table.item(0, 1).text() == "25%"


def paint(table, state):
    """Return how the cell of 50 % is painted in a state."""
    option = QStyleOptionViewItem()
    option.initFrom(table)
    option.rect, option.font = QRect(0, 0, 60, 30), table.font()
    option.state = QStyle.StateFlag.State_Enabled | state
    image = QImage(60, 30, QImage.Format.Format_ARGB32)
    image.fill(current_tokens().panel)
    painter = QPainter(image)
    table.itemDelegate().paint(painter, option, table.model().index(0, 0))
    painter.end()
    return image


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("state", ["State_MouseOver", "State_Selected", "State_HasFocus"])
def test_what_is_hovered_chosen_or_under_the_keyboard_keeps_its_colour_and_is_outlined(table, dark, qapp, theme, state):
    """The style sheet's colours of hovered and chosen lines took the place of the heat."""
    apply_theme(qapp, theme)
    table.restyle()
    bare, marked = paint(table, QStyle.StateFlag.State_None), paint(table, QStyle.StateFlag[state])
    heat = table.item(0, 0).background().color()
    assert marked.pixelColor(8, 8) == bare.pixelColor(8, 8) == heat
    assert bare.pixelColor(0, 0) == heat
    assert current_tokens().accent in [marked.pixelColor(x, 0) for x in range(60)]


def test_a_clicked_cell_keeps_its_colour(table, dark, qtbot):
    table.restyle()
    table.resize(400, 200)
    with qtbot.waitExposed(table):
        table.show()
    place = table.visualItemRect(table.item(0, 0))
    QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place.center())
    QTest.keyClick(table, Qt.Key.Key_Right)
    QTest.keyClick(table, Qt.Key.Key_Left)
    assert table.item(0, 0).isSelected()
    seen = table.viewport().grab().toImage()
    assert seen.pixelColor(place.topLeft() + QPoint(8, 6)) == table.item(0, 0).background().color()


def test_nothing_can_be_written_into_it(table, qtbot):
    with qtbot.waitExposed(table):
        table.show()
    place = table.visualItemRect(table.item(0, 0)).center()
    QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    QTest.mouseDClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    # Else the button stays down for the tests that follow.
    QTest.mouseRelease(table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    QTest.keyClick(table, Qt.Key.Key_9)
    assert table.findChild(QLineEdit) is None
    assert table.item(0, 0).text() == "50%"


def test_a_spreadsheet_gets_every_digit_that_counts_and_gaps_where_nothing_is_known(table):
    assert table.text(",").splitlines() == [
        ",cats,dogs,a very long name of a vector of horses",
        "cats,0.5,0.25,",
        "dogs,0.25,-1,0",
        "a very long name of a vector of horses,,0,0.123457",
    ]
