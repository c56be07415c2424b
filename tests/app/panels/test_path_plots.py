"""Curves of series: one alone has its cosines and lengths, several trainings have one scale."""

import math

import pytest

from app.panels.path_plots import choose_colours, list_sides, plot_side
from app.widgets.map_scene import MapPath

PLACES = ((0.0, 0.0),) * 2


def make_path(name, norms, quantity="step", numbers=(10.0, 20.0)):
    return MapPath(name, quantity, numbers, PLACES, (0.5, 1.0), norms)


FIRST, SECOND = make_path("First", (1.0, 2.0)), make_path("Second", (2.0, 8.0))
RATES = make_path("", (3.0, 6.0), "learning rate", (1e-4, 1e-3))


def test_all_trainings_come_first_where_there_are_several():
    assert [side.title for side in list_sides((FIRST, RATES))] == ["First: by step", "By learning rate"]
    assert [side.title for side in list_sides((FIRST, SECOND, RATES))][:2] == ["All trainings: by step", "First: by step"]
    assert list_sides((FIRST, SECOND, RATES))[0].paths == (FIRST, SECOND)
    assert list_sides(()) == ()


def test_a_training_alone_is_measured_by_its_own_end():
    (side,) = list_sides((SECOND,))
    cosines, lengths = plot_side(side).curves
    assert cosines.points == ((10.0, 0.5), (20.0, 1.0))
    assert lengths.points == ((10.0, 0.25), (20.0, 1.0))
    assert lengths.is_dashed


def test_trainings_together_are_measured_by_the_longest():
    shown = plot_side(list_sides((FIRST, SECOND))[0])
    assert [curve.name for curve in shown.curves] == ["First", "Second", "First ‖τ‖", "Second ‖τ‖"]
    assert [curve.points[-1][1] for curve in shown.curves[2:]] == [0.25, 1.0]


def test_learning_rates_stand_side_by_side_and_not_by_their_size():
    shown = plot_side(list_sides((RATES,))[0])
    assert shown.places == ("1e-4", "1e-3")
    assert [x for x, _ in shown.curves[0].points] == [0.0, 1.0]
    assert shown.curves[0].name.endswith("the vector at 1e-3")


def test_a_training_that_went_nowhere_has_no_lengths_to_compare():
    _, lengths = plot_side(list_sides((make_path("Still", (0.0, 0.0)),))[0]).curves
    assert all(math.isnan(figure) for _, figure in lengths.points)


@pytest.mark.parametrize(("paths", "wanted"), [(1, 2), (2, 2), (3, 3)])
def test_both_curves_of_each_of_several_trainings_have_one_colour(paths, wanted):
    assert len(choose_colours(paths).curves) == wanted
