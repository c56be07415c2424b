"""What the Similarity panel shows, against plain arithmetic."""

from itertools import pairwise

import numpy as np
import pytest

from app.similarity_figures import cluster


def test_what_is_alike_stands_together():
    draw = np.random.default_rng(0)
    centres = draw.standard_normal((3, 40))
    vectors = np.array([centres[index % 3] + 0.1 * draw.standard_normal(40) for index in range(12)])
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    order = cluster(vectors @ vectors.T)
    assert sorted(order) == list(range(12))
    kinds = [index % 3 for index in order]
    assert sum(one != two for one, two in pairwise(kinds)) == 2


@pytest.mark.parametrize("values", [np.zeros((0, 0)), np.ones((1, 1)), np.full((2, 2), np.nan)])
def test_little_has_an_order_too(values):
    assert sorted(cluster(values)) == list(range(len(values)))
