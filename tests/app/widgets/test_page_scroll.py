"""A page that is too high can be scrolled, and what a screen reader is told of it does not depend on that."""

import pytest
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QScrollBar, QWidget

from app.widgets.page_scroll import BAR_WIDTH, PageScroll


@pytest.fixture
def scroll(qtbot):
    page = QWidget()
    page.setMinimumHeight(50)
    made = PageScroll("Page", page)
    qtbot.addWidget(made)
    made.resize(200, 100)
    made.show()
    return made


def find_bar(scroll):
    (bar,) = (bar for bar in scroll.findChildren(QScrollBar) if bar.parent() is scroll)
    return bar


def test_a_bar_comes_and_goes_with_the_need_for_it(scroll, qtbot):
    assert not find_bar(scroll).isVisible()
    scroll.widget().setMinimumHeight(300)
    assert find_bar(scroll).isVisible()
    assert find_bar(scroll).maximum() == 300 - scroll.viewport().height()
    scroll.widget().setMinimumHeight(50)
    qtbot.waitUntil(lambda: not find_bar(scroll).isVisible())


def test_the_page_is_as_wide_with_a_bar_as_without(scroll):
    width = scroll.widget().width()
    scroll.widget().setMinimumHeight(300)
    assert scroll.widget().width() == width == scroll.viewport().width()
    assert find_bar(scroll).geometry().right() == scroll.contentsRect().right()
    assert find_bar(scroll).geometry().size().toTuple() == (BAR_WIDTH, scroll.contentsRect().height())


def test_bar_and_page_move_each_other(scroll):
    scroll.widget().setMinimumHeight(300)
    find_bar(scroll).setValue(40)
    assert scroll.widget().y() == -40
    scroll.ensureVisible(0, 299)
    assert find_bar(scroll).value() == find_bar(scroll).maximum() > 40


def test_to_a_screen_reader_no_bar_comes_or_goes_among_the_children(scroll):
    def count():
        return QAccessible.queryAccessibleInterface(scroll).childCount()

    before = count()
    scroll.widget().setMinimumHeight(300)
    assert find_bar(scroll).isVisible()
    assert count() == before == 1
    scroll.hide()
    assert count() == 1
