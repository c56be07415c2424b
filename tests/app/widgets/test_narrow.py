"""Words that are longer than their place: nothing grows, and all of it can be had."""

import pytest
from PySide6.QtCore import QEvent, QPoint
from PySide6.QtGui import QHelpEvent

from app.widgets.narrow_button import NarrowButton
from app.widgets.narrow_choice import NarrowChoice
from app.widgets.narrow_label import NarrowLabel

LONG = "a rather long sentence that no panel has room for, " * 4


@pytest.fixture(params=[NarrowButton, NarrowChoice, NarrowLabel])
def narrow(request, qtbot):
    made = NarrowChoice("Which") if request.param is NarrowChoice else request.param()
    made.addItem(LONG) if request.param is NarrowChoice else made.setText(LONG)
    qtbot.addWidget(made)
    return made


def test_long_words_ask_for_no_room(narrow):
    assert narrow.minimumSizeHint().width() <= 80
    narrow.resize(120, 30)


def test_a_choice_tells_its_line_on_hover(qtbot):
    made = NarrowChoice("Which")
    qtbot.addWidget(made)
    made.addItem("  " + LONG)
    made.event(QHelpEvent(QEvent.Type.ToolTip, QPoint(1, 1), QPoint(1, 1)))
    assert made.toolTip() == LONG.strip()
