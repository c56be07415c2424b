"""The picture of a heat map says what it shows."""

from dataclasses import replace

import numpy as np
import pytest

from app.widgets.heat_map import HeatMapPlot, HeatSquare
from app.widgets.heat_picture import HeatPicture
from tests.app.drawn_words import read_words

LONG = "dotted: within 3/√d = 0.05, could be chance, and much more that has no room beside the scale of the map " * 2
SQUARE = HeatSquare("Cosines, layer 3", ("a", "b", "c"), np.eye(3), legend=LONG)


@pytest.fixture
def plot(qtbot):
    made = HeatMapPlot(SQUARE)
    qtbot.addWidget(made)
    made.resize(300, 200)
    return made


def test_it_tells_its_title_and_its_whole_caption(plot):
    words = read_words(HeatPicture(plot))
    assert words[0] == "Cosines, layer 3"
    assert words[-1] == LONG


def test_a_caption_of_many_lines_makes_it_higher(plot):
    high = HeatPicture(plot).size()
    plot.show_square(replace(SQUARE, legend="short"))
    low = HeatPicture(plot).size()
    assert high.width() == low.width()
    assert high.height() > low.height() + 20


def test_on_the_screen_the_caption_is_cut_where_it_has_no_room(plot):
    words = read_words(plot)
    assert words[-1].endswith("…")
    assert LONG not in words
    assert "Cosines, layer 3" not in words


def test_without_figures_it_says_why(plot):
    plot.show_message("Nothing to see")
    assert read_words(HeatPicture(plot)) == ["Cosines, layer 3", "Nothing to see"]
