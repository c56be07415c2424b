"""Pairs and subsets count with the best of their strengths."""

import math
from dataclasses import replace

import pytest

from engine.subset_scores import Helper, Trial, find_best, mean_by_size, rank_helpers, tabulate_pairs

TRIALS = (
    Trial((0, 0, 0), 9.0),
    Trial((0.5, 0, 0), 0.4, (0.8, 0.1, 0.3)),
    Trial((1, 0, 0), 0.3, (0.7, 0.0, 0.2)),
    Trial((0.5, 0.5, 0), 0.6, (0.7, 0.9, 0.2)),
    Trial((0, 0, 1), math.nan),
)


def test_the_base_is_no_subset_and_what_is_not_known_counts_nowhere():
    best = find_best(TRIALS, higher_is_better=True)
    assert {subset: trial.score for subset, trial in best.items()} == {(0,): 0.4, (0, 1): 0.6}
    assert find_best(TRIALS, higher_is_better=False)[0,].score == 0.3
    assert mean_by_size(best) == {1: 0.4, 2: 0.6}


def test_what_the_rule_of_the_search_forbids_is_no_best():
    alone, forbidden = TRIALS[1], replace(TRIALS[3], qualifies=False)
    assert find_best((alone, forbidden), higher_is_better=True) == {(0,): alone}
    allowed = Trial((1, 1, 0), 0.5)
    assert find_best((allowed, forbidden), higher_is_better=True) == {(0, 1): allowed}


def test_pairs_go_by_their_own_targets_where_each_vector_has_one():
    values = tabulate_pairs(TRIALS, 3, higher_is_better=True)
    assert values[0][0] == 0.8
    assert values[0][1] == values[1][0] == pytest.approx(0.8)
    assert math.isnan(values[2][2])


def test_a_pair_has_the_strengths_that_are_best_for_its_own_targets():
    """Not those that are best for all: a vector alone, at its own strength, is as good as its reference."""
    for_all, for_own = Trial((0.5, 0, 0), 0.6, (0.8, 0.5, 0.5)), Trial((1, 0, 0), 0.5, (1.0, 0.3, 0.2))
    better = Trial((1, 1, 0), 0.5, (0.9, 0.95, 0.1))
    for flag in (True, False):
        values = tabulate_pairs((*TRIALS, for_all, for_own, better), 3, higher_is_better=flag)
        assert values[0][0] == 1.0
        assert values[0][1] == pytest.approx(0.925)
    forbidden = tabulate_pairs((for_all, replace(for_own, qualifies=False)), 3, higher_is_better=True)
    assert forbidden[0][0] == 0.8
    raw = [replace(trial, own=()) for trial in (for_all, for_own)]
    assert [tabulate_pairs(raw, 3, higher_is_better=flag)[0][0] for flag in (True, False)] == [0.6, 0.5]


def test_helpers_are_ranked_by_what_they_add_to_the_first_vector_alone():
    alone, harmful, helpful, equal = (Trial(strengths, score) for strengths, score in (
        ((0.5, 0, 0, 0), 0.4), ((0.5, 0.5, 0, 0), 0.3), ((1, 0, 1, 0), 0.6), ((1, 0, 0, 1), 0.4)
    ))  # fmt: skip
    best = find_best((alone, harmful, helpful, equal), higher_is_better=True)
    ranked = rank_helpers(best, higher_is_better=True)
    assert [(helper.index, helper.trial) for helper in ranked] == [(2, helpful), (None, alone), (3, equal), (1, harmful)]
    assert [helper.gain for helper in ranked] == pytest.approx([0.2, 0, 0, -0.1])
    lower = rank_helpers(find_best((alone, harmful, helpful, equal), higher_is_better=False), higher_is_better=False)
    assert lower[0] == Helper(1, harmful, pytest.approx(0.1))
    without_first = Trial((0, 0.5, 0, 0), 0.9)
    assert rank_helpers(find_best((alone, without_first), higher_is_better=True), higher_is_better=True) == (Helper(None, alone, 0),)


def test_of_equal_helpers_the_one_with_the_smaller_strengths_stands_first():
    alone, large, small = Trial((0.5, 0, 0), 0.4), Trial((1, 1, 0), 0.6), Trial((0.5, 0, 0.5), 0.6)
    ranked = rank_helpers(find_best((alone, large, small), higher_is_better=True), higher_is_better=True)
    assert [helper.index for helper in ranked] == [2, 1, None]


def test_without_a_yardstick_no_helper_is_ranked():
    best = find_best((Trial((0.5, 0.5), 0.3),), higher_is_better=True)
    assert rank_helpers(best, higher_is_better=True) == ()
