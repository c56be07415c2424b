"""Names on a map stand beside their own marks, over no other and over no other name."""

from __future__ import annotations

import itertools
import math
import random

import pytest

from engine.report.map_labels import MapField, place_names

SIZE = (480.0, 296.0)


def overlap(one, other):
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def gap(box, spot):
    return math.dist(spot, (min(max(spot[0], box[0]), box[2]), min(max(spot[1], box[1]), box[3])))


def place(marks, widths, lines=()):
    return place_names(MapField(SIZE, tuple(marks), tuple(lines)), range(len(marks)), widths)


@pytest.mark.parametrize("seed", range(12))
def test_no_name_covers_a_mark_or_another_name_or_leaves_the_map(seed):
    draw = random.Random(seed)
    marks = [(draw.uniform(40, 440), draw.uniform(40, 260)) for _ in range(9)]
    placed = place(marks, [draw.uniform(10, 120) for _ in marks])
    for one, other in itertools.combinations(placed, 2):
        assert not overlap(one.box, other.box)
    for name in placed:
        assert all(gap(name.box, mark) > 5 for mark in marks)
        assert name.box[0] >= 0 <= name.box[1]
        assert name.box[2] <= SIZE[0]
        assert name.box[3] <= SIZE[1]


def test_a_name_with_room_stands_close_and_needs_no_line():
    (name,) = place([(200.0, 100.0)], [60.0])
    assert gap(name.box, name.mark) < 12
    assert not name.is_linked


def test_names_of_marks_at_one_place_are_joined_to_them_by_lines():
    placed = place([(200.0, 100.0), (201.0, 100.0)], [40.0, 40.0])
    assert all(name.is_linked for name in placed)
    assert all(gap(name.box, name.mark) > 20 for name in placed)
    assert all(gap(name.box, name.end) < gap(name.box, name.mark) for name in placed)


def test_a_name_gives_way_to_a_line():
    along = ((200.0, 100.0), (400.0, 100.0))
    (name,) = place([(200.0, 100.0)], [60.0], [along])
    assert not name.box[1] < 100 < name.box[3] or name.box[2] <= 200


def test_a_name_stands_away_from_where_all_begin():
    (name,) = place_names(MapField(SIZE, ((300.0, 150.0), (200.0, 150.0)), ()), [1], [40.0])
    assert name.box[2] < 200


def test_a_name_is_nearest_to_its_own_mark():
    own, other = (200.0, 100.0), (245.0, 100.0)
    (name,) = place_names(MapField(SIZE, (own, other), ()), [0], [30.0])
    assert gap(name.box, own) < gap(name.box, other)
