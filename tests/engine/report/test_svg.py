"""Names in figures: whole, or without the beginning that they share."""

import pytest

from engine.report.svg import fit_names, measure_text

NAMES = (
    *(f"Task vector of digits lr 1e-3 · checkpoint-{step}" for step in (10, 100)),
    *(f"Task vector of photo lr 1e-4 · checkpoint-{step}" for step in (20, 100, 1000)),
)


def test_names_that_fit_stay_whole():
    assert fit_names(NAMES, 11, 1000) == NAMES


def test_what_names_share_goes_before_what_tells_them_apart():
    """A learning rate is what trainings differ in; cut from the middle of a name it would be gone."""
    shown = fit_names(NAMES, 11, measure_text(NAMES[-1], 11) - 20)
    assert shown[0] == "…vector of digits lr 1e-3 · checkpoint-10"
    assert shown[-1] == "…vector of photo lr 1e-4 · checkpoint-1000"


@pytest.mark.parametrize("width", [40, 120])
def test_what_is_too_long_even_so_is_cut(width):
    assert all(measure_text(name, 11) <= width for name in fit_names(NAMES, 11, width))
