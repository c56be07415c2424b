"""Suggested strengths, against their formulas on the tensors."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.similarity.geometry import Geometry
from engine.similarity.geometry_presets import adds_only, model_stock_ratio, suggest_strengths, suggest_weights
from engine.similarity.gram_table import make_zeros


def measure_lengths(tiny, weights):
    """Return the lengths of the weighed vectors, and that of their sum."""
    vectors = tiny.edits(np.diag(np.asarray(weights, dtype=float))[None])
    lengths = torch.linalg.norm(vectors, dim=1).numpy()
    return lengths[lengths > 0], torch.linalg.norm(vectors.sum(0)).item()


@pytest.mark.parametrize("weight", [1.0, 0.5, 2.0])
def test_presets_of_a_sum_are_those_of_its_vectors(tiny, weight):
    weights = np.array([1, 0, 1, 1]) * weight
    lengths, _ = measure_lengths(tiny, [1, 0, 1, 1])
    _, whole = measure_lengths(tiny, weights)
    found = suggest_strengths(tiny.geometry(), weights[None])
    assert found.summands == (0, 2, 3)
    assert found.mean == pytest.approx(1 / (3 * weight))
    assert found.norm_match == pytest.approx(lengths.mean() / whole, rel=1e-5)
    inner = tiny.geometry().measure(np.eye(4)[None]).inner
    ratio = model_stock_ratio(inner[np.ix_([0, 2, 3], [0, 2, 3])])
    assert ratio > 0
    assert found.stock_ratio == pytest.approx(ratio)
    assert found.model_stock == pytest.approx(ratio / (3 * weight))


@pytest.mark.parametrize("weights", [(1, 0, 1, -1), (-1, 0, -1, -1), (1, 0, 3, 1)], ids=["analogy", "negation", "unequal"])
def test_what_is_no_mean_has_no_strength_that_makes_one(tiny, weights):
    lengths, _ = measure_lengths(tiny, np.abs(np.sign(weights)))
    _, whole = measure_lengths(tiny, weights)
    found = suggest_strengths(tiny.geometry(), np.array([weights], dtype=float))
    assert (found.mean, found.stock_ratio, found.model_stock) == (None, None, None)
    assert found.norm_match == pytest.approx(lengths.mean() / whole, rel=1e-5)


def test_of_vectors_that_point_apart_model_stock_says_nothing():
    table = make_zeros("base", ("a", "b"), ("w",), (), np.array([4]))
    table.products[0, 1:, 1:] = [[1, -0.5], [-0.5, 1]]
    found = suggest_strengths(Geometry(table, table.vectors, table.tensors, (0,)), np.ones((1, 2)))
    assert (found.mean, found.stock_ratio, found.model_stock) == (0.5, None, None)


def test_layers_that_are_weighed_otherwise_are_no_mean(tiny):
    direction = np.array([[1, 1, 0, 0], [0.5, 0.5, 0, 0]])
    found = suggest_strengths(tiny.geometry(dict.fromkeys(tiny.table.tensors[1:], 1)), direction)
    assert found.mean is None
    assert not found.is_partial


def test_of_layers_that_are_left_out_no_length_counts(tiny):
    """At the norm match the edit is as long as the fine-tunings are, on average, in the layers that it changes."""
    groups = dict.fromkeys(tiny.table.tensors[1:], 1)
    direction = np.array([[0.0, 0.0, 0, 0], [0.5, 2.0, 0, 0]])
    found = suggest_strengths(tiny.geometry(groups), direction)
    vectors = tiny.edits(np.eye(4)[None], tensors=tiny.table.tensors[1:])[:2]
    whole = torch.linalg.norm(0.5 * vectors[0] + 2 * vectors[1]).item()
    assert found.is_partial
    assert found.norm_match * whole == pytest.approx(torch.linalg.norm(vectors, dim=1).mean().item(), rel=1e-5)


def test_one_vector_is_as_long_as_itself(tiny):
    found = suggest_strengths(tiny.geometry(), np.array([[0, 1, 0, 0]], dtype=float))
    assert (found.mean, found.norm_match) == (1, pytest.approx(1))
    assert suggest_strengths(tiny.geometry(), np.array([[0, -1, 0, 0]], dtype=float)).norm_match == pytest.approx(1)


def test_weights_are_those_of_the_lengths(tiny):
    lengths, whole = measure_lengths(tiny, [1, 0, 1, 0])
    found = suggest_weights(tiny.geometry().measure(np.eye(4)[None]).inner[np.ix_([0, 2], [0, 2])])
    assert found.mean == 0.5
    assert found.norm_match == pytest.approx(lengths.mean() / whole, rel=1e-5)
    assert found.meta_gpt == pytest.approx(tuple(lengths**2 / (lengths**2).sum()), rel=1e-5)


@pytest.mark.parametrize("inner", [np.eye(1), np.zeros((2, 2)), np.full((2, 2), np.nan), np.array([[1.0, -1.0], [-1.0, 1.0]])])
def test_no_weights_are_suggested_for_what_can_not_be_weighed(inner):
    assert suggest_weights(inner) is None


def test_a_sum_takes_nothing_away():
    assert adds_only(np.array([0.0, 0.5]))
    assert not adds_only(np.array([1.0, -0.5]))
    assert not adds_only(np.array([1.0, np.nan]))


def test_nothing_is_suggested_for_what_is_zero_or_not_known(tiny):
    geometry = tiny.geometry(columns=[*tiny.table.vectors, "ties"])
    for weights in ([0, 0, 0, 0, 0], [np.nan, 0, 0, 0, 0], [1, 0, 0, 0, 1]):
        assert suggest_strengths(geometry, np.array([weights], dtype=float)) is None


def test_model_stock_brings_the_mean_as_near_to_the_base_as_the_angles_say(tiny):
    edits = tiny.edits(np.eye(4)[None])
    unit = edits / torch.linalg.norm(edits, dim=1, keepdim=True)
    mean = ((unit @ unit.T).sum() - 4).item() / 12
    found = model_stock_ratio(tiny.geometry().measure(np.eye(4)[None]).inner)
    assert found == pytest.approx(4 * mean / (1 + 3 * mean), abs=1e-5)


def test_vectors_alike_stay_and_orthogonal_ones_go_home():
    assert model_stock_ratio(np.ones((3, 3))) == pytest.approx(1)
    assert model_stock_ratio(np.eye(3)) == pytest.approx(0)
    assert model_stock_ratio(np.ones((1, 1))) == 1
    assert np.isnan(model_stock_ratio(np.zeros((2, 2))))


@pytest.mark.parametrize(
    "inner",
    [
        [[1, -1], [-1, 1]],
        [[1, -1 + 1e-12], [-1 + 1e-12, 1]],
        [[4, -4.000001], [-4.000001, 4]],
        [[1, -0.5, -0.5], [-0.5, 1, -0.5], [-0.5, -0.5, 1]],
        [[1, 0], [0, 0]],
    ],
    ids=["opposite", "nearly opposite", "opposite but for rounding", "three that cancel", "zero"],
)
def test_vectors_that_cancel_have_no_ratio(inner):
    assert np.isnan(model_stock_ratio(np.array(inner, dtype=float)))


def test_vectors_that_point_far_apart_have_one():
    assert model_stock_ratio(np.array([[1, -0.9], [-0.9, 1]])) == pytest.approx(2 * -0.9 / 0.1)
    assert model_stock_ratio(np.array([[1, -0.999], [-0.999, 1]])) == pytest.approx(2 * -0.999 / 0.001)


def test_a_sum_that_cancels_but_for_a_third_vector_has_no_ratio_preset():
    table = make_zeros("base", ("a", "b", "c"), ("w",), (), np.array([4]))
    table.products[0, 1:, 1:] = [[1, -0.5, -0.5], [-0.5, 1, -0.5 + 1e-9], [-0.5, -0.5 + 1e-9, 1]]
    found = suggest_strengths(Geometry(table, table.vectors, table.tensors, (0,)), np.ones((1, 3)))
    assert (found.stock_ratio, found.model_stock) == (None, None)
