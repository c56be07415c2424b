"""A training's way: planted checkpoints on a known path."""

from __future__ import annotations

import numpy as np
import pytest

from engine.similarity.geometry_series import follow_series


def test_a_straight_way_keeps_its_direction_and_grows(tiny):
    shares = np.array([0.25, 0.5, 1])
    weights = (shares[:, None] * [0, 0, 1, 0])[None]
    figures = tiny.geometry().measure(weights)
    found = follow_series(figures, [0, 1, 2])
    whole = figures.norms[2]
    assert found.cosines == pytest.approx([1, 1, 1])
    assert found.norms == pytest.approx(shares * whole)
    assert found.distances == pytest.approx((1 - shares) * whole)
    assert found.steps == pytest.approx([0.25 * whole, 0.25 * whole, 0.5 * whole])


def test_the_order_is_the_one_given(tiny):
    figures = tiny.geometry().measure(np.eye(4)[None])
    found = follow_series(figures, [3, 0])
    assert found.cosines == pytest.approx([figures.cosines[3, 0], 1])
    assert found.steps == pytest.approx([figures.norms[3], figures.distances[0, 3]])
