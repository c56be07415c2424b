"""Trainings of very different lengths share an axis by powers."""

import pytest

from engine.step_axis import list_power_ticks, needs_powers


@pytest.mark.parametrize(
    ("trainings", "needed"),
    [
        ([(10, 100), (20, 1000)], True),
        ([(10, 100), (20, 500)], False),
        ([(10, 1000)], False),
        ([(0, 100), (20, 1000)], False),
        ([], False),
    ],
)
def test_powers_are_for_trainings_of_very_different_lengths(trainings, needed):
    assert needs_powers(trainings) is needed


@pytest.mark.parametrize(
    ("ends", "ticks"),
    [
        ((10, 1000), (10, 20, 50, 100, 200, 500, 1000)),
        ((3, 40), (5, 10, 20)),
        ((10, 100_000), (10, 100, 1000, 10_000, 100_000)),
        ((1, 1e12), (1, 100, 1e4, 1e6, 1e8, 1e10, 1e12)),
    ],
)
def test_ticks_are_round_and_not_too_many(ends, ticks):
    assert list_power_ticks(*ends) == pytest.approx(ticks)
