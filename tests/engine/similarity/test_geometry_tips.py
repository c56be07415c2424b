"""Tips of vectors keep their distances where a plane can hold them."""

import numpy as np
import pytest

from engine.similarity.geometry_tips import place_sums, place_tips


def test_vectors_of_a_plane_keep_their_norms_and_distances():
    vectors = np.array([[3.0, 0.0, 0.0, 0.0], [1.0, 2.0, 0.0, 0.0], [0.0, -1.0, 0.0, 0.0]])
    found = place_tips(vectors @ vectors.T)
    assert found.places[0] == pytest.approx([0, 0])
    assert np.linalg.norm(found.places[1:], axis=1) == pytest.approx(np.linalg.norm(vectors, axis=1))
    apart = np.linalg.norm(found.places[1] - found.places[2])
    assert apart == pytest.approx(np.linalg.norm(vectors[0] - vectors[1]))
    assert (found.shown_share, found.models) == (1, 4)


@pytest.mark.parametrize("seed", range(20))
def test_two_vectors_and_where_they_begin_are_a_plane(seed):
    vectors = np.random.default_rng(seed).standard_normal((2, 100))
    assert place_tips(vectors @ vectors.T).shown_share == 1


def test_the_rounding_of_float32_products_is_no_third_direction():
    first, second = np.random.default_rng(0).standard_normal((2, 1000)).astype(np.float32)
    vectors = np.stack([first, second, first - 2 * second])
    products = (vectors @ vectors.T).astype(np.float64)
    assert np.linalg.matrix_rank(products) == 3
    assert place_tips(products).shown_share == 1


def test_the_plane_is_laid_through_what_was_read_and_shows_a_share_of_all():
    draw = np.random.default_rng(0)
    vectors = draw.standard_normal((5, 8))
    vectors[[0, 4]] *= 4
    points = np.concatenate([np.zeros((1, 8)), vectors])
    fixed = points[[0, 2, 3, 4]]
    axes = np.linalg.svd(fixed - fixed.mean(axis=0))[2][:2]
    shown = (points - points.mean(axis=0)) @ axes.T
    found = place_tips(vectors @ vectors.T, [False, True, True, True, False])
    assert found.shown_share == pytest.approx((shown**2).sum() / ((points - points.mean(axis=0)) ** 2).sum())
    wanted = np.linalg.norm(shown[:, None] - shown[None], axis=-1)
    assert np.linalg.norm(found.places[:, None] - found.places[None], axis=-1) == pytest.approx(wanted)
    assert found.models == 6


def test_a_vector_again_changes_nothing():
    vectors = np.random.default_rng(1).standard_normal((4, 9))
    again = vectors[[0, 1, 1, 2, 3, 1]]
    alone, more = place_tips(vectors @ vectors.T), place_tips(again @ again.T)
    assert (more.shown_share, more.models) == (pytest.approx(alone.shown_share), 5)
    assert more.places[[0, 1, 2, 4, 5]] == pytest.approx(alone.places)


def test_sums_lie_where_their_vectors_take_them_and_count_once():
    vectors = np.random.default_rng(2).standard_normal((3, 9))
    tips = place_tips(vectors @ vectors.T)
    multiples = np.array([[0.5, -1, 2], [0, 1, 0], [0, 0, 0], [0.5, -1, 2]])
    found = place_sums(vectors @ vectors.T, tips.places, multiples)
    assert found.places == pytest.approx(multiples @ tips.places[1:])
    points = np.concatenate([np.zeros((1, 9)), vectors, multiples[:1] @ vectors])
    shown = np.concatenate([tips.places, found.places[:1]])
    share = ((shown - shown.mean(axis=0)) ** 2).sum() / ((points - points.mean(axis=0)) ** 2).sum()
    assert (found.shown_share, found.models) == (pytest.approx(share), 5)


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
