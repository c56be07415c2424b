"""Curves: round numbers on the axes, gaps where nothing is known, words that never meet."""

import math

import pytest
from PySide6.QtGui import QColor, QImage, QPainter

from app.widgets.curve_plot import CurvePlot
from app.widgets.picture_saving import make_image
from app.widgets.plot import Plot, PlotColours, PlotCurve

RED, BLUE = QColor("#ff0000"), QColor("#0000ff")
COLOURS = PlotColours(QColor("white"), QColor("#dddddd"), QColor("black"), QColor("#888888"), (RED, BLUE))


class Pen(QPainter):
    """A painter that remembers what it wrote."""

    def __init__(self, image):
        super().__init__(image)
        self.written = []

    def drawText(self, place, *rest):  # noqa: N802
        self.written.append((rest[-1], place))
        super().drawText(place, *rest)


@pytest.fixture
def plot(qtbot):
    made = CurvePlot(COLOURS)
    qtbot.addWidget(made)
    made.resize(320, 180)
    return made


def write(plot, shown):
    plot.show_plot(shown)
    image = QImage(plot.size(), QImage.Format.Format_ARGB32)
    pen = Pen(image)
    plot.draw(pen)
    pen.end()
    return dict(pen.written)


def count(image, colour):
    return sum(image.pixelColor(x, y) == colour for x in range(image.width()) for y in range(image.height()))


@pytest.mark.parametrize(
    ("points", "wanted"),
    [
        ([(0, 1), (1120, 2)], {"0", "500", "1,000"}),
        ([(0, 1), (0.75, 2)], {"0", "0.2", "0.4", "0.6"}),
        ([(0, 1), (9, 2)], {"0", "5"}),
        ([(1e-5, 1), (3e-5, 2)], {"1e-05", "2e-05", "3e-05"}),
    ],
)
def test_the_axis_tells_round_numbers(plot, points, wanted):
    written = write(plot, Plot("Title", (PlotCurve("c", tuple(points)),)))
    assert wanted <= set(written)
    for text in wanted:
        place = written[text]
        assert place.left() >= 0
        assert place.right() <= plot.width()


def test_the_title_does_not_meet_what_is_marked(plot):
    long = "A very long name of a search: figures by strength (λ) and more of it"
    written = write(plot, Plot(long, (PlotCurve("c", ((0, 1), (1, 2))),), 0.6, "best so far λ = 0.6"))
    title = next(text for text in written if text.startswith("A very"))
    assert "…" in title
    assert written[title].right() < written["best so far λ = 0.6"].left()


def test_a_short_title_stands_where_the_whole_one_has_no_room(plot):
    long, curves = "Best strength, TIES · Figures by strength (λ), all of them and more", (PlotCurve("c", ((0, 1), (1, 2))),)
    written = write(plot, Plot(long, curves, 0.6, "best so far λ = 0.6", short_title="Best strength, TIES"))
    assert "Best strength, TIES" in written
    assert "Best" in write(plot, Plot("Best", curves, short_title="B"))


def test_what_is_not_known_is_a_gap(plot):
    whole, gap = (tuple((x, math.nan if x in nans else 1.0) for x in range(5)) for nans in ((), (1, 2, 3)))
    plot.show_plot(Plot("", (PlotCurve("c", whole),)))
    drawn = count(make_image(plot), RED)
    plot.show_plot(Plot("", (PlotCurve("c", gap),)))
    assert count(make_image(plot), RED) < drawn / 4
    assert "nan" not in plot.accessibleDescription()


def test_nothing_known_at_all_is_said(plot):
    written = write(plot, Plot("Title", (PlotCurve("c", ((0, math.nan),)),), empty="nothing here"))
    assert "nothing here" in written


def test_curves_of_one_height_do_not_hide_one_another(plot):
    """Over places each curve stands a little aside, and has a mark of its own shape."""
    points = tuple((float(place), 1.0) for place in range(3))
    shown = Plot("", (PlotCurve("a", points), PlotCurve("b", points)), places=("x", "y", "z"), apart=frozenset(range(3)))
    plot.show_plot(shown)
    image = make_image(plot)
    assert min(count(image, RED), count(image, BLUE)) > 30


def test_places_that_are_apart_are_not_joined(plot):
    points = tuple((float(place), 1.0) for place in range(3))
    amounts = []
    for apart in (frozenset(), frozenset(range(3))):
        plot.show_plot(Plot("", (PlotCurve("a", points),), places=("x", "y", "z"), apart=apart))
        amounts.append(count(make_image(plot), RED))
    assert amounts[1] < amounts[0] / 2


def test_of_two_equal_curves_of_many_points_both_are_seen(plot):
    points = tuple((float(place), 0.5 + place / 100) for place in range(40))
    plot.show_plot(Plot("Title", (PlotCurve("one", points), PlotCurve("two", points))))
    above_the_legend = make_image(plot).copy(0, 0, 640, 280)
    assert count(above_the_legend, RED) > 0
    assert count(above_the_legend, BLUE) > 0


def test_the_name_of_the_first_place_begins_at_the_axis(plot):
    names = ("vit.embeddings.cls_token", "b", *map(str, range(40)))
    written = write(plot, Plot("Title", (PlotCurve("c", tuple((float(x), 1.0 + x) for x in range(42))),), places=names))
    assert written[names[0]].left() >= plot._area.left() - 4


def test_points_over_named_places_lie_inside_the_axes(plot):
    """Eight curves stand aside as far as they may; none may reach the numbers at the left, or the edge."""
    curves = tuple(PlotCurve(letter, ((0.0, 0.0), (1.0, 1.0))) for letter in "abcdefgh")
    plot.show_plot(Plot("", curves, places=("embeddings", "head")))
    make_image(plot)
    across = [(plot._place(float(place), 0.0) + plot._shift(number)).x() for number in range(8) for place in (0, 1)]
    assert min(across) > plot._area.left() + 5
    assert max(across) < plot._area.right() - 5


def test_an_axis_by_powers_gives_equal_factors_equal_room(plot):
    written = write(plot, Plot("", (PlotCurve("a", ((10.0, 1.0), (100.0, 2.0), (1000.0, 1.0))),), has_powers=True))
    middles = [written[text].center().x() for text in ("20", "200")]
    assert {"50", "100", "500"} <= set(written)
    assert middles[1] - middles[0] == pytest.approx(plot._area.width() / 2, abs=4)


def test_what_is_like_another_curve_shares_its_colour_and_its_line_in_the_legend(plot):
    points = ((0.0, 1.0), (1.0, 2.0))
    curves = (PlotCurve("one", points), PlotCurve("two", ()), PlotCurve("one’s length", ((0.0, 2.0), (1.0, 1.0)), like=0))
    written = write(plot, Plot("", curves))
    assert {"one", "two"} <= set(written)
    assert "one’s length" not in written
    whole = count(make_image(plot), RED)
    plot.show_plot(Plot("", curves[:2]))
    assert whole > 1.5 * count(make_image(plot), RED)


def test_a_point_beside_its_place_tells_its_name(plot):
    plot.show_plot(Plot("", (PlotCurve("a", ((0.92, 1.0),)),), places=("1e-4", "1e-3")))
    make_image(plot)
    assert plot._point_at(plot._place(0.92, 1.0)) == "a\n1e-3: 1"


def test_many_points_that_nothing_joins_are_all_seen(plot):
    points = tuple((float(place), 0.5) for place in range(30))
    plot.show_plot(Plot("Title", (PlotCurve("c", points),), apart=frozenset(range(30))))
    image = make_image(plot)
    assert count(image, RED) > 30
