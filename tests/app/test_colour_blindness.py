"""Who sees no red, no green or no blue tells apart what must be told apart: by colour still, or by shape.

The simulation is that of Machado, Oliveira and Fernandes, A Physiologically-based Model for Simulation of Color Vision Deficiency
(IEEE TVCG 15/6, 2009), their matrices of severity 1.0 on linear RGB; differences are those of CIELAB (ΔE*ab, 2.3 is just seen).
"""

from itertools import combinations, pairwise

import numpy as np
import pytest
from PySide6.QtGui import QColor, QImage, QPainter

from app.panels.similarity_plot import _MOST_CURVES, as_curves, make_plot_colours
from app.similarity_figures import PartCurve
from app.theme import apply_theme, tokens
from app.widgets.curve_plot import CurvePlot
from app.widgets.heat_colours import cell_colours
from app.widgets.map_frame import MapFrame
from app.widgets.map_painter import MapBrush, kind_colour
from app.widgets.map_scene import MapKind, MapParallelogram, MapPoint, MapScene
from app.widgets.picture_saving import make_image
from app.widgets.plot import Plot, PlotColours, PlotCurve
from engine.document.model import NodeId

THEMES = ("dark", "light")
MATRICES = {
    "normal": np.eye(3),
    "protanopia": np.array(((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998))),
    "deuteranopia": np.array(((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881))),
    "tritanopia": np.array(((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900))),
}
TO_XYZ = np.array(((0.4124564, 0.3575761, 0.1804375), (0.2126729, 0.7151522, 0.0721750), (0.0193339, 0.1191920, 0.9503041)))
WHITE = np.array((0.95047, 1.0, 1.08883))
SEEN = 20
"""ΔE*ab from which colours of thin lines and small marks are told apart without looking twice."""
GREY = QColor("#808080")


def see(colour, sight):
    """Return a colour in CIELAB as somebody sees it."""
    parts = np.array(colour.getRgbF()[:3])
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    xyz = TO_XYZ @ np.clip(MATRICES[sight] @ linear, 0, 1) / WHITE
    x, y, z = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array((116 * y - 16, 500 * (x - y), 200 * (y - z)))


def far(one, other, sight):
    return float(np.linalg.norm(see(one, sight) - see(other, sight)))


def least(one, other):
    return min(far(one, other, sight) for sight in MATRICES)


def test_the_simulation_is_that_of_the_paper():
    """Greys stay grey; red and green of one lightness are one colour without the sense for it, blue and yellow are not."""
    for sight in MATRICES:
        assert np.allclose(see(GREY, sight), see(GREY, "normal"), atol=0.01)
    red, green = QColor("#c05050"), QColor("#7f7a1e")
    assert far(red, green, "deuteranopia") < far(red, green, "normal") / 2
    assert least(QColor("#0000ff"), QColor("#ffff00")) > 60


@pytest.fixture(params=THEMES)
def theme(request, qapp):
    before = qapp.styleSheet(), qapp.property("theme")
    apply_theme(qapp, request.param)
    yield request.param
    qapp.setProperty("theme", before[1])
    qapp.setStyleSheet(before[0])


def draw_alone(plot, curves, number):
    """Return the picture of one of several curves, all of them in grey, without the legend."""
    alone = tuple(
        PlotCurve("", curve.points if place == number else ((0.0, float("nan")),), curve.is_dashed) for place, curve in enumerate(curves)
    )
    plot.show_plot(Plot("", alone))
    image = make_image(plot)
    return image.copy(0, 0, image.width(), image.height() * 3 // 4)


@pytest.mark.parametrize("points", [5, 200])
def test_curves_differ_in_colour_or_in_mark_or_in_dash(theme, points, qtbot):
    found = tuple(PartCurve(str(number), (0.5,) * points) for number in range(_MOST_CURVES))
    curves, colours = as_curves(found), make_plot_colours()
    plot = CurvePlot(PlotColours(QColor("white"), QColor("white"), GREY, GREY, (GREY,)))
    qtbot.addWidget(plot)
    plot.resize(400, 200)
    pictures = [draw_alone(plot, curves, number) for number in range(len(curves))]
    for one, other in combinations(range(len(curves)), 2):
        pair = [colours.curves[number % len(colours.curves)] for number in (one, other)]
        assert least(*pair) >= SEEN or pictures[one] != pictures[other], (one, other)


@pytest.mark.parametrize("sight", MATRICES)
@pytest.mark.parametrize("name", THEMES)
def test_cells_above_zero_differ_from_those_below_and_the_more_the_farther(name, sight):
    middle = cell_colours(name, 0.0, is_signed=True).back
    for percent in range(50, 101, 10):
        above, below = (cell_colours(name, sign * percent / 100, is_signed=True).back for sign in (1, -1))
        assert far(above, below, sight) >= SEEN
    for sign in (1, -1):
        ways = [far(cell_colours(name, sign * share / 4, is_signed=True).back, middle, sight) for share in range(1, 5)]
        assert all(before + 5 < after for before, after in pairwise(ways))


@pytest.mark.parametrize("sight", MATRICES)
@pytest.mark.parametrize("name", THEMES)
def test_shares_grow_darker_or_lighter_step_by_step(name, sight):
    lightness = [see(cell_colours(name, share / 4, is_signed=False).back, sight)[0] for share in range(5)]
    steps = np.diff(lightness)
    assert (np.abs(steps) >= 8).all()
    assert len({bool(step > 0) for step in steps}) == 1


def draw_mark(kind, *, is_step=False):
    """Return where the mark of a kind covers the map."""
    image = QImage(60, 60, QImage.Format.Format_RGB32)
    image.fill(tokens("dark").background)
    painter = QPainter(image)
    point = MapPoint(NodeId("a"), "", kind, (0.0, 0.0), 1.0, way=0 if is_step else None)
    MapBrush().paint(painter, MapScene((point,), ((0.0,),)), MapFrame((0.0, 0.0), 1.0, (60.0, 60.0)), is_small=True)
    painter.end()
    back = tokens("dark").background.rgb()
    return {(x, y) for x in range(18, 43) for y in range(18, 43) if image.pixel(x, y) != back}


def test_marks_of_the_map_differ_in_colour_or_in_shape(theme):
    marks = {kind.value: (kind_colour(kind), draw_mark(kind)) for kind in MapKind}
    marks["step"] = (tokens(theme).metrics, draw_mark(MapKind.TUNED, is_step=True))
    for one, other in combinations(marks, 2):
        (colour, shape), (other_colour, other_shape) = marks[one], marks[other]
        assert least(colour, other_colour) >= SEEN or len(shape ^ other_shape) >= 20, (one, other)


class Pens(QPainter):
    """A painter that remembers the pens of the lines it draws."""

    def __init__(self, image):
        super().__init__(image)
        self.used = set()

    def drawLine(self, *line):  # noqa: N802
        self.used.add((self.pen().color().name(), self.pen().style()))
        super().drawLine(*line)


def test_lines_of_the_map_differ_in_colour_or_in_dash(theme):
    colours = tokens(theme)
    corners, true = ((0.0, 0.0), (8.0, 0.0), (0.0, 8.0), (8.0, 8.0)), (12.0, 12.0)
    shape = MapParallelogram(NodeId("x"), "", corners, true, "D", 0.4, 0.9, 0.0)
    image = QImage(60, 60, QImage.Format.Format_RGB32)
    painter = Pens(image)
    scene = MapScene((MapPoint(NodeId("a"), "", MapKind.BASE, (0.0, 0.0), 1.0),), ((0.0,),), parallelograms=(shape,))
    MapBrush().paint(painter, scene, MapFrame((6.0, 6.0), 4.0, (60.0, 60.0)), is_small=True)
    painter.end()
    assert {name for name, _ in painter.used} >= {colours.vector.name(), colours.error.name()}
    for (one, style), (other, other_style) in combinations(painter.used, 2):
        assert style != other_style or one == other or least(QColor(one), QColor(other)) >= SEEN, (one, other)
    assert least(colours.vector, colours.metrics) >= SEEN
