"""What a strength of 0 leaves out is not counted as read, neither of one try nor of all tries of a search."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.planning.coefficient import Symbol
from engine.planning.fill_costs import FillCost, cost_fill
from engine.planning.linear import strength_symbols
from engine.search.subsets import spread_strengths

SOURCES = """
    base = checkpoint source:base
    a = checkpoint source:a
    b = checkpoint source:b
    c = checkpoint source:c
    ta = task_vector tuned=a base=base
    tb = task_vector tuned=b base=base
    tc = task_vector tuned=c base=base
    target = test_set source:target.npz split:validation
"""
LAMBDA, MU = Symbol("s", "strength.0"), Symbol("s", "strength.1")


def resolve_search(bench, vectors, mode="pairs", more="", base="base"):
    lines = f"{SOURCES}{more}\n s = strength_search base={base} vectors={vectors} targets=target start:0.5 stop:1 step:0.5 strengths:{mode}"
    planner = bench.planner(lines)
    return planner, planner.resolved.graph.steps["s"]


def floats(family):
    return sum(value.nbytes for value in family["base"].values() if value.is_floating_point())


def test_a_vector_costs_nothing_at_a_strength_of_zero(bench, family):
    planner, step = resolve_search(bench, "ta,tb,tc")
    cost, one = cost_fill(planner, "s"), floats(family)
    symbols = strength_symbols(step)
    assert cost.count_bytes({}) == cost.count_bytes(dict.fromkeys(symbols, Fraction(1, 2))) == 4 * one
    assert cost.count_bytes({symbols[0]: Fraction(0)}) == 3 * one
    assert cost.count_bytes(dict.fromkeys(symbols, Fraction(0))) == one


def test_a_checkpoint_in_two_vectors_is_read_for_either(bench, family):
    planner, _ = resolve_search(bench, "ta,both", more="\n both = add vectors=ta,tb")
    cost, one = cost_fill(planner, "s"), floats(family)
    found = [cost.count_bytes({LAMBDA: Fraction(first), MU: Fraction(second)}) for first, second in ((1, 1), (1, 0), (0, 1), (0, 0))]
    assert found == [3 * one, 2 * one, 3 * one, one]


def test_what_a_kernel_is_made_of_is_read_with_it(bench, family):
    planner, _ = resolve_search(bench, "ta,mixed", more="\n mixed = ties vectors=tb,tc density:0.5")
    cost, one = cost_fill(planner, "s"), floats(family)
    assert cost.count_bytes({MU: Fraction(0)}) == 2 * one
    assert cost.count_bytes({LAMBDA: Fraction(0)}) > 2 * one


@pytest.mark.parametrize("mode", ["pairs", "subsets", "helpers"])
@pytest.mark.parametrize("vectors", ["ta,tb,tc", "ta,both,tc"])
def test_all_tries_together_cost_what_they_cost_one_by_one(bench, family, mode, vectors):
    planner, step = resolve_search(bench, vectors, mode, "\n both = add vectors=ta,tb")
    cost = cost_fill(planner, "s")
    tries = [dict(zip(strength_symbols(step), each, strict=True)) for each in spread_strengths(mode, 3, (Fraction(1, 2), Fraction(1)))]
    assert cost.count_try_bytes(step) == sum(map(cost.count_bytes, tries)) < len(tries) * cost.count_bytes({})


def test_what_is_in_the_edited_model_already_is_read_in_every_try(bench, family):
    planner, step = resolve_search(bench, "ta,tb", more="\n edited = apply base=base vector=tb strength:0.5", base="edited")
    cost, one = cost_fill(planner, "s"), floats(family)
    tries, with_a = 2 * 3, 2 * 2
    assert cost.count_try_bytes(step) == (2 * tries + with_a) * one


@given(st.lists(st.tuples(st.frozensets(st.sampled_from([(), (LAMBDA,), (MU,), (LAMBDA, MU)]), min_size=1), st.integers(0, 9))))
@settings(max_examples=50)
def test_a_product_counts_where_none_of_its_strengths_is_zero(parts):
    cost = FillCost(tuple(parts))
    at_zero = sum(size for products, size in parts if any(MU not in product for product in products))
    assert cost.count_bytes({MU: Fraction(0)}) == at_zero
    assert cost.count_bytes({}) == sum(size for _, size in parts)
