"""Figures from inner products alone, against the same figures of concatenated tensors in float64."""

from __future__ import annotations

import math
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch

from engine.similarity.geometry import Geometry, Stack, chance_band, chance_limit, cosines_of, norms_of
from engine.similarity.sections import find_sections

COSINE = 1e-6
DISTANCE = 1e-5
WEIGHTS = np.array(
    [
        [1, 0, 0, 0],
        [0, 1, 0, 0],
        [0, 0, 0, 1],
        [0.3, 0.3, 0.3, 0.3],
        [-1, 1, 1, 0],
        [0, 0, 0, 0.999],
        [-0.4, 0, 0, 0],
        [0.5, 0.50001, 0, -0.2],
    ]
)
MLP = {"model.layers.0.mlp.up_proj.weight": 1, "model.layers.1.mlp.up_proj.weight": 1}
BY_PLACE = np.stack([WEIGHTS, WEIGHTS[::-1] * 0.5])
GRAPHS = pytest.mark.parametrize(("weights", "groups"), [(WEIGHTS[None], {}), (BY_PLACE, MLP)], ids=["everywhere", "by place"])


def distance_matrix(points):
    return torch.stack([torch.linalg.norm(points - point, dim=1) for point in points]).numpy()


def cosine_matrix(points):
    unit = points / torch.linalg.norm(points, dim=1, keepdim=True)
    return (unit @ unit.T).numpy()


@GRAPHS
def test_norms_and_cosines_are_those_of_the_tensors(tiny, weights, groups):
    figures, edits = tiny.geometry(groups).measure(weights), tiny.edits(weights, groups)
    norms = torch.linalg.norm(edits, dim=1)
    assert figures.norms == pytest.approx(norms.numpy(), rel=DISTANCE)
    assert figures.relative_norms == pytest.approx((norms / torch.linalg.norm(tiny.base())).numpy(), rel=DISTANCE)
    assert figures.cosines == pytest.approx(cosine_matrix(edits), abs=COSINE)
    assert figures.is_known.all()


@GRAPHS
def test_distances_are_those_of_the_tensors_and_near_points_do_not_cancel(tiny, weights, groups):
    edits = tiny.edits(weights, groups)
    points = torch.cat([edits, torch.zeros_like(edits[:1])])
    assert tiny.geometry(groups).measure(weights).distances == pytest.approx(distance_matrix(points), rel=DISTANCE, abs=0)


def test_points_a_millionth_apart_have_their_distance(tiny):
    weights = np.array([[[0.5, 0.5, 0, 0], [0.5, 0.5 + 1e-6, 0, 0]]])
    wanted = 1e-6 * torch.linalg.norm(tiny.edits(np.array([[[0.0, 1, 0, 0]]]))).item()
    assert tiny.geometry().measure(weights).distances[0, 1] == pytest.approx(wanted, rel=DISTANCE)


@GRAPHS
def test_shares_say_how_much_of_a_vector_is_in_an_edit(tiny, weights, groups):
    figures, edits = tiny.geometry(groups).measure(weights), tiny.edits(weights, groups)
    products = (edits @ edits.T).numpy()
    assert figures.shares == pytest.approx(products / np.diagonal(products)[None, :], abs=1e-5)
    assert figures.shares[0, 0] == pytest.approx(1)


def test_interference_is_what_overlap_adds(tiny):
    weights = np.array([[[1, 0, 0, 0], [0.3, 0.3, 0.3, 0.3]]])
    alone = [torch.linalg.norm(tiny.edits(0.3 * np.eye(4)[None])[index]).item() ** 2 for index in range(4)]
    whole = torch.linalg.norm(tiny.edits(weights)[1]).item() ** 2
    assert tiny.geometry().measure(weights).interference_shares == pytest.approx([0, 1 - sum(alone) / whole], abs=1e-5)


def test_an_analogy_that_closes_has_no_residual(tiny):
    weights = np.array([[[-1, 1, 1, 0], [-1, 1, 1, 0], [0, 0, 0, 1]]], dtype=float)
    figures, edits = tiny.geometry().measure(weights), tiny.edits(weights)
    assert figures.residual(0, 1) == 0
    wanted = torch.linalg.norm(edits[0] - edits[2]) / torch.linalg.norm(edits[2])
    assert figures.residual(0, 2) == pytest.approx(wanted.item(), rel=DISTANCE)


@GRAPHS
def test_sections_and_layers_and_tensors_are_their_own_parts(tiny, weights, groups):
    geometry = tiny.geometry(groups)
    figures = geometry.measure(weights)
    layers = {layer: [t for s in geometry.sections if s.layer == layer for t in s.tensors] for layer in geometry.layers}
    parts = (
        (figures.section_inner, [section.tensors for section in geometry.sections]),
        (figures.layer_inner, list(layers.values())),
        (figures.tensor_inner, [[tensor] for tensor in geometry.tensors]),
    )
    for inner, many in parts:
        assert inner.shape[1] == len(many)
        for place, tensors in enumerate(many):
            edits = tiny.edits(weights, groups, tensors)
            assert norms_of(inner)[:, place] == pytest.approx(torch.linalg.norm(edits, dim=1).numpy(), rel=DISTANCE)
            assert cosines_of(inner)[:, place] == pytest.approx(cosine_matrix(edits), abs=COSINE)


def test_sections_are_in_reading_order(tiny):
    titles = [section.title for section in tiny.geometry().sections]
    assert titles == [
        "embeddings",
        *("model.layers 0 · attention", "model.layers 0 · MLP", "model.layers 0 · norm"),
        *("model.layers 1 · attention", "model.layers 1 · MLP"),
        "head",
    ]
    many = [f"h.{layer}.mlp.w" for layer in (10, 2, 1)]
    assert [section.layer for section in find_sections(many)] == ["h 1", "h 2", "h 10"]


def test_what_hangs_on_an_unknown_number_or_column_is_not_known(tiny):
    geometry = tiny.geometry(columns=[*tiny.table.vectors, "ties"])
    weights = np.array([[[1, 0, 0, 0, 0], [np.nan, 0, 0, 0, 0], [0, 0, 0, 0, 0.5], [0, 1, 0, 0, 0]]], dtype=float)
    figures = geometry.measure(weights)
    assert figures.is_known.tolist() == [True, False, False, True]
    for array in (figures.norms, figures.interference_shares):
        assert np.isnan(array).tolist() == [False, True, True, False]
    known = np.ix_([0, 3], [0, 3])
    for array in (figures.cosines, figures.distances, figures.shares, cosines_of(figures.tensor_inner)[:, 0]):
        assert np.isfinite(array[known]).all()
        assert np.isnan(array[1:3]).all()
        assert np.isnan(array[:, 1:3]).all()


def test_a_vector_that_a_run_has_measured_is_a_column_like_the_others(tiny):
    renamed = replace(tiny.table, vectors=("m0", "m1", "m2", "ties"))
    geometry = Geometry(renamed, ("m2", "m0", "ties"), renamed.tensors, [0] * len(renamed.tensors))
    given = np.array([[[0, 0.5, 0], [0, 0, 1], [2, 0, -1]]])
    same = tiny.edits(np.array([[[0.5, 0, 0, 0], [0, 0, 0, 1], [0, 0, 2, -1]]]))
    assert geometry.measure(given).norms == pytest.approx(torch.linalg.norm(same, dim=1).numpy(), rel=DISTANCE)


def test_a_zero_edit_has_no_direction(tiny):
    figures = tiny.geometry().measure(np.array([[[0, 0, 0, 0], [1, 0, 0, 0]]], dtype=float))
    assert np.isnan(figures.cosines[0]).all()
    assert figures.norms[0] == 0
    assert figures.distances[0, 2] == 0


def test_random_directions_lie_within_the_band_of_chance():
    draw = torch.Generator().manual_seed(5)
    vectors = torch.randn(200, 2, 400, generator=draw, dtype=torch.float64)
    cosines = torch.nn.functional.cosine_similarity(vectors[:, 0], vectors[:, 1])
    assert cosines.std().item() == pytest.approx(chance_band(400), rel=0.15)
    # One standard deviation leaves a third of them outside: three leave hardly one.
    assert (cosines.abs() > chance_band(400)).double().mean().item() > 0.2
    assert (cosines.abs() > chance_limit(400)).double().mean().item() < 0.02


def test_no_cosine_is_beyond_one_however_few_the_entries():
    assert (chance_limit(4), chance_limit(900)) == (1.0, pytest.approx(0.1))
    assert math.isnan(chance_limit(0))


def test_the_window_can_import_geometry_without_torch():
    modules = "geometry, geometry_map, geometry_presets, geometry_counts, geometry_errors, geometry_series"
    program = f"import sys\nfrom engine.similarity import {modules}\nprint('torch' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "False"


def test_a_stack_serves_a_graph_of_which_no_node_is_known_yet():
    stack = Stack(np.ones((4, 2, 2)), np.array([0, 0, 0, 1]))
    assert stack.multiply(np.empty((2, 0, 2))).shape == (0, 4, 0)
    assert stack.square(np.empty((2, 0, 2))).shape == (0,)


def test_a_vector_is_wholly_like_itself_and_nothing_is_said_of_a_zero_one():
    inner = np.zeros((4, 2, 4))
    squares = np.random.default_rng(0).uniform(1e-9, 1e9, (2, 3))
    for group, own in enumerate(squares):
        inner[:3, group, :3] = np.diag(own)
    cosines = cosines_of(inner)
    for group in range(2):
        assert (np.diag(cosines[:3, group, :3]) == 1).all()
        assert np.isnan(cosines[3, group]).all()
    inner[0, 0, 0] = np.inf
    with np.errstate(invalid="ignore"):
        assert np.isnan(cosines_of(inner)[0, 0, 0])
