"""Standard errors of single figures that several products make: ratios of lengths, shares, residuals, Model Stock's t.

Each is told by its slopes along the products, so that what cancels in a figure has no part in its error: of two edits of which one is a
multiple of the other the ratio of the lengths is exact, however roughly the lengths are known.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from engine.similarity.geometry import Figures
from engine.similarity.geometry_errors import ErrorGeometry, find_root_error
from engine.similarity.gram_table import Floats

_ROUNDING = 1e-12
_LEAST_OVER_ERROR = 10
"""How many standard errors a divisor has to be above 0 for the quotient's error to be told by its slope."""


def find_relative_norm_error(errors: ErrorGeometry, figures: Figures, row: int) -> float:
    """Return the standard error of ‖edit‖ / ‖θ₀‖."""
    norm, relative = float(figures.norms[row]), float(figures.relative_norms[row])
    if norm == 0 and relative == 0:
        return _find_zero_error(errors, figures.weights[:, row]) / errors.base_norm
    if not norm > 0 or not relative > 0:
        return 0.0
    base_square = (norm / relative) ** 2
    return errors.measure_slopes(_square(figures, row) * (relative / 2), relative / 2 / base_square)


def find_ratio_error(errors: ErrorGeometry, figures: Figures, above: int, below: int) -> float:
    """Return the standard error of ‖a‖ / ‖b‖."""
    one, two = float(figures.norms[above]), float(figures.norms[below])
    if one == 0 and two > 0:
        return _find_zero_error(errors, figures.weights[:, above]) / two
    if not one > 0 or not two > 0:
        return 0.0
    return errors.measure_slopes(_subtract(_square(figures, above), _square(figures, below)) * (one / two / 2))


def find_share_error(errors: ErrorGeometry, figures: Figures, whole: int, part: int) -> float:
    """Return the standard error of ⟨a, b⟩ / ‖b‖², how much of b is in a: that of ⟨a − share·b, b⟩ / ‖b‖²."""
    norm = float(figures.norms[part])
    if not norm > 0:
        return 0.0
    rest = _subtract(figures.weights[:, whole], float(figures.shares[whole, part]) * figures.weights[:, part])
    return errors.measure_slopes(_multiply(rest, figures.weights[:, part]) / norm**2)


def find_overlap_error(errors: ErrorGeometry, figures: Figures, row: int) -> float:
    """Return the standard error of the interference share 1 − Σ wᵢ²‖δᵢ‖² / ‖edit‖²."""
    norm, share = float(figures.norms[row]), float(figures.interference_shares[row])
    if not norm > 0:
        return 0.0
    weights = figures.weights[:, row]
    alone = weights[:, :, None] ** 2 * np.eye(weights.shape[1])
    return errors.measure_slopes(_subtract(_square(figures, row) * (1 - share), alone / norm**2))


def find_residual_error(errors: ErrorGeometry, figures: Figures, made: int, true: int) -> float:
    """Return the standard error of ‖D̂ − D‖ / ‖D‖."""
    gap, norm = float(figures.distances[made, true]), float(figures.norms[true])
    apart = _subtract(figures.weights[:, made], figures.weights[:, true])
    if gap == 0 and norm > 0:
        return _find_zero_error(errors, apart) / norm
    if not gap > 0 or not norm > 0:
        return 0.0
    return errors.measure_slopes(_subtract(_multiply(apart, apart) / gap**2, _square(figures, true)) * (gap / norm / 2))


def find_stock_error(errors: ErrorGeometry, figures: Figures, rows: Sequence[int], ratio: float) -> float:
    """Return the standard error of Model Stock's t = N·c / (1 + (N − 1)·c) of N edits, c the mean of their cosines.

    Infinity where 1 + (N − 1)·c is not well above its own error, so that t may be anything; NaN where there is no t.
    """
    count = len(rows)
    pairs = list(combinations(rows, 2))
    if not np.isfinite(ratio):
        return float("nan")
    if not pairs or not all(figures.norms[row] > 0 for row in rows):
        return 0.0
    slopes = np.sum([_slopes_of_cosine(figures, one, two) for one, two in pairs], axis=0) / len(pairs)
    # t / N = c / (1 + (N − 1)·c) gives 1 + (N − 1)·c = 1 / (1 − t·(N − 1) / N), and dt/dc = N / (1 + (N − 1)·c)².
    inverse = 1 - ratio * (count - 1) / count
    if (count - 1) * errors.measure_slopes(slopes) * _LEAST_OVER_ERROR >= 1 / inverse:
        return float("inf")
    return errors.measure_slopes(slopes * (count * inverse**2))


def _slopes_of_cosine(figures: Figures, one: int, two: int) -> Floats:
    product = _multiply(figures.weights[:, one], figures.weights[:, two]) / float(figures.norms[one] * figures.norms[two])
    squares = (_square(figures, one) + _square(figures, two)) / 2
    return _subtract(product, float(figures.cosines[one, two]) * squares)


def _find_zero_error(errors: ErrorGeometry, weights: Floats) -> float:
    """Return the standard error of a length that was found to be 0: changes may lie where none was read."""
    square = errors.measure_slopes(_multiply(weights, weights))
    return float(find_root_error(np.array(square), np.array(0.0)))


def _square(figures: Figures, row: int) -> Floats:
    """Return (groups, columns, columns): how the logarithm of ‖edit‖² changes with each product."""
    return _multiply(figures.weights[:, row], figures.weights[:, row]) / float(figures.norms[row]) ** 2


def _multiply(one: Floats, two: Floats) -> Floats:
    """Return (groups, columns, columns): how ⟨a, b⟩ changes with each product, which stands there twice: as ⟨δᵢ, δⱼ⟩ and ⟨δⱼ, δᵢ⟩."""
    across = one[:, :, None] * two[:, None, :]
    return (across + np.swapaxes(across, 1, 2)) / 2


def _subtract(one: Floats, two: Floats) -> Floats:
    """Return a difference; 0 where only rounding is left of it."""
    apart = one - two
    return np.where(np.abs(apart) <= _ROUNDING * (np.abs(one) + np.abs(two)), 0.0, apart)
