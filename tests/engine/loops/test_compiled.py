"""A compiled loop does what its source says, bit by bit, and lets other threads run."""

import numpy as np

from engine.loops.compiled import compiled, inlined, load_compiler, regrouped


@inlined
def multiply(one, other):
    return one * other


@compiled
def add_products(one, other, out):
    for index in range(one.size):
        out[index] += multiply(one[index], other[index])


@regrouped
def add_up(values):
    total = values.dtype.type(0)
    for value in values:
        total += value
    return total


@compiled
def add_freely(values):
    return add_up(values)


@compiled
def divide(one, other):
    return one / other


def test_products_are_rounded_before_they_are_added():
    draws = np.random.default_rng(1).standard_normal((3, 5000)).astype(np.float32)
    out = draws[2].copy()
    add_products(draws[0], draws[1], out)
    expected = draws[2] + draws[0] * draws[1]
    assert out.view(np.uint32).tolist() == expected.view(np.uint32).tolist()


def test_a_regrouped_sum_is_the_sum():
    assert add_freely(np.arange(1000, dtype=np.float32)) == 499_500


def test_division_by_zero_is_what_arrays_say():
    assert divide(1.0, 0.0) == np.inf
    assert np.isnan(divide(0.0, 0.0))


def test_a_loop_holds_no_lock():
    assert all(loop.targetoptions["nogil"] for loop in (add_products, multiply, add_up))


def test_the_compiler_can_be_loaded_early():
    load_compiler()
    load_compiler()
