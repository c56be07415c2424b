"""Pairs and subsets in the report, from records whose best are known."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import pytest

from engine.evaluation.measurement import Measurement
from engine.execution.result import SearchPoint, SearchRecord
from engine.report.matrix_figure import MatrixStyle
from engine.report.report import write_choice
from engine.report.subset_figure import draw_pairs, draw_sizes, find_best, mean_by_size, rank_subsets, tabulate_pairs
from engine.report.svg import TEAL
from engine.report.wording import write_figure


def accuracy(value):
    return Measurement("accuracy", value, 100, value, value, higher_is_better=True)


def point(strengths, targets):
    score = sum(target / reference for target, reference in zip(targets, (0.8, 0.5, 1.0), strict=True)) / 3
    return SearchPoint(sum(strengths) / 3, tuple(map(accuracy, targets)), (), score, any(strengths), strengths)


POINTS = (
    point((0, 0, 0), (0.1, 0.1, 0.1)),
    point((1, 0, 0), (0.8, 0.1, 0.1)),
    point((0.5, 0, 0), (0.4, 0.1, 0.1)),
    point((0, 1, 0), (0.1, 0.5, 0.1)),
    point((0, 0, 1), (0.1, 0.1, 1.0)),
    point((0.5, 0.5, 0), (0.6, 0.4, 0.1)),
    point((1, 1, 0), (0.7, 0.5, 0.1)),
    point((1, 0, 1), (0.6, 0.2, 0.9)),
    point((0.5, 0.5, 0.5), (0.7, 0.4, 0.8)),
)


@pytest.fixture
def search():
    """Return a search over the subsets of three vectors, not all of which were measured."""
    return SearchRecord(
        node="s", rule="best_target", limit=None, is_normalized=True, target_names=("ta", "tb", "tc"), control_names=(), points=POINTS,
        chosen=0.5, chosen_text="0.5, 0.5, 0.5", vector_names=("a", "b", "c"), chosen_strengths=(0.5, 0.5, 0.5), method="subsets",
        budget=60, references=tuple(map(accuracy, (0.8, 0.5, 1.0))),
    )  # fmt: skip


def test_each_subset_counts_with_its_best_strength(search):
    best = find_best(search)
    assert {subset: found.strengths for subset, found in best.items() if len(subset) < 3} == {
        (0,): (1, 0, 0),
        (1,): (0, 1, 0),
        (2,): (0, 0, 1),
        (0, 1): (1, 1, 0),
        (0, 2): (1, 0, 1),
    }
    assert mean_by_size(search)[3] == pytest.approx((0.7 / 0.8 + 0.4 / 0.5 + 0.8) / 3)


def test_a_pair_is_rated_by_its_own_targets_and_a_single_vector_is_1_by_definition(search):
    values = tabulate_pairs(search)
    assert [values[index][index] for index in range(3)] == [1, 1, 1]
    assert values[0][1] == values[1][0] == pytest.approx((0.7 / 0.8 + 1) / 2)
    assert math.isnan(values[1][2])


def test_without_targets_of_their_own_pairs_are_rated_by_all(search):
    values = tabulate_pairs(replace(search, references=()))
    assert values[0][1] == pytest.approx(find_best(search)[0, 1].score)


def test_lower_is_better_turns_the_choice_round(search):
    points = tuple(replace(one, targets=tuple(replace(figure, higher_is_better=False) for figure in one.targets)) for one in search.points)
    turned = replace(search, points=points, is_normalized=False)
    assert find_best(turned)[0,].strengths == (0.5, 0, 0)


def test_two_numbers_of_vectors_make_no_curve(search):
    pairs = replace(search, points=tuple(one for one in search.points if sum(map(bool, one.strengths)) < 3), method="pairs")
    assert draw_sizes(pairs, "k") == ""
    assert draw_sizes(search, "k")


def test_the_matrix_of_pairs_has_a_scale_from_its_smallest_to_its_largest_figure(search):
    values = [value for row in tabulate_pairs(search) for value in row if math.isfinite(value)]
    low, high = write_figure(min(values)), write_figure(max(values))
    texts = re.findall(r">([^<>]+)</text>", draw_pairs(search, "k"))
    assert texts[-2:] == [low, high]


def test_figures_are_drawn_and_said_in_words(search):
    for svg in (draw_pairs(search, "k"), draw_sizes(search, "k")):
        assert svg.startswith("<svg")
        assert "aria-label" in svg or "<title" in svg
    sizes = draw_sizes(search, "k")
    assert "3: " in sizes
    legend = 2
    assert sizes.count("<use") == len(find_best(search)) + len(mean_by_size(search)) + legend
    assert draw_pairs(replace(search, method="coordinate"), "k") == ""
    assert draw_sizes(replace(search, method=""), "k") == ""


def test_subsets_are_ranked_by_their_scores(search):
    ranked = rank_subsets(search)
    assert [found.vectors for found in ranked[:2]] == [("a", "b", "c"), ("a", "c")]
    assert ranked[1].strengths == (1, 1)
    assert [found.score for found in ranked] == sorted((found.score for found in ranked), reverse=True)
    raw = tuple(replace(each, targets=tuple(replace(one, higher_is_better=False) for one in each.targets)) for each in search.points)
    turned = rank_subsets(replace(search, is_normalized=False, points=raw))
    assert [found.score for found in turned] == sorted(found.score for found in turned)
    assert rank_subsets(replace(search, method="coordinate")) == ()


def test_what_the_rule_forbids_is_not_ranked(search):
    best = rank_subsets(search)[1]
    points = tuple(replace(one, qualifies=one.qualifies and one.strengths != (1, 0, 1)) for one in search.points)
    left = rank_subsets(replace(search, points=points))
    assert best.vectors == ("a", "c")
    assert all(found.vectors != best.vectors or found.strengths != best.strengths for found in left)


def test_the_chosen_subset_is_marked_wherever_it_stands(search):
    by_limit = replace(search, chosen_strengths=(1, 0, 1))
    assert [found.is_chosen for found in rank_subsets(by_limit)[:3]] == [False, True, False]


def test_a_choice_tells_which_strength_is_whose(search):
    assert write_choice(search).startswith("λ = 0.5 for “a”, 0.5 for “b”, 0.5 for “c” was chosen")
    pair = replace(search, chosen_text="1, 0, 1", chosen_strengths=(1.0, 0.0, 1.0))
    assert write_choice(pair).startswith("λ = 1 for “a”, 1 for “c” and none of the others was chosen")
    assert "sets tried, subset by subset (rule" in write_choice(search)
    assert write_choice(replace(pair, method="coordinate")).startswith("λ = 1 for “a”, 0 for “b”, 1 for “c” was chosen")


def test_colours_run_from_the_weakest_to_the_strongest():
    style = MatrixStyle(str, TEAL, strongest=1.0, weakest=0.5)
    assert [style.weigh(value) for value in (0.2, 0.5, 0.75, -1.0, 2.0)] == [0, 0, 0.5, 1, 1]
    assert [replace(style, strongest=0.5).weigh(value) for value in (0.0, 0.5)] == [0, 1]
