"""A figure and its error never contradict each other."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.estimate_text import write_estimate


@pytest.mark.parametrize(
    ("value", "error", "form", "text"),
    [
        (0.0815, 0.0, ".2f", "0.08"),
        (0.0815, 0.0004, ".2f", "≈ 0.0815 ± 0.0004"),
        (130.5712, 0.031, ".4g", "≈ 130.57 ± 0.03"),
        (1234.5, 26.0, ".4g", "≈ 1230 ± 30"),
        (0.1234, 0.0096, ".0%", "≈ 12% ± 1%"),
        (-0.00004, 0.01, ".2f", "≈ 0.00 ± 0.01"),
        (1.23456e-7, 2e-10, ".4g", "≈ 1.235e\u221207 ± 2e-10"),
        (0.5, math.inf, ".2f", "≈ 0.50"),
        (12_345_678.0, 3e6, ".4g", "≈ 12000000 ± 3000000"),
        (math.inf, 1e-9, ".4g", "inf"),
        (math.nan, 0.1, ".2f", "–"),
    ],
)
def test_as_many_digits_as_the_error_leaves_known(value, error, form, text):
    assert write_estimate(value, error, form) == text


@given(st.floats(-1e6, 1e6), st.floats(1e-9, 1e3))
def test_what_is_written_lies_within_the_error_of_what_was_meant(value, error):
    written = write_estimate(value, error, ".2f").removeprefix("≈ ").partition(" ± ")[0].replace("\u2212", "-")
    assert abs(float(written) - value) <= max(error, 1e-15 * abs(value))
