from __future__ import annotations

import math

import pytest

from engine.report import wording


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.6387, "0.639"),
        (0.0512, "0.0512"),
        (1.0, "1.00"),
        (-0.25, "−0.250"),
        (123.4, "123"),
        (999.96, "1,000"),
        (12_345.6, "12,346"),
        (0.0, "0.00"),
        (2.5e-6, "2.50·10⁻⁶"),
        (3e12, "3.00·10¹²"),
        (math.nan, "–"),
        (math.inf, "∞"),
    ],
)
def test_figures_have_three_significant_digits(value, text):
    assert wording.write_figure(value) == text


def test_perplexity_has_two_decimals_and_other_metrics_three_digits():
    assert wording.write_metric(16.378, "perplexity") == "16.38"
    assert wording.write_metric(1234.5, "perplexity") == "1,234.50"
    assert wording.write_metric(0.4861, "accuracy") == "0.486"
    assert wording.write_metric(math.nan, "perplexity") == "–"


def test_a_cosine_never_shows_a_negative_zero():
    assert [wording.write_cosine(value) for value in (-0.001, -0.29, 1.0, math.nan)] == ["0.00", "−0.29", "1.00", "–"]


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.0, "0 %"), (1.0, "100 %"), (0.9999, "99.99 %"), (0.041, "4.1 %"), (0.12345, "12 %"), (0.000001, "< 0.01 %"), (math.nan, "–")],
)
def test_only_what_is_whole_reads_as_none_or_all(share, text):
    assert wording.write_share(share) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.034, "0.034 s"), (1.4, "1.4 s"), (59.2, "59 s"), (125, "2 min 05 s"), (4000, "1 h 06 min")],
)
def test_times_read_as_people_say_them(seconds, text):
    assert wording.write_seconds(seconds) == text


def test_dates_are_written_out_and_nonsense_is_left():
    assert wording.write_date("2026-11-22T10:15:00+01:00") == "22 November 2026"
    assert wording.write_date("some day") == "some day"


def test_hashes_keep_their_ends():
    assert wording.shorten_hash("4f1c" + "0" * 56 + "9a02") == "4f1c…9a02"
    assert wording.shorten_hash(None) == "–"


def test_lists_end_in_and():
    assert [wording.join_words(words) for words in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == ["", "a", "a and b", "a, b and c"]


def test_chance_is_told_as_a_scatter_and_by_the_limit_that_the_window_dots():
    told = wording.write_chance(270_986, "dotted")
    assert "standard deviation of 1/√d = 0.0019 (d = 270,986 entries)" in told
    assert told.endswith("; dotted: within 3/√d = 0.0058, could be chance.")
    assert wording.write_chance(9, "dotted").endswith("; dotted: among so few entries any could be chance.")
    assert wording.write_chance(0, "dotted") == ""


def test_chance_is_told_of_each_part_and_between_which_bands_they_lie():
    assert wording.write_chance_in_part(256, "“?”") == "1/√d = 0.062; “?”: within 3/√d = 0.19, could be chance"
    assert wording.write_chance_in_part(0, "“?”") == ""
    assert "from 0.01 in head to 0.062 in norm" in wording.write_chance_of_parts({"head": 10_000, "norm": 256, "empty": 0}, "dotted")
    assert "d entries, 0.01;" in wording.write_chance_of_parts({"one": 10_000, "two": 10_000}, "dotted")
    assert wording.write_chance_of_parts({}, "dotted") == ""
