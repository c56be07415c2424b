"""Suggested strengths, against their formulas on the tensors."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.similarity.geometry_presets import model_stock_ratio, suggest_strengths


def test_presets_of_a_sum_are_those_of_its_vectors(tiny):
    direction = np.array([[1, 0, 1, -1]], dtype=float)
    vectors = tiny.edits(np.eye(4)[None])[[0, 2, 3]] * torch.tensor([[1.0], [1.0], [-1.0]])
    norms = torch.linalg.norm(vectors, dim=1).numpy()
    found = suggest_strengths(tiny.geometry(), direction)
    assert found.summands == (0, 2, 3)
    assert found.mean == pytest.approx(1 / 3)
    assert found.norm_match == pytest.approx(norms.mean() / torch.linalg.norm(vectors.sum(0)).item(), rel=1e-5)


def test_one_vector_is_as_long_as_itself(tiny):
    found = suggest_strengths(tiny.geometry(), np.array([[0, -1, 0, 0]], dtype=float))
    assert (found.mean, found.norm_match) == (1, pytest.approx(1))


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
