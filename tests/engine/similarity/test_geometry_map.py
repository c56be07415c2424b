"""The weight map: exact distances, a plane that stays where it is, and the way back from a drag to λ."""

from __future__ import annotations

import numpy as np
import pytest

from engine.similarity.geometry_map import find_axes, find_distinct, find_near, place_points, place_slopes, strength_at, turn_like

ORIGIN = np.zeros((1, 1, 4))
INPUTS = np.concatenate([ORIGIN, np.eye(4)[None]], axis=1)


def edit(strength):
    return strength * np.array([[[0.5, 0.5, -0.2, 0.1]]])


def test_axes_and_shares_are_those_of_a_principal_component_analysis_of_the_weights(tiny):
    edits = tiny.edits(INPUTS).numpy()
    centred = edits - edits.mean(axis=0)
    left, sizes, _ = np.linalg.svd(centred, full_matrices=False)
    stack = tiny.geometry().whole_stack
    found = place_points(stack, find_axes(stack, INPUTS), INPUTS)
    wanted = left[:, :2] * sizes[:2]
    assert found.places * np.sign((found.places * wanted).sum(axis=0)) == pytest.approx(wanted, rel=1e-5, abs=1e-5 * sizes[0])
    assert found.shown_share == pytest.approx((sizes[:2] ** 2).sum() / (sizes**2).sum(), rel=1e-5)
    assert found.models == 5


def test_what_lies_at_one_place_counts_once(tiny):
    geometry = tiny.geometry()
    stack, axes = geometry.whole_stack, find_axes(geometry.whole_stack, INPUTS)
    alone = np.concatenate([edit(0.7), INPUTS[:, 1:]], axis=1)
    again = np.concatenate([alone, INPUTS[:, 2:4], np.zeros((1, 1, 4))], axis=1)
    shares = []
    for weights in (alone, again):
        near = find_near(geometry.measure(weights).distances)
        found = place_points(stack, axes, np.concatenate([weights, ORIGIN], axis=1), near)
        shares.append(found.shown_share)
        assert found.models == 6
        assert find_distinct(near)[:5].all()
    assert shares[0] == pytest.approx(shares[1], rel=1e-12)


def test_three_points_lie_on_the_map_at_their_exact_distances(tiny):
    stack = tiny.geometry().whole_stack
    inputs = INPUTS[:, :3]
    found = place_points(stack, find_axes(stack, inputs), inputs)
    edits = tiny.edits(inputs).numpy()
    wanted = np.linalg.norm(edits[:, None] - edits[None], axis=-1)
    assert np.linalg.norm(found.places[:, None] - found.places[None], axis=-1) == pytest.approx(wanted, rel=1e-5, abs=1e-9)
    assert found.shown_share == pytest.approx(1)


def test_the_inputs_stay_and_an_edit_goes_straight_while_the_slider_moves(tiny):
    stack = tiny.geometry().whole_stack
    axes = find_axes(stack, INPUTS)
    frames = [place_points(stack, axes, np.concatenate([INPUTS, edit(strength)], axis=1)).places for strength in (-1, 0, 0.5, 1)]
    for frame in frames:
        assert frame[:5] == pytest.approx(frames[0][:5], rel=1e-12)
    slope = place_slopes(stack, axes, edit(1))[0]
    for frame, strength in zip(frames, (-1, 0, 0.5, 1), strict=True):
        assert frame[5] == pytest.approx(frames[0][0] + strength * slope, rel=1e-9)


def test_dragging_a_point_gives_the_strength_that_takes_it_there(tiny):
    stack = tiny.geometry().whole_stack
    axes = find_axes(stack, INPUTS)
    slope = place_slopes(stack, axes, edit(1))[0]
    here, there = (place_points(stack, axes, np.concatenate([INPUTS, edit(strength)], axis=1)).places[5] for strength in (0.4, 0.9))
    aside = np.array([-slope[1], slope[0]])
    assert strength_at(0.4, here, slope, there) == pytest.approx(0.9)
    assert strength_at(0.4, here, slope, there + 0.3 * aside) == pytest.approx(0.9)
    assert strength_at(0.4, here, np.zeros(2), there) == 0.4


def test_one_vector_gets_its_second_axis_from_edits_beside_its_line(tiny):
    groups = {"model.layers.0.mlp.up_proj.weight": 1}
    stack = tiny.geometry(groups).whole_stack
    inputs = np.zeros((2, 2, 4))
    inputs[:, 1, 0] = 1
    filtered = np.zeros((2, 1, 4))
    filtered[1, 0, 0] = 1
    points = np.concatenate([inputs, filtered], axis=1)
    flat = place_points(stack, find_axes(stack, inputs), points)
    full = place_points(stack, find_axes(stack, inputs, filtered), points)
    edits = tiny.edits(points, groups).numpy()
    wanted = np.linalg.norm(edits[:, None] - edits[None], axis=-1)
    assert np.linalg.norm(full.places[:, None] - full.places[None], axis=-1) == pytest.approx(wanted, rel=1e-5, abs=1e-9)
    assert not flat.places[:, 1].any()
    assert flat.shown_share < full.shown_share == pytest.approx(1)


def test_a_base_alone_is_a_point(tiny):
    stack = tiny.geometry().whole_stack
    found = place_points(stack, find_axes(stack, ORIGIN), ORIGIN)
    assert found.places.tolist() == [[0, 0]]
    assert found.shown_share == 1


def test_a_new_checkpoint_does_not_turn_the_map(tiny):
    stack = tiny.geometry().whole_stack
    names = ["base", "m0", "m1", "m2", "m3"]
    before = find_axes(stack, INPUTS[:, :4])
    old = dict(zip(names[:4], place_points(stack, before, INPUTS[:, :4]).places, strict=True))
    mirrored = {name: place * [-1, 1] for name, place in old.items()}
    for earlier in (old, mirrored):
        axes = find_axes(stack, INPUTS)
        now = dict(zip(names, place_points(stack, axes, INPUTS).places, strict=True))
        turned = turn_like(axes, now, earlier)
        assert turned.turn @ turned.turn.T == pytest.approx(np.eye(2))
        after = place_points(stack, turned, INPUTS).places
        assert _gap(after[:4], earlier) <= _gap(np.array([now[name] for name in names[:4]]), earlier) + 1e-12
        assert _gap(after[:4], earlier) < 0.5 * _gap(np.zeros((4, 2)), earlier)


def _gap(places, earlier):
    then = np.array(list(earlier.values()))
    return float((((places - places.mean(axis=0)) - (then - then.mean(axis=0))) ** 2).sum())
