"""Standard errors of ratios, shares, residuals and Model Stock's t: what the figure really changes by when one product is off."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.similarity.figure_errors import (
    find_overlap_error,
    find_ratio_error,
    find_relative_norm_error,
    find_residual_error,
    find_share_error,
    find_stock_error,
)
from engine.similarity.geometry import Geometry
from engine.similarity.geometry_errors import ErrorGeometry
from engine.similarity.geometry_presets import model_stock_ratio

WEIGHTS = np.array([[[1, 0, 0, 0], [0, 1, 0, 0], [0.5, 0, 0.5, 0], [1, 0.2, -1, 0.3], [0.7, 0.14, -0.7, 0.21]]])
SUM, MULTIPLE, STOCK = 3, 4, [0, 1, 2]
FIGURES = {
    "relative": (lambda figures: figures.relative_norms[SUM], lambda errors, figures: find_relative_norm_error(errors, figures, SUM)),
    "ratio": (lambda figures: figures.norms[SUM] / figures.norms[2], lambda errors, figures: find_ratio_error(errors, figures, SUM, 2)),
    "share": (lambda figures: figures.shares[SUM, 2], lambda errors, figures: find_share_error(errors, figures, SUM, 2)),
    "overlap": (lambda figures: figures.interference_shares[SUM], lambda errors, figures: find_overlap_error(errors, figures, SUM)),
    "residual": (lambda figures: figures.residual(SUM, 2), lambda errors, figures: find_residual_error(errors, figures, SUM, 2)),
    "stock": (
        lambda figures: model_stock_ratio(figures.inner[np.ix_(STOCK, STOCK)]),
        lambda errors, figures: find_stock_error(errors, figures, STOCK, model_stock_ratio(figures.inner[np.ix_(STOCK, STOCK)])),
    ),
}


def measure(table):
    geometry = Geometry(table, table.vectors, table.tensors, [0] * len(table.tensors))
    return geometry.measure(WEIGHTS), ErrorGeometry(geometry)


@pytest.mark.parametrize("figure", FIGURES)
@pytest.mark.parametrize("product", [(0, 0), (1, 1), (2, 2), (1, 2), (1, 3), (3, 4)])
def test_an_error_is_what_the_figure_changes_by_when_one_product_is_off(tiny, figure, product):
    read, find = FIGURES[figure]
    off = np.zeros_like(tiny.table.products)
    off[2, *product] = off[2, *product[::-1]] = 1e-5 * tiny.table.products[2, product[0], product[0]]
    exact, errors = measure(replace(tiny.table, errors=off))
    other, _ = measure(replace(tiny.table, products=tiny.table.products + off))
    assert find(errors, exact) == pytest.approx(abs(read(other) - read(exact)), rel=1e-3, abs=1e-11 * abs(read(exact)))


def test_a_length_of_0_that_was_estimated_is_not_exact(tiny):
    """Three errors reach as far as the root of three of its square's."""
    products, off = tiny.table.products.copy(), np.zeros_like(tiny.table.products)
    products[:, 1:, :] = products[:, :, 1:] = 0
    products[:, 3, 3] = 1
    off[2, 1, 1] = 0.48
    figures, errors = measure(replace(tiny.table, products=products, errors=off))
    assert figures.norms[0] == 0
    assert errors.measure(figures).norms[0] == pytest.approx(0.4)
    assert find_relative_norm_error(errors, figures, 0) == pytest.approx(0.4 / errors.base_norm)
    assert find_ratio_error(errors, figures, 0, 2) == pytest.approx(0.4 / figures.norms[2])
    assert find_ratio_error(errors, figures, 1, 2) == 0


def test_nothing_is_off_in_exact_tables(tiny):
    figures, errors = measure(tiny.table)
    assert all(find(errors, figures) == 0 for _, find in FIGURES.values())
    assert not errors.is_estimated(WEIGHTS[:, SUM])


def test_of_multiples_ratio_share_and_cosine_are_exact_however_rough_the_products_are(tiny):
    figures, errors = measure(replace(tiny.table, errors=0.05 * np.abs(tiny.table.products)))
    assert find_ratio_error(errors, figures, SUM, MULTIPLE) == 0
    assert find_share_error(errors, figures, SUM, MULTIPLE) == 0
    found = errors.measure(figures)
    assert found.cosines[SUM, MULTIPLE] == 0
    assert (found.cosines[SUM, :SUM] > 0).all()
    (part,) = errors.measure_parts(figures, [[0, 2]])
    assert part.cosines[SUM, MULTIPLE] == 0
    assert find_ratio_error(errors, figures, SUM, 2) > 0


def test_only_what_carries_weight_makes_a_figure_an_estimate(tiny):
    off = np.zeros_like(tiny.table.products)
    off[:, 2, :] = off[:, :, 2] = 1e-3
    _, errors = measure(replace(tiny.table, errors=off))
    assert [errors.is_estimated(WEIGHTS[:, row]) for row in range(4)] == [False, True, False, True]


@pytest.mark.parametrize(("spread", "is_told"), [(1e-4, True), (0.02, False)])
def test_a_divisor_that_is_lost_in_its_error_leaves_the_quotient_without_one(tiny, spread, is_told):
    """Of two vectors with a cosine of -0.9, 1 + c is 0.1: known to a thousandth it tells t, known to a fifth of itself it does not."""
    products, errors = np.zeros_like(tiny.table.products), np.zeros_like(tiny.table.products)
    products[0, 1:3, 1:3] = [[1, -0.9], [-0.9, 1]]
    errors[0, 1, 2] = errors[0, 2, 1] = spread
    figures, found = measure(replace(tiny.table, products=products, errors=errors))
    ratio = model_stock_ratio(figures.inner[:2, :2])
    assert ratio == pytest.approx(-18)
    error = find_stock_error(found, figures, [0, 1], ratio)
    assert error == (pytest.approx(2 * spread / 0.1**2) if is_told else np.inf)
    assert np.isnan(find_stock_error(found, figures, [0, 1], float("nan")))
