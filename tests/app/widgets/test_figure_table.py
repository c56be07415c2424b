"""A table of figures keeps its layout while figures move, and nothing stands between its scroll bars."""

import pytest
from PySide6.QtCore import QPoint, QRect

from app.theme import style_sheet, tokens
from app.widgets.figure_table import FigureTable


@pytest.fixture
def table(qtbot):
    made = FigureTable("Figures")
    qtbot.addWidget(made)
    made.resize(260, 160)
    return made


def show(table, count):
    head = ("", *(f"column {number}" for number in range(count)))
    table.show_lines(head, [(f"line {number}", *(f"{number}.{column}" for column in range(count))) for number in range(count)])


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_nothing_is_painted_between_the_scroll_bars(table, theme, qtbot):
    table.setStyleSheet(style_sheet(tokens(theme)))
    show(table, 30)
    with qtbot.waitExposed(table):
        table.show()
    right, below = table.verticalScrollBar(), table.horizontalScrollBar()
    assert right.isVisible()
    assert below.isVisible()
    place = QPoint(right.mapTo(table, QPoint(0, 0)).x(), below.mapTo(table, QPoint(0, 0)).y())
    image = table.grab(QRect(place, table.rect().bottomRight())).toImage()
    assert image.width() > 5
    assert len({image.pixel(x, y) for x in range(image.width()) for y in range(image.height())}) == 1


def test_moving_figures_leave_the_layout_alone(table):
    resets = []
    table.model().modelReset.connect(lambda: resets.append(1))
    show(table, 3)
    table.show_lines(("", "column 0", "column 1", "column 2"), [(f"line {number}", "7", "8", "9") for number in range(3)])
    assert len(resets) == 1
    assert table.model().data(table.model().index(1, 1)) == "8"
