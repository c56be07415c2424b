"""The rounds of one tensor: a sample first, one reading, the fallback only where it is needed, and the values known in the last."""

from __future__ import annotations

import pytest
import torch

from engine.execution.rounds import TensorRounds, sample_pieces
from engine.operation import BLOCK_ENTRIES, SAMPLE_PIECES, Spot
from engine.planning.needs import kernel_of

LONG = "model.layers.0.mlp.up_proj.weight"
SOURCES = """
    base = checkpoint source:base
    a = checkpoint source:a
    ta = task_vector tuned=a base=base
"""


@pytest.mark.parametrize(("pieces", "visited"), [(1, [0]), (3, [0, 1, 2]), (4, [0, 1, 2, 3]), (8, [1, 3, 5, 7]), (100, [12, 37, 62, 87])])
def test_the_sample_is_spread_evenly(pieces, visited):
    assert sample_pieces(pieces) == visited


@pytest.mark.parametrize("pieces", range(1, 200))
def test_no_piece_is_sampled_twice(pieces):
    found = sample_pieces(pieces)
    assert len(set(found)) == len(found) == min(pieces, SAMPLE_PIECES)
    assert set(found) <= set(range(pieces))


def walk(bench, lines, values):
    """Run the rounds of the long tensor with `values` as every kernel's operand; return per round its kernels and the pieces visited."""
    plan = bench.plan(f"{SOURCES}\n{lines}\nout = export_vector vector=x folder:out")
    (work,) = (work for work in plan.planner.checkpoint_work("x") if work.tensor == LONG)
    pieces = values.split(BLOCK_ENTRIES)
    rounds, seen = TensorRounds(plan.planner, work, len(pieces)), []
    while rounds.advance():
        seen.append(([item.kernel for item in rounds.active], list(rounds.visits)))
        for number in reversed(rounds.visits):
            for item in rounds.active:
                port = next(iter(plan.resolved.graph.steps[item.kernel].inputs))
                spot = Spot(item.kernel, LONG, number * BLOCK_ENTRIES, work.entries)
                rounds.push(item, number, [item.reduction.update({port: [pieces[number]]}, rounds.results[item.kernel], spot)])
    assert rounds.is_last
    assert not rounds.advance()
    lengths = {kernel: len(kernel_of(plan.resolved.graph.steps[kernel]).reductions) for kernel in rounds.results}
    assert {kernel: len(results) for kernel, results in rounds.results.items()} == lengths
    return seen


def smooth():
    return torch.randn(210_000, generator=torch.Generator().manual_seed(0))


def test_without_reductions_there_is_one_round_over_everything(bench, family):
    assert walk(bench, "x = negate vector=ta", smooth()) == [([], [0, 1, 2, 3])]


def test_a_threshold_takes_a_sample_and_one_reading(bench, family):
    assert walk(bench, "x = trim vector=ta", smooth()) == [(["x"], [0, 1, 2, 3]), (["x"], [0, 1, 2, 3]), ([], [0, 1, 2, 3])]


def test_what_hangs_on_a_threshold_comes_in_the_rounds_after_it(bench, family):
    seen = walk(bench, "t = trim vector=ta\nx = dare vector=t rescale:norm", smooth())
    assert [kernels for kernels, _ in seen] == [["t"], ["t"], ["x"], []]


def test_rounds_of_kernels_beside_one_another_are_shared(bench, family):
    seen = walk(bench, "t = trim vector=ta\nu = trim vector=ta density:0.5\nx = add vectors=t,u", smooth())
    assert [sorted(kernels) for kernels, _ in seen] == [["t", "u"], ["t", "u"], []]
