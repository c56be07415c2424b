"""Names on a map stand beside their own points, over no other and over no other name, and stay there while a point moves."""

import itertools
import math
import random

import pytest

from engine.map_labels import NO_ROOM, Anchor, MapGround, cross, find_hidden, overlap, place_labels, touches

SIZE = (480.0, 296.0)
AREA = (0.0, 0.0, *SIZE)
LINE_HEIGHT = 14.0


def gap(box, spot):
    return math.dist(spot, (min(max(spot[0], box[0]), box[2]), min(max(spot[1], box[1]), box[3])))


def end(leader):
    return leader[2:]


def place(marks, widths, lines=(), numbers=None):
    """Place names as the report does: away from the first mark, and with a line where another mark lies over their own."""
    hidden, chosen = find_hidden(marks, 6), range(len(marks)) if numbers is None else numbers
    anchors = [
        Anchor(str(number), *marks[number], width, LINE_HEIGHT, is_hidden=number in hidden)
        for number, width in zip(chosen, widths, strict=True)
    ]
    boxes = [(x - 6, y - 6, x + 6, y + 6) for x, y in marks]
    labels = place_labels(anchors, MapGround(AREA, marks, boxes, lines, marks[0]))
    assert [label.key for label in labels] == [anchor.key for anchor in anchors]
    return labels


@pytest.mark.parametrize("seed", range(12))
def test_no_name_covers_a_mark_or_another_name_or_leaves_the_map(seed):
    draw = random.Random(seed)
    marks = [(draw.uniform(40, 440), draw.uniform(40, 260)) for _ in range(9)]
    labels = place(marks, [draw.uniform(10, 120) for _ in marks])
    for one, other in itertools.combinations(labels, 2):
        assert not overlap(one.box, other.box)
    for label in labels:
        assert all(gap(label.box, mark) > 5 for mark in marks)
        assert label.box[0] >= 0 <= label.box[1]
        assert label.box[2] <= SIZE[0]
        assert label.box[3] <= SIZE[1]


def test_a_name_with_room_stands_close_and_needs_no_line():
    (label,) = place([(200.0, 100.0)], [60.0])
    assert gap(label.box, (200.0, 100.0)) < 12
    assert label.leader is None


def test_names_of_marks_at_one_place_are_joined_to_them_by_lines():
    marks = [(200.0, 100.0), (201.0, 100.0)]
    for label, mark in zip(place(marks, [40.0, 40.0]), marks, strict=True):
        assert label.leader is not None
        assert label.leader[:2] == mark
        assert gap(label.box, mark) > 20
        assert gap(label.box, end(label.leader)) < gap(label.box, mark)


def test_points_are_hidden_by_what_is_nearer_than_a_reach():
    assert find_hidden([(0, 0), (5, 0), (50, 0), (50, 6)], 6) == {0, 1}
    assert find_hidden([(0, 0)], 6) == frozenset()


def test_a_name_gives_way_to_a_line():
    along = (200.0, 100.0, 400.0, 100.0)
    (label,) = place([(200.0, 100.0)], [60.0], [along])
    assert not label.box[1] < 100 < label.box[3] or label.box[2] <= 200


def test_of_a_place_on_a_line_and_one_a_step_farther_a_map_with_a_start_takes_the_clear_one():
    corners = [(190.0, 90.0), (210.0, 90.0), (210.0, 110.0), (190.0, 110.0)]
    around = [(*one, *other) for one, other in itertools.pairwise([*corners, corners[0]])]
    (clear,) = place([(200.0, 100.0)], [40.0], around)
    assert not any(touches(line, clear.box) for line in around)
    assert clear.leader is not None
    (near,) = place_labels([Anchor("a", 200, 100, 40, LINE_HEIGHT)], MapGround(AREA, lines=around))
    assert near.leader is None


@pytest.mark.parametrize(("start", "is_left"), [(300.0, True), (100.0, False)])
def test_a_name_stands_away_from_where_all_begin_at_the_height_of_its_mark(start, is_left):
    (label,) = place([(start, 150.0), (200.0, 150.0)], [40.0], numbers=[1])
    assert label.box[2] < 200 if is_left else label.box[0] > 200
    assert label.box[1] + label.box[3] == 2 * 150


def test_a_name_is_nearest_to_its_own_mark():
    own, other = (200.0, 100.0), (245.0, 100.0)
    (label,) = place([own, other], [30.0], numbers=[0])
    assert gap(label.box, own) < gap(label.box, other)


def test_without_a_start_a_name_is_nearest_to_its_own_point_too():
    own, other = (200.0, 100.0), (245.0, 100.0)
    (label,) = place_labels([Anchor("a", *own, 30, LINE_HEIGHT)], MapGround(AREA, [own, other]))
    assert gap(label.box, own) < gap(label.box, other)


def test_labels_cover_neither_one_another_nor_points():
    anchors = [Anchor(str(number), 300 + 6 * number, 200 + 3 * (number % 4), 80, 14) for number in range(12)]
    points = [(anchor.x - 5, anchor.y - 5, anchor.x + 5, anchor.y + 5) for anchor in anchors]
    labels = place_labels(anchors, MapGround((0, 0, 600, 400), [(anchor.x, anchor.y) for anchor in anchors], points))
    assert len(labels) >= 6
    boxes = [label.box for label in labels]
    assert not any(overlap(one, other) for number, one in enumerate(boxes) for other in (*boxes[:number], *points))


def test_a_label_stays_on_its_side_while_that_is_free():
    anchor = Anchor("a", 300, 200, 60, 14)
    (label,) = place_labels([anchor], MapGround((0, 0, 600, 400)), {"a": 5})
    assert label.choice == 5


# Four analogies of four models: the places of a map of 560 × 200 pixels, and which of them arrows join.
CROWD = ((280, 143), (323, 173), (388, 60), (233, 145), (199, 53), (421, 151), (288, 82), (135, 167), (297, 31))
ARROWS = (
    (0, 1),
    (0, 2),
    (0, 3),
    (0, 4),
    (1, 2),
    (4, 2),
    (4, 3),
    (1, 3),
    (2, 5),
    (3, 6),
    (1, 6),
    (4, 7),
    (3, 8),
    (7, 3),
    (1, 5),
    (2, 6),
    (4, 8),
)


def test_no_line_to_a_label_crosses_another_or_a_label_or_a_point():
    anchors = [Anchor(str(number), x, y, 130, 15, 84) for number, (x, y) in enumerate(CROWD)]
    points = [(x - 5, y - 5, x + 5, y + 5) for x, y in CROWD]
    ways = [(*CROWD[start], *CROWD[stop], part) for start, stop in ARROWS for part in (0.12, 0.3, 0.5, 0.7, 0.88)]
    middles = [(left + (right - left) * part, top + (low - top) * part) for left, top, right, low, part in ways]
    ground = MapGround((4, 4, 556, 196), CROWD, [*points, *((x - 2, y - 2, x + 2, y + 2) for x, y in middles)])
    labels = place_labels(anchors, ground)
    assert {label.key for label in labels} == {anchor.key for anchor in anchors}
    assert {label.box[2] - label.box[0] for label in labels} == {130}
    leaders = {label.key: label.leader for label in labels if label.leader is not None}
    assert len(leaders) > 2
    for key, leader in leaders.items():
        assert not any(cross(leader, other) for name, other in leaders.items() if name != key)
        assert not any(touches(leader, label.box) for label in labels if label.key != key)
        assert not any(touches(leader, point) for anchor, point in zip(anchors, points, strict=True) if anchor.key != key)


@pytest.mark.parametrize("seed", [6, 10, 24, 36])
def test_in_a_crowd_with_room_around_it_lines_to_labels_cross_nothing(seed):
    draw = random.Random(seed)
    marks = [(draw.uniform(170, 310), draw.uniform(110, 190)) for _ in range(9)]
    points = [(x - 5, y - 5, x + 5, y + 5) for x, y in marks]
    labels = place_labels(
        [Anchor(str(number), *mark, 60, LINE_HEIGHT) for number, mark in enumerate(marks)], MapGround(AREA, marks, points)
    )
    assert len(labels) == len(marks)
    leaders = [(label, label.leader) for label in labels if label.leader is not None]
    assert leaders
    assert not any(cross(one, other) for (_, one), (_, other) in itertools.combinations(leaders, 2))
    assert not any(touches(leader, other.box) for label, leader in leaders for other in labels if other is not label)
    assert not any(touches(leader, point) for label, leader in leaders for number, point in enumerate(points) if str(number) != label.key)


def test_a_name_without_room_is_cut_and_a_figure_is_not():
    between = MapGround((0, 0, 620, 240), obstacles=[(0, 0, 300 - 60, 240), (300 + 60, 0, 620, 240)])
    (cut,) = place_labels([Anchor("a", 300, 120, 180, 15, 84)], between)
    assert 84 <= cut.box[2] - cut.box[0] <= 120
    assert place_labels([Anchor("a", 300, 120, 180, 15)], between) == ()
    (kept,) = place_labels([Anchor("a", 300, 120, 180, 15, 84)], between, {"a": cut.choice})
    assert kept.box == cut.box


def test_a_label_keeps_off_the_lines_between_points_where_there_is_room():
    anchor, line = Anchor("a", 300, 100, 150, 15), (310, 180, 380, 20)
    grounds = [MapGround((0, 0, 620, 200), lines=lines) for lines in ([], [line])]
    (over,), (aside,) = (place_labels([anchor], ground) for ground in grounds)
    assert touches(line, over.box)
    assert not touches(line, aside.box)
    assert aside.leader is None
    (kept,) = place_labels([anchor], grounds[1], {"a": over.choice})
    assert kept.box == over.box


def test_what_had_no_room_is_looked_for_near_its_point_only():
    point, wall = (300.0, 100.0), (285.0, 85.0, 315.0, 115.0)
    for is_hidden in (False, True):
        anchor = Anchor("a", *point, 60, 15, is_hidden=is_hidden)
        ground = MapGround((0, 0, 620, 200), [point], [wall])
        (far,) = place_labels([anchor], ground)
        assert far.leader is not None
        assert bool(place_labels([anchor], ground, {"a": NO_ROOM})) == is_hidden
        (near,) = place_labels([anchor], MapGround((0, 0, 620, 200), [point]), {"a": NO_ROOM})
        assert (near.leader is not None) == is_hidden
