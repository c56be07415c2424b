"""Metrics computed by hand."""

from __future__ import annotations

from math import e, inf, nan

import numpy as np
import pytest

from engine.evaluation.metrics import count_exact_matches, macro_f1, measure_labels, measure_mean, measure_share, perplexity

TRUTH = np.array([0, 0, 0, 1, 1, 2])
PREDICTED = np.array([0, 0, 1, 1, 2, 0])


def test_accuracy_counts_what_agrees() -> None:
    measured = measure_labels("accuracy", TRUTH, PREDICTED, 0, {"a": "b"})
    assert (measured.value, measured.n, measured.higher_is_better) == (0.5, 6, True)
    assert measured.low < 0.5 < measured.high
    assert measured.interval == "Wilson 95 %"
    assert measured.details == {"a": "b"}


def test_macro_f1_by_hand() -> None:
    # class 0: 2 hits, 3 true, 3 predicted -> 4/6; class 1: 1, 2, 2 -> 2/4; class 2: 0, 1, 1 -> 0
    assert macro_f1(TRUTH, PREDICTED) == pytest.approx((4 / 6 + 2 / 4 + 0) / 3)


def test_macro_f1_leaves_out_classes_that_never_occur() -> None:
    assert macro_f1(np.array([0, 5]), np.array([0, 5])) == 1.0


def test_no_prediction_is_wrong_and_no_class() -> None:
    truth, predicted = np.array([0, 0, 1]), np.array([0, -1, 1])
    assert measure_labels("accuracy", truth, predicted, 0, {}).value == pytest.approx(2 / 3)
    assert macro_f1(truth, predicted) == pytest.approx((2 / 3 + 1) / 2)
    assert macro_f1(np.array([1]), np.array([-1])) == 0.0


def test_macro_f1_has_a_bootstrap_interval_around_it() -> None:
    measured = measure_labels("macro_f1", np.tile(TRUTH, 20), np.tile(PREDICTED, 20), 0, {})
    assert measured.low < measured.value < measured.high
    assert "bootstrap" in measured.interval


def test_perplexity_is_exp_of_the_mean_loss() -> None:
    assert perplexity(6.0, 3) == pytest.approx(e**2)
    assert perplexity(1e6, 2) == inf
    assert perplexity(nan, 2) == inf


def test_flagged_share_is_better_when_lower() -> None:
    assert not measure_share("flagged_share", 1, 4, {}).higher_is_better
    mean = measure_mean("mean_score", [0.0, 0.5, 1.0], 0, {})
    assert (mean.value, mean.higher_is_better, mean.n) == (0.5, False, 3)


def test_exact_match_ignores_space_and_case_and_takes_any_reference() -> None:
    answers = ["  The\nCat ", "dog", "Straße", "no"]
    references = [("the cat",), ("a dog", "DOG"), ("STRASSE",), ("yes",)]
    assert count_exact_matches(answers, references) == 3
