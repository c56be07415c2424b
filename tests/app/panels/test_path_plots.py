"""Curves of series: one alone has its cosines and lengths, several trainings have one scale."""

import math

import pytest

from app.map_tables import name_cosine, tabulate_paths
from app.panels.path_plots import choose_colours, list_sides, plot_side
from app.widgets.map_painter import way_colour
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


def test_both_curves_of_each_of_several_trainings_have_one_colour_that_of_its_way_on_the_map():
    together = plot_side(list_sides((FIRST, SECOND, RATES))[0])
    assert [together.find_key(number) for number in range(4)] == [0, 1, 0, 1]
    assert [together.curves[number].name for number in together.named] == ["First", "Second"]
    assert choose_colours(together).curves[1] == way_colour(1)
    alone = plot_side(list_sides((SECOND,))[0])
    assert [alone.find_key(number) for number in range(2)] == [0, 1]
    assert len(choose_colours(alone).curves) == 2


@pytest.mark.parametrize(("last", "has_powers"), [(100.0, False), (101.0, True)])
def test_a_short_training_is_not_squeezed_by_a_long_one(last, has_powers):
    long = make_path("Long", (2.0, 8.0), numbers=(20.0, last))
    assert plot_side(list_sides((FIRST, long))[0]).has_powers is has_powers


def test_trainings_at_one_rate_stand_over_one_tick_each_with_its_own_mark():
    """The line from one to the next of a rate would say that they are in an order."""
    names = ("diag-lr-1e-4", "photo lr 1e-4", "diag-lr-1e-3")
    path = MapPath("", "learning rate", (1e-4, 1e-4, 1e-3), PLACES, (0.6, 0.6, 1.0), (0.8, 0.8, 2.9), names)
    shown = plot_side(list_sides((path,))[0])
    assert shown.places == ("1e-4", "1e-3")
    assert all(len(curve.points) == 1 for curve in shown.curves)
    assert [shown.curves[number].name for number in shown.named] == list(names)
    across = [curve.points[0][0] for curve in shown.curves[:3]]
    assert across[0] < 0 < across[1]
    assert across[2] == 1
    assert [curve.points[0][1] for curve in shown.curves[3:]] == pytest.approx([0.8 / 2.9, 0.8 / 2.9, 1])
    assert len(choose_colours(shown).curves) > 2
    assert [line[:2] for line in tabulate_paths((path,)).lines] == list(zip(names, ("0.0001", "0.0001", "0.001"), strict=True))


def test_a_cosine_to_one_of_several_trainings_at_a_rate_says_to_which():
    path = MapPath("", "learning rate", (1e-4, 1e-3, 1e-3), PLACES, (0.6, 0.9, 1.0), (1.0, 2.0, 2.0), ("a", "b", "c"))
    assert name_cosine(path) == "cosine to c"


def test_a_point_over_a_rate_says_whose_it_is():
    shown = plot_side(list_sides((MapPath("", "learning rate", (1e-4, 1e-3), PLACES, (0.6, 1.0), (1.0, 2.0), ("a", "b")),))[0])
    assert shown.hints == {0.0: "a", 1.0: "b"}


def test_of_estimates_the_title_says_so():
    for side in list_sides((FIRST, SECOND)):
        assert plot_side(side, is_estimate=True).title == f"≈ {plot_side(side).title}"
        assert not plot_side(side).title.startswith("≈")
