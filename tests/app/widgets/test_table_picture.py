"""The picture of a table holds all of it, whatever is scrolled to."""

import pytest
from PySide6.QtGui import QFontMetricsF

from app.theme import font
from app.widgets.rank_table import RankTable
from app.widgets.table_picture import TablePicture
from app.word_table import Table
from tests.app.drawn_words import read_words

HEAD = ("helper", "gain\npoints", *(f"accuracy\nset {number}" for number in range(8)))
LINES = tuple((f"{row}  a helper", f"+{row}.5\nchance?", *(f"0.{row}{column}" for column in range(8))) for row in range(12))


@pytest.fixture
def table(qtbot):
    made = RankTable("Helpers")
    qtbot.addWidget(made)
    made.show_table(Table(HEAD, LINES), Table())
    return made


def test_every_name_and_figure_is_in_it(table):
    words = read_words(TablePicture(table, "Who helps most"))
    assert words[0] == "Who helps most"
    assert sorted(words[1:]) == sorted([*HEAD[1:], *(word for line in LINES for word in line)])


def test_its_size_is_that_of_the_table_and_not_of_the_screen(table):
    table.resize(120, 60)
    narrow = TablePicture(table, "Who helps most").size()
    table.resize(900, 600)
    assert TablePicture(table, "Who helps most").size() == narrow
    least = sum(QFontMetricsF(font("text")).horizontalAdvance("accuracy") for _ in range(8))
    assert narrow.width() > least
    assert narrow.height() > 12 * 2 * QFontMetricsF(font("mono")).height()


def test_a_long_title_is_whole(table):
    title = "Who helps " * 40
    assert TablePicture(table, title).size().width() > QFontMetricsF(font("title")).horizontalAdvance(title)


def test_a_table_of_nothing_has_a_picture(table):
    table.show_table(Table(), Table())
    assert read_words(TablePicture(table, "Nothing yet")) == ["Nothing yet"]
