"""Saved pictures can be read on any page: on a ground of their own, their letters as outlines, their words in the file."""

import re

import numpy as np
import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

from app.panels.similarity_plot import make_plot_colours
from app.theme import apply_theme, current_tokens
from app.widgets.curve_plot import CurvePlot
from app.widgets.heat_map import HeatMapPlot, HeatSquare
from app.widgets.heat_picture import HeatPicture
from app.widgets.map_plot import MapPlot
from app.widgets.pair_table import PairTable
from app.widgets.picture_saving import make_image, save_picture
from app.widgets.plot import Plot, PlotCurve
from app.widgets.table_picture import TablePicture

NAMES = ("cats & <dogs>", "b")


def draw_pairs(qtbot):
    table = PairTable()
    qtbot.addWidget(table)
    table.show_values(NAMES, ((0.5, 0.25), (0.25, 1.0)), is_share=True)
    return TablePicture(table, "Pairs")


def draw_heat(qtbot):
    plot = HeatMapPlot(HeatSquare("Cosines", NAMES, np.eye(2)))
    qtbot.addWidget(plot)
    plot.resize(300, 200)
    return HeatPicture(plot)


def draw_curves(qtbot):
    plot = CurvePlot(make_plot_colours())
    qtbot.addWidget(plot)
    plot.resize(300, 200)
    plot.show_plot(Plot("Curves", curves=(PlotCurve(NAMES[0], ((0.0, 1.0), (1.0, 2.0))),)))
    return plot


def draw_map(qtbot):
    plot = MapPlot()
    qtbot.addWidget(plot)
    plot.resize(300, 200)
    return plot


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("make", [draw_pairs, draw_heat, draw_curves, draw_map])
def test_every_picture_has_the_ground_of_the_theme(make, theme, dark, qtbot, qapp):
    apply_theme(qapp, theme)
    image = make_image(make(qtbot))
    assert image.pixelColor(0, 0) == current_tokens().panel
    assert all(image.pixelColor(x, y).alpha() == 255 for x in range(image.width()) for y in range(0, image.height(), 7))


@pytest.mark.parametrize("make", [draw_pairs, draw_heat, draw_curves, draw_map])
def test_every_drawing_has_the_ground_of_the_theme(make, qtbot, tmp_path):
    drawn, path = make(qtbot), tmp_path / "drawing.svg"
    assert save_picture(drawn, str(path))
    image = QImage(drawn.size(), QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    QSvgRenderer(str(path)).render(painter)
    painter.end()
    assert image.pixelColor(0, 0) == current_tokens().panel
    assert image.pixelColor(image.width() - 1, image.height() - 1) == current_tokens().panel


@pytest.mark.parametrize("make", [draw_pairs, draw_heat, draw_curves])
def test_a_drawing_needs_no_font_and_tells_its_words(make, qtbot, tmp_path):
    drawn, path = make(qtbot), tmp_path / "drawing.svg"
    assert save_picture(drawn, str(path))
    text = path.read_text()
    assert "<text" not in text
    assert "cats &amp; &lt;dogs&gt;" in text.partition("</desc>")[0]
    size = re.search(r'viewBox="0 0 (\d+) (\d+)"', text)
    assert QSize(*map(int, size.groups())) == drawn.size()
