"""What has no room beside the others goes into the next line."""

import pytest
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from app.widgets.flow_layout import FlowLayout


@pytest.fixture
def row(qtbot):
    made = QWidget()
    qtbot.addWidget(made)
    layout = FlowLayout(made, 4)
    for width in (100, 60, 80):
        widget = QWidget()
        widget.setFixedSize(width, 20)
        layout.addWidget(widget)
    return made


def places(row):
    layout = row.layout()
    layout.setGeometry(row.rect())
    return [layout.itemAt(index).geometry().getRect() for index in range(layout.count())]


@pytest.mark.parametrize(
    ("width", "wanted"),
    [
        (300, [(0, 0, 100, 20), (104, 0, 60, 20), (168, 0, 80, 20)]),
        (248, [(0, 0, 100, 20), (104, 0, 60, 20), (168, 0, 80, 20)]),
        (247, [(0, 0, 100, 20), (104, 0, 60, 20), (0, 24, 80, 20)]),
        (110, [(0, 0, 100, 20), (0, 24, 60, 20), (0, 48, 80, 20)]),
    ],
)
def test_lines_are_as_full_as_can_be(row, width, wanted):
    row.resize(width, 100)
    assert places(row) == wanted
    assert row.heightForWidth(width) == max(y + height for _, y, _, height in wanted)


def test_the_highest_of_a_line_keeps_the_next_one_away(row):
    row.layout().itemAt(0).widget().setFixedHeight(50)
    row.resize(170, 100)
    assert [y for _, y, _, _ in places(row)] == [0, 0, 54]


def test_what_is_wider_than_the_line_is_as_wide_as_that(row):
    row.layout().addWidget(QLabel("a very long word of many letters" * 5))
    row.resize(110, 200)
    assert places(row)[-1][:3] == (0, 72, 110)


def test_a_page_gives_it_the_height_that_its_lines_take(row, qtbot):
    page = QWidget()
    qtbot.addWidget(page)
    column = QVBoxLayout(page)
    column.setContentsMargins(0, 0, 0, 0)
    column.addWidget(row)
    column.addStretch(1)
    page.resize(170, 200)
    page.show()
    assert row.height() == 44
    page.resize(300, 200)
    column.activate()
    assert row.height() == 20
    row.setParent(None)


def test_what_is_taken_out_is_gone(row):
    layout = row.layout()
    assert layout.takeAt(3) is None
    layout.takeAt(0).widget().hide()
    row.resize(300, 100)
    assert places(row) == [(0, 0, 60, 20), (64, 0, 80, 20)]
    assert layout.sizeHint().width() == 144
