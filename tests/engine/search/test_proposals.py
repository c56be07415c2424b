"""Searches among many strengths: they find planted tops, waste no evaluation and end."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from engine.errors import SelectionError
from engine.search.proposals import METHODS, is_installed, propose

SIZE = 21
METHOD = pytest.mark.parametrize(
    "method", ["coordinate", pytest.param("tpe", marks=pytest.mark.skipif(find_spec("optuna") is None, reason="optuna is not installed"))]
)


def search(method, vectors, rate, budget, seed=0):
    asked = []
    proposals = propose(method, vectors, SIZE, seed)
    answer = None
    for _ in range(budget):
        try:
            places = next(proposals) if answer is None else proposals.send(answer)
        except StopIteration:
            break
        asked.append(places)
        answer = rate(places)
    return asked


def hill(*top):
    return lambda places: -float(sum((place - wanted) ** 2 for place, wanted in zip(places, top, strict=True)))


@pytest.mark.parametrize("top", [(6, 14), (0, 20), (10, 10), (3, 9, 17), (12,)])
def test_coordinates_find_the_top_of_a_hill_and_stop_there(top):
    asked = search("coordinate", len(top), hill(*top), 200)
    assert max(asked, key=hill(*top)) == top
    assert len(asked) < 30 * len(top)


@METHOD
def test_no_proposal_is_made_twice_and_all_lie_on_the_grid(method):
    asked = search(method, 2, hill(5, 15), 60)
    assert len(set(asked)) == len(asked)
    assert all(0 <= place < SIZE for places in asked for place in places)


@METHOD
def test_the_same_seed_makes_the_same_proposals(method):
    assert search(method, 2, hill(5, 15), 20, seed=3) == search(method, 2, hill(5, 15), 20, seed=3)


@METHOD
def test_a_few_proposals_come_near(method):
    asked = search(method, 2, hill(4, 16), 40)
    assert max(map(hill(4, 16), asked)) >= -8


def test_common_strengths_come_first_the_middle_before_the_ends():
    assert search("coordinate", 3, hill(1, 1, 1), 5) == [(10,) * 3, (5,) * 3, (15,) * 3, (0,) * 3, (20,) * 3]


def test_a_grid_of_one_ends():
    proposals = propose("coordinate", 2, 1, 0)
    assert next(proposals) == (0, 0)
    with pytest.raises(StopIteration):
        proposals.send(1.0)


def test_a_missing_package_is_told_plainly(monkeypatch):
    monkeypatch.setattr("engine.search.proposals.find_spec", lambda _: None)
    assert [is_installed(method) for method in METHODS] == [True, False]
    with pytest.raises(SelectionError, match="optuna"):
        next(propose("tpe", 2, SIZE, 0))
