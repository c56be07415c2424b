"""How sure a difference of figures is."""

import pytest

from engine.differences import BoundedFigure, bound_difference, could_be_chance


def test_the_interval_of_a_difference_is_newcombes():
    # The example of Newcombe 1998, table II (a): 56/70 against 48/80, method 10, with Wilson's intervals of both.
    first, second = BoundedFigure(56 / 70, 0.6918, 0.8770, 70), BoundedFigure(48 / 80, 0.4905, 0.7004, 80)
    assert bound_difference(first, second) == pytest.approx((0.0524, 0.3339), abs=2e-4)


def test_a_mean_gain_over_two_sets_is_surer_than_that_over_one():
    better, worse = BoundedFigure(0.6, 0.5, 0.7, 100), BoundedFigure(0.47, 0.37, 0.57, 100)
    assert could_be_chance([better], [worse])
    assert not could_be_chance([better, better], [worse, worse])
    assert could_be_chance([better, worse], [worse, better])
