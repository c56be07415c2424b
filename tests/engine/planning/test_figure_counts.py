"""What a run is said to measure is what it asks for."""

from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
import torch

from engine.planning.figure_counts import count_figures, count_new_figures, count_search_tries, count_tries_with
from engine.search.subsets import spread_strengths

HEAD = """
    base = checkpoint source:base
    a = checkpoint source:a
    b = checkpoint source:b
    t = task_vector tuned=a base=base
    u = task_vector tuned=b base=base
    target = test_set source:target.npz split:validation
    test = test_set source:test.npz
"""
SEARCH = "s = strength_search base=base vectors=t vectors=u targets=target tests=test references=a references=b start:0 stop:1 step:0.25"


@pytest.fixture
def measurable(bench):
    """Save checkpoints that have a config, and test sets, on the bench."""
    for seed, name in enumerate(("base", "a", "b")):
        bench.save(name, {"weight": torch.full((4, 4), float(seed))}, {"model_type": "vit", "architectures": ["ViTForImageClassification"]})
    for seed, name in enumerate(("target", "test")):
        np.savez(bench.folder / f"{name}.npz", images=np.full((2, 8, 8), seed, np.uint8), labels=np.arange(2))
    return bench


def test_a_measurement_asks_for_its_checkpoint_the_base_and_the_references(measurable):
    lines = "edit = apply base=base vector=t\n e = evaluate checkpoint=edit test_set=test references=a,b"
    plan = measurable.plan(f"{HEAD}{lines}\n out = export_checkpoint checkpoint=edit metrics=e folder:out")
    assert sorted(count_figures(item.work, plan.resolved.graph) for item in plan.passes) == [0, 4]


@pytest.mark.parametrize(
    ("lines", "tries", "figures"),
    [
        (SEARCH, 4, 2 + (1 + 4) + 4),
        (SEARCH.replace(" tests=test", ""), 4, 2 + (1 + 4)),
        (f"{SEARCH} strengths:subsets", 12, 2 + (1 + 12) + 4),
        (f"{SEARCH} strengths:each budget:7", 7, 2 + (1 + 7) + 4),
    ],
    ids=["one", "untested", "subsets", "each"],
)
def test_a_search_asks_for_its_tries_and_what_they_are_compared_with(measurable, lines, tries, figures):
    plan = measurable.plan(f"{HEAD}{lines}\n out = export_checkpoint checkpoint=s.checkpoint metrics=s.metrics folder:out")
    assert count_search_tries(plan.resolved.graph.steps["s"]) == tries
    assert [count_figures(item.work, plan.resolved.graph) for item in plan.passes] == [figures, 0]


def test_what_was_asked_before_is_not_asked_again(measurable):
    """The second search shares base, references and data with the first, and so does the measurement; another batch size does not.

    A checkpoint is the same, whichever of its nodes is asked.
    """
    lines = f"""{SEARCH}
        {SEARCH.replace("s = ", "s2 = ").replace("references=b ", "")}
        twin = checkpoint source:./a
        e = evaluate checkpoint=s.checkpoint test_set=test references=twin
        e2 = evaluate checkpoint=s.checkpoint test_set=test references=a batch_size:3
        out = export_checkpoint checkpoint=s.checkpoint metrics=s.metrics,s2.metrics,e,e2 folder:out
    """
    plan = measurable.plan(f"{HEAD}{lines}")
    counts = dict(zip([getattr(item.work, "node", "") for item in plan.passes], _count_new(plan), strict=True))
    # Only the four strengths and the choice of the second search are new, and only the edit of the first measurement.
    assert counts == {"s": 2 + (1 + 4) + 4, "s2": 4 + 1, "e": 1, "e2": 3, "": 0}


def _count_new(plan):
    return count_new_figures([item.work for item in plan.passes], plan.resolved, plan.folder)


@pytest.mark.parametrize("mode", ["pairs", "subsets", "helpers"])
def test_the_tries_of_some_vectors_are_those_that_let_one_of_them_take_part(measurable, mode):
    vectors, grid = 4, [Fraction(number, 2) for number in range(3)]
    more = "".join(f"\n v{number} = scale vector=t factor:{number + 2}" for number in range(vectors - 2))
    lines = SEARCH.replace("vectors=u", "vectors=u,v0,v1").replace("step:0.25", f"step:0.5 strengths:{mode}")
    step = measurable.resolve(f"{HEAD}{more}\n {lines}").graph.steps["s"]
    tries = list(spread_strengths(mode, vectors, grid))
    for size in range(vectors + 1):
        for some in combinations(range(vectors), size):
            assert count_tries_with(step, some) == sum(any(strengths[place] for place in some) for strengths in tries)
