"""A heat map paints what is known, what is estimated and what is neither, and is walked by keys."""

import math
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt

from app.theme import current_theme
from app.widgets.heat_colours import cell_colours
from app.widgets.heat_map import HeatMapPlot, HeatSquare
from app.widgets.picture_saving import make_image, save_picture

VALUES = np.array([[1.0, 0.5, math.nan], [0.5, 1.0, -0.8], [math.nan, -0.8, 1.0]])
NAMES = ("a", "b", "c")


@pytest.fixture
def plot(qtbot):
    made = HeatMapPlot(HeatSquare("Cosines"))
    qtbot.addWidget(made)
    made.resize(420, 220)
    made.show_square(HeatSquare("Cosines", NAMES, VALUES, tell=lambda row, column: f"{NAMES[row]} · {NAMES[column]}"))
    return made


def colours(plot, row, column):
    image, rect = make_image(plot), plot.cell_rect(row, column)
    ratio = image.devicePixelRatio()
    places = [(x, y) for x in range(2, int(rect.width()) - 2) for y in (3, 5, 7)]
    return [image.pixelColor(round((rect.left() + x) * ratio), round((rect.top() + y) * ratio)).rgb() for x, y in places]


@pytest.mark.parametrize(("row", "column"), [(0, 0), (0, 1), (1, 2), (0, 2)])
def test_a_cell_has_the_colour_of_its_figure(plot, row, column):
    wanted = cell_colours(current_theme(), float(VALUES[row, column]), is_signed=True).back.rgb()
    found = colours(plot, row, column)
    assert found.count(wanted) > 0.9 * len(found)


def test_an_estimate_looks_other_than_a_known_figure(plot):
    errors = np.zeros((3, 3))
    errors[0, 1] = errors[1, 0] = 0.1
    before = colours(plot, 0, 1)
    plot.show_square(HeatSquare("Cosines", NAMES, VALUES, errors=errors))
    assert colours(plot, 0, 1) != before
    assert colours(plot, 1, 2) == colours(plot, 2, 1)
    wanted = cell_colours(current_theme(), -0.8, is_signed=True).back.rgb()
    assert colours(plot, 1, 2).count(wanted) > 0.9 * len(before)


def test_keys_walk_and_say_where_they_are(plot, qtbot):
    plot.show()
    plot.setFocus()
    qtbot.keyClick(plot, Qt.Key.Key_Right)
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Down):
        qtbot.keyClick(plot, key)
    with qtbot.waitSignal(plot.cell_chosen) as heard:
        qtbot.keyClick(plot, Qt.Key.Key_Return)
    assert heard.args == [1, 1]
    assert "b · b" in plot.accessibleDescription()


def test_the_chosen_cell_goes_where_its_lines_go(plot):
    plot.choose((0, 1))
    order = [2, 1, 0]
    plot.show_square(HeatSquare("Cosines", tuple(NAMES[place] for place in order), VALUES[np.ix_(order, order)]))
    assert plot.chosen == (2, 1)
    plot.show_square(HeatSquare("Cosines", ("a", "d"), VALUES[:2, :2]))
    assert plot.chosen is None


def test_a_picture_does_not_show_what_is_chosen(plot):
    bare, seen = make_image(plot), plot.grab().toImage()
    plot.choose((1, 0))
    assert plot.grab().toImage() != seen
    assert make_image(plot) == bare


def test_hundreds_of_cells_are_painted_and_saved(plot, tmp_path):
    values = np.linspace(-1, 1, 400).reshape(20, 20)
    plot.resize(600, 500)
    square = HeatSquare("Cosines", tuple(f"n{number}" for number in range(20)), values)
    plot.show_square(square)
    exact = make_image(plot)
    plot.show_square(replace(square, errors=np.full((20, 20), 0.1)))
    assert make_image(plot) != exact
    assert save_picture(plot, str(tmp_path / "map.svg"))
    assert (tmp_path / "map.svg").read_text().count("<rect") + (tmp_path / "map.svg").read_text().count("<path") > 400
