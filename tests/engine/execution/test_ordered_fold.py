"""Partial results are merged in the order of their keys, however they arrive."""

from __future__ import annotations

import random
import threading

import pytest

from engine.execution.ordered_fold import OrderedFold


def note(order: tuple[object, ...], part: object) -> tuple[object, ...]:
    return (*order, part)


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_arrival_changes_nothing(seed):
    keys = [f"piece {number}" for number in range(40)]
    fold = OrderedFold((), note, keys)
    arrivals = list(enumerate(keys))
    random.Random(seed).shuffle(arrivals)
    for number, key in arrivals:
        fold.push(key, [(number, part) for part in range(number % 3)])
    assert fold.state == tuple((number, part) for number in range(40) for part in range(number % 3))


def test_sums_of_floats_are_the_same_to_the_last_bit():
    draw = random.Random(4)
    numbers = [draw.uniform(-1, 1) * 10 ** draw.randrange(-8, 8) for _ in range(200)]
    in_order = sum(numbers, 0.0)
    arrivals = list(range(200))
    draw.shuffle(arrivals)
    assert sum((numbers[index] for index in arrivals), 0.0) != in_order  # or the test would show nothing
    fold = OrderedFold(0.0, float.__add__, range(200))
    for index in arrivals:
        fold.push(index, [numbers[index]])
    assert fold.state == in_order


def test_threads_push_at_once():
    keys, fold = range(400), OrderedFold((), note, range(400))

    def push(mine: range) -> None:
        for key in mine:
            fold.push(key, [key])

    threads = [threading.Thread(target=push, args=(keys[worker::8],)) for worker in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert fold.state == tuple(keys)


def test_a_state_that_lacks_a_part_is_not_given_out():
    fold = OrderedFold(0, int.__add__, ["a", "b", "c"])
    fold.push("a", [1])
    fold.push("c", [4])
    with pytest.raises(RuntimeError, match="only 1 of 3 partial results"):
        _ = fold.state
    fold.push("b", [2])
    assert fold.state == 7


def test_nothing_to_merge_leaves_the_start():
    assert OrderedFold("start", str.__add__, []).state == "start"


def test_a_key_that_nobody_waits_for_is_refused():
    with pytest.raises(KeyError):
        OrderedFold(0, int.__add__, ["a"]).push("b", [1])
