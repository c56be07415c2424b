"""Compared vectors are put in the order of the learning rates that their checkpoints' names tell."""

from __future__ import annotations

import pytest

from engine.execution.rated_paths import add_learning_rates
from engine.execution.result import SimilarityRecord

LINES = """
    lr-1e-6 = checkpoint source:base
    a-lr-1e-3 = checkpoint source:a
    b-lr-3e-4 = checkpoint source:b
    c = checkpoint source:c
    ta = task_vector tuned=a-lr-1e-3 base=lr-1e-6
    tb = task_vector tuned=b-lr-3e-4 base=lr-1e-6
    tc = task_vector tuned=c base=lr-1e-6
    both = add vectors=ta,tb
    half = scale vector=ta factor:0.5
"""


@pytest.fixture
def find_paths(bench, family):
    """Return what is known of some compared vectors' learning rates."""

    def find(vectors):
        planner = bench.planner(f"{LINES}\n s = similarity vectors={vectors}")
        record = SimilarityRecord("s", (), (), (), (), (), (), 0)
        return [(path.vectors, path.steps) for path in add_learning_rates(record, planner).paths]

    return find


def test_vectors_stand_by_their_rates_without_those_that_have_none(find_paths):
    assert find_paths("ta,tc,tb") == [((2, 0), (3e-4, 1e-3))]


def test_what_several_checkpoints_were_trained_to_has_no_rate(find_paths):
    assert find_paths("both,tb,ta") == [((1, 2), (3e-4, 1e-3))]


@pytest.mark.parametrize("vectors", ["ta,tc", "ta,half", "both,tc"])
def test_a_single_checkpoint_is_in_no_order(find_paths, vectors):
    assert find_paths(vectors) == []
