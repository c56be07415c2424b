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


@pytest.mark.parametrize(
    "lines",
    [
        ("Best strength, TIES · Figures by strength (λ)", "Best strength, sum · Figures by strength (λ)"),
        ("‖τ‖ by tensor of the vector Stripes", "‖τ‖ by tensor of the vector Dots"),
        ("A long beginning, then what differs and a long end of it all", "A long beginning, then what counts and a long end of it all"),
    ],
)
def test_what_tells_a_line_from_the_others_is_not_cut(qtbot, lines):
    made = NarrowChoice("Which")
    qtbot.addWidget(made)
    made.addItems(lines)
    room = made.fontMetrics().horizontalAdvance("Best strength, TIES · F…")
    shown = []
    for row in range(2):
        made.setCurrentIndex(row)
        shown.append(made.cut_line(room))
        assert made.fontMetrics().horizontalAdvance(shown[-1]) <= room
    assert shown[0] != shown[1]
    assert made.cut_line(1000) == lines[1]
