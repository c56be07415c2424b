"""The figures themselves, from plain arrays of labels, answers or log-likelihoods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import exp, inf, isfinite

import numpy as np
from numpy.typing import NDArray

from engine.evaluation.intervals import WILSON, Rows, bootstrap_interval, describe_bootstrap, wilson_interval
from engine.evaluation.measurement import Measurement
from engine.evaluation.tasks import LOWER_IS_BETTER

LARGEST_EXPONENT = 709.0
"""exp of more than this is past the largest float64."""
NORMALISATION = "ends stripped, runs of white space made one space, case folded"

Labels = NDArray[np.int64]


def measure_share(metric: str, hits: int, n: int, details: Mapping[str, str]) -> Measurement:
    """Return a share of n examples (accuracy, exact_match, flagged_share) with Wilson's interval."""
    low, high = wilson_interval(hits, n)
    return Measurement(metric, hits / n if n else 0.0, n, low, high, metric not in LOWER_IS_BETTER, interval=WILSON, details=details)


def measure_labels(metric: str, truth: Labels, predicted: Labels, seed: int, details: Mapping[str, str]) -> Measurement:
    """Return the accuracy or macro F1 of predicted labels; −1 stands for no prediction and is always wrong."""
    if metric == "accuracy":
        return measure_share(metric, int(np.count_nonzero(truth == predicted)), len(truth), details)

    def resampled(rows: Rows) -> float:
        return macro_f1(truth[rows], predicted[rows])

    low, high = bootstrap_interval(resampled, len(truth), seed)
    value = macro_f1(truth, predicted)
    return Measurement(
        metric, value, len(truth), low, high, higher_is_better=True, interval=describe_bootstrap("examples"), details=details
    )


def macro_f1(truth: Labels, predicted: Labels) -> float:
    """Return the mean of 2·TP / (2·TP + FP + FN) over the classes that occur in the truth or the predictions (−1 is no class)."""
    classes = int(max(truth.max(), predicted.max())) + 1
    hits = np.bincount(truth[truth == predicted], minlength=classes)
    occurrences = np.bincount(truth, minlength=classes) + np.bincount(predicted[predicted >= 0], minlength=classes)
    present = occurrences > 0
    return float(np.mean(2 * hits[present] / occurrences[present]))


def perplexity(loss: float, tokens: int) -> float:
    """Return exp of the mean loss per token (natural logarithm); infinity where that leaves float64 or is not a number."""
    mean = loss / tokens
    return exp(mean) if isfinite(mean) and mean < LARGEST_EXPONENT else inf


def measure_mean(metric: str, scores: Sequence[float], seed: int, details: Mapping[str, str]) -> Measurement:
    """Return the mean of scores with a bootstrap interval over examples."""
    values = np.asarray(scores, dtype=np.float64)

    def resampled(rows: Rows) -> float:
        return float(values[rows].mean())

    low, high = bootstrap_interval(resampled, len(values), seed)
    better = metric not in LOWER_IS_BETTER
    return Measurement(
        metric, float(values.mean()), len(values), low, high, better, interval=describe_bootstrap("examples"), details=details
    )


def normalise_answer(text: str) -> str:
    """Return the text as NORMALISATION says, so that only what was answered is compared."""
    return " ".join(text.split()).casefold()


def count_exact_matches(answers: Sequence[str], references: Sequence[Sequence[str]]) -> int:
    """Count the answers that equal one of their references after normalisation."""
    pairs = zip(answers, references, strict=True)
    return sum(normalise_answer(answer) in {normalise_answer(text) for text in accepted} for answer, accepted in pairs)
