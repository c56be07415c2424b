"""Tips of vectors keep their distances where a plane can hold them."""

import numpy as np
import pytest

from engine.similarity.geometry_tips import place_tips


def test_vectors_of_a_plane_keep_their_norms_and_distances():
    vectors = np.array([[3.0, 0.0, 0.0, 0.0], [1.0, 2.0, 0.0, 0.0], [0.0, -1.0, 0.0, 0.0]])
    found = place_tips(vectors @ vectors.T)
    assert found.places[0] == pytest.approx([0, 0])
    assert np.linalg.norm(found.places[1:], axis=1) == pytest.approx(np.linalg.norm(vectors, axis=1))
    apart = np.linalg.norm(found.places[1] - found.places[2])
    assert apart == pytest.approx(np.linalg.norm(vectors[0] - vectors[1]))
    assert found.shown_share == pytest.approx(1)


def test_more_directions_than_two_are_told():
    assert place_tips(np.eye(5)).shown_share == pytest.approx(2 / (4 + 1 / 6))


@pytest.mark.parametrize("products", [np.zeros((2, 2)), np.zeros((0, 0)), np.array([[4.0]])])
def test_few_or_no_directions_make_a_line_or_a_point(products):
    found = place_tips(products)
    assert found.places.shape == (len(products) + 1, 2)
    assert np.abs(found.places).max() == pytest.approx(2.0 if products.any() else 0.0)
    assert found.shown_share == pytest.approx(1 if products.any() else np.nan, nan_ok=True)


def test_what_is_not_finite_has_no_place():
    assert np.isnan(place_tips(np.array([[np.inf, 0.0], [0.0, 1.0]])).places).all()
