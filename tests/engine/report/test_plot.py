"""Ticks and inks of a report's plots."""

from __future__ import annotations

import pytest

from engine.report.plot import choose_series_ink, write_ticks


@pytest.mark.parametrize(
    ("ticks", "written"),
    [
        ([0.85, 0.9, 1.0], ["0.85", "0.90", "1.00"]),
        ([0.0, 0.1 + 0.2, 0.6], ["0.0", "0.3", "0.6"]),
        ([0, 500, 1000, 1500], ["0", "500", "1,000", "1,500"]),
        ([-0.0, -0.5], ["0.0", "−0.5"]),
        ([2_000_000.0], ["2,000,000"]),
        ([], []),
    ],
)
def test_ticks_have_the_same_decimals_and_as_few_as_needed(ticks, written):
    assert write_ticks(ticks) == written


def test_twelve_series_of_a_role_differ_by_colour_or_dash_and_targets_from_controls_by_their_marks():
    inks = [choose_series_ink("target", number) for number in range(12)]
    assert len({(ink.colour, ink.dash) for ink in inks}) == 12
    assert not {ink.marker for ink in inks} & {choose_series_ink("control", number).marker for number in range(4)}


def test_series_that_are_not_joined_have_no_line():
    assert choose_series_ink("target", 5, is_joined=False).dash == "none"
