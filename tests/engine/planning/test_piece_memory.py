"""What a worker is said to hold is what it takes: stored bytes as they lie, floats only where they are made."""

import tracemalloc

import pytest
import torch

from engine.planning.costs import cost_stream
from engine.planning.passes import StreamPass
from engine.similarity.gram import VectorMeter

PIECE = 1 << 16
SHAPES = {"a.w": (2, PIECE), "b.w": (100,), "c": (2 * PIECE,)}
OUT = "out = export_checkpoint checkpoint=edit folder:out"
ADD = f"x = add vectors=t1,t2,t3\n edit = apply base=m0 vector=x strength:0.5\n {OUT}"


def worker_bytes(bench, lines, dtypes, piece=PIECE, **settings):
    """Return what a worker holds in the last pass over four checkpoints, entry by entry of a piece."""
    for number in range(4):
        bench.save(f"m{number}", {name: torch.zeros(shape, dtype=dtypes[name]) for name, shape in SHAPES.items()})
    sources = "\n".join(f"m{number} = checkpoint source:m{number}" for number in range(4))
    vectors = "\n".join(f"t{number} = task_vector tuned=m{number} base=m0" for number in range(1, 4))
    plan = bench.plan(f"{sources}\n{vectors}\n{lines}", **settings)
    last = next(item.work for item in reversed(plan.passes) if isinstance(item.work, StreamPass))
    return cost_stream(plan.planner, plan.planner.stream_work(last), piece).worker_bytes / piece


@pytest.mark.parametrize(
    ("dtype", "held"),
    [
        # Four inputs and the output as they lie in files, and the base as floats where the edit is compared with it.
        (torch.bfloat16, 5 * 2 + 4),
        # All inputs as floats, and the sum.
        (torch.float16, 5 * 2 + 5 * 4),
        # What is stored in float32 is used as it lies.
        (torch.float32, 5 * 4 + 4),
        (torch.float64, 5 * 8 + 8),
    ],
)
def test_floats_count_only_where_they_are_made(bench, dtype, held):
    assert worker_bytes(bench, ADD, dict.fromkeys(SHAPES, dtype)) == held


def test_double_precision_makes_floats_of_everything(bench):
    assert worker_bytes(bench, ADD, dict.fromkeys(SHAPES, torch.bfloat16), precision="float64") == 5 * 2 + 5 * 8


def test_what_may_go_wrong_is_looked_at_in_floats(bench):
    """Where infinity is allowed a piece that holds one is rounded by way of floats."""
    assert worker_bytes(bench, ADD, dict.fromkeys(SHAPES, torch.bfloat16), non_finite="allow") == 5 * 2 + 2 * 4


def test_what_is_written_in_another_dtype_is_made_in_floats(bench):
    assert worker_bytes(bench, f"{ADD} dtype:float32", dict.fromkeys(SHAPES, torch.bfloat16)) == 5 * 4 + 2 * 4


def test_whole_numbers_are_copied_as_they_lie(bench):
    """A worker's stored arrays grow to what is copied through them; no floats are made of it."""
    assert worker_bytes(bench, ADD, {**dict.fromkeys(SHAPES, torch.bfloat16), "c": torch.int64}) == 5 * 8 + 4


def test_what_measures_compared_vectors_is_counted_once_whatever_the_pieces(bench):
    dtypes = dict.fromkeys(SHAPES, torch.bfloat16)
    lines = f"s = similarity vectors=t1,t2\n {ADD} metrics=s"
    short, long = (piece * worker_bytes(bench, lines, dtypes, piece) for piece in (PIECE, 2 * PIECE))
    counted = 2 * short - long
    values = [torch.ones(PIECE) for _ in range(3)]
    VectorMeter(2).measure(*values[:1], values[1:])
    tracemalloc.start()
    try:
        meter = VectorMeter(2)
        meter.measure(*values[:1], values[1:])
        _, held = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held <= counted <= 2 * held


def test_an_operand_that_two_kernels_take_is_made_once(bench):
    lines = (
        "x1 = trim vector={} density:0.5\n x2 = trim vector={} density:0.4\n x = add vectors=x1,x2\n edit = apply base=m0 vector=x\n" + OUT
    )
    one, two = (worker_bytes(bench, lines.format(*names), dict.fromkeys(SHAPES, torch.bfloat16)) for names in (("t1", "t1"), ("t1", "t2")))
    inputs, operands = 2, 4
    assert two - one == inputs + operands


def test_short_tensors_of_a_wide_dtype_make_no_piece_wider(bench):
    mixed = worker_bytes(bench, ADD, {"a.w": torch.bfloat16, "b.w": torch.float32, "c": torch.bfloat16})
    alike = worker_bytes(bench, ADD, dict.fromkeys(SHAPES, torch.bfloat16))
    # Both have arrays of floats; those of the short tensor are lent by turns.
    assert alike <= mixed <= alike + 4


def test_kernels_hold_operands_results_and_the_scratch_of_one_at_a_time(bench):
    one = worker_bytes(
        bench, f"x = trim vector=t1 density:0.5\n edit = apply base=m0 vector=x\n {OUT}", dict.fromkeys(SHAPES, torch.bfloat16)
    )
    lines = "\n".join(f"x{n} = trim vector=t{n} density:0.5" for n in range(1, 4))
    three = worker_bytes(
        bench, f"{lines}\n x = add vectors=x1,x2,x3\n edit = apply base=m0 vector=x\n {OUT}", dict.fromkeys(SHAPES, torch.bfloat16)
    )
    inputs, operands, results = 2 * 2, 2 * 4, 2 * 4
    # The heap of a thread keeps some of what a kernel has freed.
    scratch = 2 * 5 * 4
    assert three - one == inputs + operands + results + scratch


def test_a_worker_holds_in_proportion_to_its_pieces(bench):
    dtypes = dict.fromkeys(SHAPES, torch.bfloat16)
    assert worker_bytes(bench, ADD, dtypes, 1 << 17) == worker_bytes(bench, ADD, dtypes)
