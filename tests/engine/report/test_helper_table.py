"""Helpers are ranked by what they add to the first vector alone, and the choice is told with its test figures."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.execution.result import MetricRecord, SearchPoint, SearchRecord
from engine.report.helper_table import rank_in_table
from engine.report.report import write_choice


@pytest.fixture
def search(measure):
    """Return a search for the best of two helpers of “task”; the one called “friend” is it."""

    def point(strengths, value):
        return SearchPoint(sum(strengths) / 3, (measure(value, 300),), (), value / 0.5, any(strengths), strengths)

    points = (
        point((0, 0, 0), 0.2),
        point((0.5, 0, 0), 0.5),
        point((1, 0, 0), 0.45),
        point((0.5, 0.5, 0), 0.3),
        point((0.5, 0, 0.5), 0.7),
        point((1, 0, 1), 0.6),
    )
    return SearchRecord(
        node="s", rule="best_target", limit=None, is_normalized=True, target_names=("digits",), control_names=(), points=points,
        chosen=1 / 3, chosen_text="0.5, 0, 0.5", vector_names=("task", "foe", "friend"), chosen_strengths=(0.5, 0, 0.5), method="helpers",
        budget=60, references=(measure(0.5, 300),),
    )  # fmt: skip


def test_helpers_stand_in_the_order_of_their_gain_with_the_vector_alone_among_them(search):
    table = rank_in_table(search)
    assert [(row.rank, row.name, row.strength, row.gain) for row in table.rows] == [
        ("1", "friend", 0.5, "+0.400"),
        ("", "no helper", 0.5, ""),
        ("2", "foe", 0.5, "−0.400"),
    ]
    assert [row.score for row in table.rows] == pytest.approx([1.4, 1, 0.6])
    assert [row.is_chosen for row in table.rows] == [True, False, False]
    assert table.sentences == ("On validation data “friend” helps “task” most (1.40 with it, 1.00 alone).",)


def test_a_gain_whose_interval_holds_zero_could_be_chance(search, measure):
    near = replace(search.points[4], targets=(measure(0.51, 300),), score=1.02)
    table = rank_in_table(replace(search, points=(*search.points[:4], near)))
    assert [row.is_chance for row in table.rows] == [True, False, False]
    assert "that could be chance" in table.sentences[0]


def test_where_nobody_helps_that_is_said(search):
    table = rank_in_table(replace(search, points=search.points[:4], chosen_strengths=(0.5, 0, 0)))
    assert table.rows[0].name == "no helper"
    assert table.rows[0].is_chosen
    assert table.sentences[0].startswith("On validation data no vector helps “task”: alone it scores 1.00, and no better with any")


def test_what_the_rule_forbids_is_not_ranked(search):
    forbidden = tuple(replace(point, qualifies=point.qualifies and point.strengths != (0.5, 0, 0.5)) for point in search.points)
    assert rank_in_table(replace(search, points=forbidden)).rows[0].strength == 1


def test_test_figures_are_told_once_beside_the_other_models(search, measure):
    tests = tuple(
        MetricRecord(name, role, "test digits", measure(value, 500))
        for name, role, value in (("base", "base", 0.2), ("tuned", "reference", 0.5), ("search", "edited", 0.66))
    )
    (_, told) = rank_in_table(replace(search, tests=tests)).sentences
    assert (
        told == "On test data, looked at once, the choice has accuracy 0.660 on “test digits” (beside 0.200 for “base”, 0.500 for “tuned”)."
    )


def test_other_searches_have_no_such_list(search):
    assert rank_in_table(replace(search, method="pairs")) is None


def test_the_choice_names_who_takes_part(search):
    told = write_choice(search)
    assert told.startswith("λ = 0.5 for “task”, 0.5 for “friend” and none of the others was chosen on validation data")
    assert "5 of at most 60 sets tried, one helper at a time" in told
