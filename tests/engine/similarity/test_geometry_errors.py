"""Standard errors of figures: they cover what sampled blocks really miss, and vanish for exact tables."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.similarity.geometry import Geometry
from engine.similarity.geometry_errors import ErrorGeometry

WEIGHTS = np.array([[[1, 0, 0, 0], [0, 1, 0, 0], [0.5, 0, 0.5, 0], [1, 0.2, -1, 0.3]]])
DRAWS = 400


def test_exact_tables_have_no_error(tiny):
    geometry = tiny.geometry()
    errors = ErrorGeometry(geometry).measure(geometry.measure(WEIGHTS))
    assert not errors.norms.any()
    assert not errors.cosines.any()


def test_three_errors_cover_the_exact_figure_in_99_of_100_draws(tiny):
    """Every product of a tensor is off by a common share and a share of its own, as products from the same blocks are."""
    exact = tiny.geometry().measure(WEIGHTS)
    draw = np.random.default_rng(8)
    size = 0.02 * np.sqrt(np.einsum("taa->ta", tiny.table.products))
    errors = size[:, :, None] * size[:, None, :] / 0.02
    missed = {"norms": 0, "cosines": 0}
    for _ in range(DRAWS):
        common, own = draw.standard_normal((len(errors), 1, 1)), draw.standard_normal(errors.shape)
        noise = errors * (0.8 * common + 0.6 * (np.triu(own) + np.triu(own, 1).transpose(0, 2, 1)))
        table = replace(tiny.table, products=tiny.table.products + noise, errors=errors)
        geometry = Geometry(table, table.vectors, table.tensors, [0] * len(table.tensors))
        figures = geometry.measure(WEIGHTS)
        found = ErrorGeometry(geometry).measure(figures)
        missed["norms"] += (np.abs(figures.norms - exact.norms) > 3 * found.norms).any()
        missed["cosines"] += (np.abs(figures.cosines - exact.cosines) > 3 * found.cosines + 1e-12).any()
    assert missed["norms"] <= 0.01 * DRAWS
    assert missed["cosines"] <= 0.01 * DRAWS


def test_the_error_of_one_norm_is_half_that_of_its_square(tiny):
    errors = np.zeros_like(tiny.table.products)
    errors[0, 1, 1] = 1e-3 * tiny.table.products[0, 1, 1]
    table = replace(tiny.table, errors=errors)
    geometry = Geometry(table, table.vectors, table.tensors, [0] * len(table.tensors))
    figures = geometry.measure(WEIGHTS[:, :1])
    assert ErrorGeometry(geometry).measure(figures).norms == pytest.approx([errors[0, 1, 1] / (2 * figures.norms[0])])


def test_the_error_of_a_cosine_is_that_of_its_product_and_half_of_each_square(tiny):
    """One product of one tensor is off at a time: ⟨a, b⟩ by e gives e/(‖a‖‖b‖), ‖a‖² by e gives |cos|/2·e/‖a‖²."""
    off = 1e-3 * tiny.table.products[0, 1, 1]
    for first, second in ((1, 2), (1, 1)):
        errors = np.zeros_like(tiny.table.products)
        errors[0, first, second] = errors[0, second, first] = off
        table = replace(tiny.table, errors=errors)
        geometry = Geometry(table, table.vectors, table.tensors, [0] * len(table.tensors))
        figures = geometry.measure(np.eye(len(table.vectors))[None])
        a, b = figures.norms[:2]
        expected = off / (a * b) if first != second else abs(figures.cosines[0, 1]) / 2 * off / a**2
        assert ErrorGeometry(geometry).measure(figures).cosines[0, 1] == pytest.approx(expected)
