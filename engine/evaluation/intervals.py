"""95 % intervals: Wilson's for shares, the percentile bootstrap for everything else."""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt

import numpy as np
from numpy.typing import NDArray

QUANTILE = 1.959963984540054
"""The 97.5 % quantile of the standard normal distribution."""
RESAMPLES = 1000
WILSON = "Wilson 95 %"

Rows = NDArray[np.int64]
Interval = tuple[float, float]


def wilson_interval(successes: int, n: int) -> Interval:
    """Return Wilson's score interval of a share (Wilson 1927, equation 4 of Brown, Cai and DasGupta 2001); (0, 1) for n = 0."""
    if n == 0:
        return 0.0, 1.0
    share, square = successes / n, QUANTILE**2
    centre = (share + square / (2 * n)) / (1 + square / n)
    half = QUANTILE / (1 + square / n) * sqrt(share * (1 - share) / n + square / (4 * n * n))
    # At 0 and at n the formula meets the end exactly; rounding must not leave it.
    return (0.0 if successes == 0 else centre - half), (1.0 if successes == n else centre + half)


def bootstrap_interval(statistic: Callable[[Rows], float], units: int, seed: int) -> Interval:
    """Return the 2.5 % and 97.5 % percentiles of a statistic over 1,000 resamples with replacement.

    Args:
        statistic: Gives the figure for an array of unit indices.
        units: How many independent units (examples, documents, windows) there are.
        seed: The seed of the draws: the same seed gives the same interval.
    """
    generator = np.random.default_rng(seed)
    figures = np.array([statistic(generator.integers(0, units, units)) for _ in range(RESAMPLES)])
    low, high = np.quantile(figures, (0.025, 0.975), method="inverted_cdf")
    return float(low), float(high)


def describe_bootstrap(units: str) -> str:
    """Return how such an interval is named in a report."""
    return f"bootstrap 95 % over {units}, {RESAMPLES:,} resamples"
