"""The weight map answers mouse and keyboard with what is asked for, and stays still while a point moves."""

import math
from collections import Counter
from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtTest import QTest

from app.widgets.map_frame import MapFrame, fit_frame, round_length
from app.widgets.map_painter import MapBrush, way_colour
from app.widgets.map_plot import MapPlot
from app.widgets.map_scene import (
    MapEnds,
    MapHandle,
    MapKind,
    MapParallelogram,
    MapPath,
    MapPoint,
    MapScene,
    tell_ends,
    tell_parallelogram,
    tell_point,
)
from app.widgets.map_table import MapTable, write_table
from app.widgets.picture_saving import make_image, save_picture
from engine.document.model import NodeId
from engine.map_labels import NO_ROOM
from tests.app.drawn_words import read_words

HANDLE = MapHandle("strength", "λ", 0.5, (-10.0, 10.0), (0.0, 0.0), (4.0, 2.0))


def make_scene(value=0.5):
    points = (
        MapPoint(NodeId("base"), "Base", MapKind.BASE, (0.0, 0.0), 0.0),
        MapPoint(NodeId("a"), "A", MapKind.TUNED, (4.0, 0.0), 4.0, also=("τ A",)),
        MapPoint(NodeId("b"), "B", MapKind.TUNED, (0.0, 3.0), 3.1, norm_error=0.2),
        MapPoint(NodeId("edit"), "Edited", MapKind.EDITED, (4 * value, 2 * value), 4.4, handle=replace(HANDLE, value=value)),
    )
    distances = tuple(tuple(math.dist(one.place, other.place) for other in points) for one in points)
    return MapScene(points, distances, base_norm=100.0)


@pytest.fixture
def plot(qtbot):
    made = MapPlot()
    qtbot.addWidget(made)
    made.resize(600, 400)
    made.show()
    made.show_scene(make_scene())
    return made


def pixel(plot, node):
    x, y = plot.frame.show(plot.scene.points[plot.scene.find(NodeId(node))].place)
    return QPoint(round(x), round(y))


def test_both_axes_have_one_scale_and_a_pixel_leads_back_to_its_place():
    frame = fit_frame([(0.0, 0.0), (4.0, 3.0)], (600.0, 400.0))
    (left, low), (right, high) = frame.show((0.0, 0.0)), frame.show((1.0, 1.0))
    assert right - left == pytest.approx(low - high)
    assert frame.find(frame.show((2.5, 1.25))) == pytest.approx((2.5, 1.25))
    zoomed = frame.zoom(1.7, (10.0, 20.0))
    assert zoomed.find((10.0, 20.0)) == pytest.approx(frame.find((10.0, 20.0)))
    assert all(frame.holds(place) for place in [(0.0, 0.0), (4.0, 3.0)])


def test_one_place_alone_has_a_frame():
    assert fit_frame([(3.0, 3.0)], (600.0, 400.0)).holds((3.0, 3.0))
    assert [round_length(most) for most in (0.034, 7.0, 1234.0)] == pytest.approx([0.02, 5.0, 1000.0])


def test_names_are_placed_anew_in_another_size(plot):
    make_image(plot)
    assert plot._brush.sides
    plot.resize(500, 300)
    assert not plot._brush.sides


def test_a_point_is_pulled_in_one_gesture(plot, qtbot):
    pulls = []
    plot.dragged.connect(lambda node, place, gesture: pulls.append((node, place, gesture)))
    start = pixel(plot, "edit")
    QTest.mousePress(plot, Qt.MouseButton.LeftButton, pos=start)
    for step in (10, 20):
        QTest.mouseMove(plot, start + QPoint(step, 0))
    QTest.mouseRelease(plot, Qt.MouseButton.LeftButton, pos=start + QPoint(20, 0))
    QTest.mouseMove(plot, start)
    assert [node for node, _, _ in pulls] == ["edit", "edit"]
    assert len({gesture for _, _, gesture in pulls}) == 1
    assert pulls[1][1] == pytest.approx((2.0 + 20 / plot.frame.scale, 1.0))


def test_a_moved_point_neither_fits_the_map_anew_nor_flips_it(plot):
    frame = plot.frame
    plot.show_scene(make_scene(0.9))
    assert plot.frame == frame
    plot.show_scene(make_scene(3.0))
    assert plot.frame.holds((12.0, 6.0))


def test_a_gesture_that_is_over_or_taken_back_leaves_no_view_that_is_far_too_wide(plot, qtbot):
    """A drag to λ = −1.75 that was undone left everything small."""
    near = plot.frame
    QTest.mousePress(plot, Qt.MouseButton.LeftButton, pos=pixel(plot, "edit"))
    plot.show_scene(make_scene(-6.0))
    assert plot.frame == near, "it is held"
    QTest.mouseRelease(plot, Qt.MouseButton.LeftButton, pos=pixel(plot, "base"))
    qtbot.waitUntil(lambda: plot.frame.holds((-24.0, -12.0)))
    plot.show_scene(make_scene())
    qtbot.waitUntil(lambda: plot.frame == near)


def test_a_view_that_the_user_chose_stays(plot, qtbot):
    plot.zoom(0.3)
    chosen = plot.frame
    plot.show_scene(make_scene(0.9))
    qtbot.waitUntil(lambda: not plot._still.isActive())
    assert plot.frame == chosen


def test_escape_takes_a_drag_back(plot):
    taken = []
    plot.drag_cancelled.connect(lambda node, number, gesture: taken.append((node, number)))
    QTest.mousePress(plot, Qt.MouseButton.LeftButton, pos=pixel(plot, "edit"))
    QTest.keyClick(plot, Qt.Key.Key_Escape)
    QTest.mouseRelease(plot, Qt.MouseButton.LeftButton, pos=pixel(plot, "edit"))
    assert taken == [("edit", 0.5)]


def test_arrow_keys_walk_between_points_and_with_shift_along_an_arrow(plot):
    steps = []
    plot.nudged.connect(lambda node, step, gesture: steps.append((node, step, gesture)))
    opened = []
    plot.opened.connect(opened.append)
    plot.current = plot.scene.find(NodeId("base"))
    QTest.keyClick(plot, Qt.Key.Key_Up)
    assert plot.scene.points[plot.current].node == "b"
    assert "± 0.2" in plot.accessibleDescription()
    plot.current = plot.scene.find(NodeId("edit"))
    QTest.keyClick(plot, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClick(plot, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClick(plot, Qt.Key.Key_Return)
    assert [(node, step) for node, step, _ in steps] == [("edit", 1), ("edit", -1)]
    assert steps[0][2] != steps[1][2]
    assert opened == ["edit"]


def test_a_point_tells_its_names_and_exact_distances():
    told = tell_point(make_scene(), 1)
    assert told.splitlines()[:2] == ["A, τ A", "‖θ − θ₀‖ = 4 (4.00% of ‖θ₀‖)"]
    assert "≈ 5 from B" in told
    assert "λ = 0.5" in tell_point(make_scene(), 3)


def test_an_estimated_parallelogram_says_so():
    shape = MapParallelogram(NodeId("x"), "Guess", ((0.0, 0.0),) * 4, (1.0, 1.0), "D", 0.42, 0.01, 0.9, 0.05)
    assert tell_parallelogram(shape) == "Guess against D: residual ≈ 0.42 ± 0.01, cos(D̂, D) ≈ 0.90 ± 0.05"
    assert tell_parallelogram(replace(shape, true_name="")) == ""


def test_the_table_holds_every_distance(qtbot):
    table = MapTable()
    resets = []
    table.modelReset.connect(lambda: resets.append(1))
    table.show_scene(MapScene())
    table.show_scene(make_scene())
    table.show_scene(make_scene(0.6))
    assert len(resets) == 2
    assert (table.rowCount(), table.columnCount()) == (4, 6)
    assert table.data(table.index(1, 2)) == "4"
    assert table.data(table.index(1, 4)) == "≈ 5"
    assert table.data(table.index(2, 0)) == "≈ 3.1 ± 0.2"
    assert table.data(table.index(2, 1)) == "≈ 3.10%"
    assert table.headerData(4, Qt.Orientation.Horizontal) == "to B"
    assert write_table(make_scene(), ",").splitlines()[2].startswith('"A, τ A",tuned,4.0,0.0,4.0,0.0,0.04,4.0,0.0,5.0')
    assert write_table(make_scene(), ",").splitlines()[0].startswith("point,kind,x,y,length,error,of ‖θ₀‖,to Base")
    assert write_table(replace(make_scene(), base_norm=0.0), ",").splitlines()[2].startswith('"A, τ A",tuned,4.0,0.0,4.0,0.0,,4.0')


def test_pictures_are_written(plot, tmp_path):
    assert save_picture(plot, str(tmp_path / "map.png"))
    assert save_picture(plot, str(tmp_path / "map.svg"))
    assert "Edited" in (tmp_path / "map.svg").read_text()
    assert make_image(plot).width() == 2 * plot.width()
    assert not save_picture(plot, str(tmp_path / "nowhere" / "map.svg"))


def test_a_picture_shows_nothing_of_the_mouse_and_names_no_table(plot):
    plot.show_scene(make_scene(), "Exact distances in the table; the plane shows 90%", "The plane shows 90%")
    bare = make_image(plot)
    plot.current = 1
    assert make_image(plot) == bare
    words = read_words(plot)
    assert "The plane shows 90%" in words
    assert not any("table" in word for word in words)


def test_without_a_map_it_says_why(plot):
    plot.show_message("Nothing to see")
    assert plot.accessibleDescription() == "Nothing to see"
    plot.grab()


def test_what_the_hand_moves_has_a_name_however_crowded_the_map(plot):
    plot.resize(340, 150)
    crowd = [
        MapPoint(NodeId(f"t{number}"), f"Checkpoint {number}", MapKind.TUNED, (2.0 + 0.4 * (number % 4), 1.0 + 0.3 * (number // 4)), 2.0)
        for number in range(12)
    ]
    points = (*crowd, MapPoint(NodeId("edit"), "Edited model", MapKind.EDITED, (2.5, 1.3), 2.8, handle=HANDLE))
    plot.show_scene(MapScene(points, tuple((1.0,) * len(points) for _ in points), base_norm=100.0))
    plot.fit()
    make_image(plot)
    assert plot._brush.sides["edit"] != NO_ROOM


def draw_ways(*paths):
    """Return the colours of what is drawn, but for what is only a little of it."""
    scene = MapScene(paths=paths)
    image = QImage(200, 200, QImage.Format.Format_RGB32)
    image.fill(QColor("black"))
    painter = QPainter(image)
    MapBrush().paint(painter, scene, MapFrame((0.0, 0.0), 40.0, (200.0, 200.0)), is_small=True)
    painter.end()
    return Counter(image.pixelColor(x, y).name() for x in range(200) for y in range(200))


def make_way(up, quantity="step", numbers=(1.0, 2.0)):
    return MapPath("", quantity, numbers, ((-2.0, up), (2.0, up)), (0.5, 1.0), (1.0, 2.0))


def test_two_trainings_have_two_colours(qapp):
    drawn = draw_ways(make_way(1.0), make_way(-1.0))
    for number in range(2):
        assert drawn[way_colour(number).name()] > 100
    assert not draw_ways(make_way(1.0))[way_colour(1).name()]


def test_no_line_joins_trainings_at_one_learning_rate(qapp):
    assert len(draw_ways(make_way(1.0, "learning rate", (1e-4, 1e-3)))) > 1
    assert len(draw_ways(make_way(1.0, "learning rate", (1e-4, 1e-4)))) == 1


def test_how_alike_trainings_end_is_told_for_each_pair_or_from_the_least_to_the_most():
    pairs = tuple(MapEnds("a", other, cosine) for other, cosine in (("b", 0.5), ("c", -0.1), ("d", 0.9)))
    assert tell_ends(pairs) == "Cosine between the last vectors: 0.50 (a, b); −0.10 (a, c); 0.90 (a, d)"
    more = (*pairs, MapEnds("b", "c", 0.95, is_estimate=True))
    assert tell_ends(more) == "Cosines between the last vectors, from −0.10 (a, c) to ≈ 0.95 (b, c)"
    assert tell_ends(()) == ""


@pytest.mark.parametrize(("share", "told"), [(1.0, "100.0%"), (0.99999, "99.9%"), (0.9985, "99.9%"), (0.551, "55.1%"), (0.0, "0.0%")])
def test_only_a_plane_that_shows_all_shows_a_hundred_per_cent(share, told):
    assert MapScene(shown_share=share).shown_text == told
