"""The order of a run, and what it costs before it runs."""

from __future__ import annotations

import subprocess
import sys

import pytest

from engine.operation import SAMPLE_PIECES
from engine.planning.costs import PROCESS_BYTES
from engine.planning.passes import StreamPass
from tests.engine.graph_lines import TWO_VECTORS

OUT = "out = export_checkpoint checkpoint=edit folder:out metrics=s\n s = similarity vectors=ta,tb"


def shape_of(plan):
    return [(len(item.work.reductions), len(item.work.similarities), len(item.work.sinks)) for item in plan.passes]


def test_a_linear_export_with_its_similarities_is_one_pass(bench, family):
    plan = bench.plan(f"{TWO_VECTORS}\n x = add vectors=ta,tb\n edit = apply base=base vector=x strength:0.4\n {OUT}")
    assert shape_of(plan) == [(0, 1, 1)]
    result = bench.run_plan(plan)
    floats = sum(value.numel() * 2 for name, value in family["base"].items() if name != "steps")
    assert result.conditions.bytes_read == plan.bytes_read == 3 * floats + 40
    assert plan.bytes_written == floats + 40


def test_a_kernel_over_tensors_is_one_pass_too(bench, family):
    plan = bench.plan(f"{TWO_VECTORS}\n x = ties vectors=ta,tb\n edit = apply base=base vector=x\n {OUT}")
    assert shape_of(plan) == [(0, 1, 1)]


def test_ties_over_the_model_looks_over_it_before_it_writes(bench, family):
    plan = bench.plan(f"{TWO_VECTORS}\n x = ties vectors=ta,tb scope:model\n edit = apply base=base vector=x\n {OUT}")
    *looks, last = plan.passes
    assert looks
    assert all(isinstance(item.work, StreamPass) and item.work.reductions and not item.work.sinks for item in looks)
    assert last.work.sinks == ("out",)
    assert not last.work.reductions


def test_two_kernels_over_the_model_share_their_passes(bench, family):
    one = bench.plan(f"{TWO_VECTORS}\n edit = apply base=base vector=x\n x = trim vector=ta scope:model\n {OUT}")
    both = bench.plan(
        f"{TWO_VECTORS}\n x = trim vector=ta scope:model\n y = trim vector=tb scope:model\n z = add vectors=x,y\n"
        f" edit = apply base=base vector=z\n {OUT}"
    )
    assert len(both.passes) == len(one.passes)


@pytest.mark.parametrize(
    ("lines", "unread"),
    [
        ("edit = apply base=base vector=ta strength:0", ["a", "b"]),
        ("x = analogy a=ta b=ta c=tb\n edit = apply base=base vector=x strength:0.5", ["a"]),
        ("edit = interpolate first=a second=b amount:1", ["a", "base"]),
        ("edit = average checkpoints=base,a,b weights:[1,0,1]", ["a"]),
    ],
)
def test_what_has_coefficient_0_is_not_read(bench, family, lines, unread):
    plan = bench.plan(f"{TWO_VECTORS}\n {lines}\n out = export_checkpoint checkpoint=edit folder:out")
    result = bench.run_plan(plan)
    floats = sum(value.numel() * 2 for name, value in family["base"].items() if name != "steps")
    # The integers come from the structural parent, whatever its coefficient.
    read = {record.node for record in result.inputs if record.is_read}
    assert result.conditions.bytes_read == plan.bytes_read
    needed = {record.node for record in result.inputs}
    float_reads = {name for name in needed if name not in unread}
    assert result.conditions.bytes_read == len(float_reads) * floats + 40
    assert float_reads <= read


def test_a_threshold_in_a_tensor_costs_a_sample_and_one_more_reading(bench, family):
    """What is read only if the sample misleads is not planned for."""
    sizes = {name: value.numel() * 2 for name, value in family["base"].items() if name != "steps"}
    large, piece_entries = max(sizes.values()), 4096
    lines = "x = trim vector=ta density:0.3\n edit = apply base=base vector=x\n out = export_checkpoint checkpoint=edit folder:out"
    plan = bench.plan(f"{TWO_VECTORS}\n {lines}", {"piece_entries": piece_entries})
    assert plan.bytes_read == 2 * (sum(sizes.values()) + large + SAMPLE_PIECES * piece_entries * 2) + 40


def test_over_the_budget_is_a_problem_with_numbers(bench, family):
    verdict = bench.check(f"{TWO_VECTORS}\n edit = apply base=base vector=ta\n {OUT}", {"memory_bytes": 200 << 20})
    assert verdict.plan is None
    (problem,) = verdict.problems
    assert "of memory; the budget is 210 MB" in problem.message
    assert "““" not in problem.message
    assert "””" not in problem.message


def test_a_small_budget_gives_smaller_pieces(bench, family):
    lines = f"{TWO_VECTORS}\n x = ties vectors=ta,tb\n edit = apply base=base vector=x\n {OUT}"
    tight = (PROCESS_BYTES >> 20) + 16
    small, large = (bench.plan(lines, {"memory_bytes": size << 20, "workers": None}) for size in (tight, 4096))
    assert small.piece_entries * small.workers <= large.piece_entries * large.workers
    assert small.peak_bytes <= tight << 20


def test_checking_imports_no_torch(bench, family):
    program = (
        "import sys; from pathlib import Path; import engine, json; from engine.document.storage import parse_document;"
        "text = json.dumps({'format': 'weightloom/1', 'nodes': {'b': {'operation': 'checkpoint', 'parameters': {'source': 'base'}},"
        "'o': {'operation': 'export_checkpoint', 'parameters': {'folder': 'out'}}},"
        "'wires': [{'from': 'b.checkpoint', 'to': 'o.checkpoint'}]});"
        "verdict = engine.check(parse_document(text), Path(sys.argv[1])); assert verdict.plan, verdict;"
        "print(sorted({'torch', 'transformers', 'datasets', 'matplotlib'} & set(sys.modules)))"
    )
    shown = subprocess.run([sys.executable, "-c", program, str(bench.folder)], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


def test_twenty_checkpoints_of_many_tensors_are_checked(bench):
    import torch

    names = [f"model.layers.{layer}.mlp.w{part}.weight" for layer in range(100) for part in range(7)]
    for number in range(20):
        bench.save(f"m{number}", {name: torch.zeros(2) for name in names})
    sources = "\n".join(f"m{n} = checkpoint source:m{n}" for n in range(20))
    vectors = "\n".join(f"t{n} = task_vector tuned=m{n} base=m0" for n in range(1, 20))
    add = f"s = add vectors={','.join(f't{n}' for n in range(1, 20))}"
    plan = bench.plan(f"{sources}\n{vectors}\n{add}\n e = apply base=m0 vector=s\n out = export_checkpoint checkpoint=e folder:out")
    assert plan.bytes_read == 20 * 700 * 8


@pytest.mark.parametrize("mib", range(580, 840, 20))
def test_what_is_kept_between_rounds_fits_beside_the_pieces(bench, monkeypatch, mib):
    """More memory never refuses what less admits: what the pieces leave is kept, be it nothing."""
    base = bench.make_model(0)
    bench.save("base", base)
    bench.save("a", bench.move(base, 1))
    # Many vectors of one model are as wide as as many models.
    monkeypatch.setattr("os.cpu_count", lambda: 8)
    vectors = "\n".join(f"t{n} = random_vector like=ta seed:{n}" for n in range(30))
    merge = f"x = ties vectors={','.join(f't{n}' for n in range(30))}\n edit = apply base=base vector=x"
    lines = "base = checkpoint source:base\n a = checkpoint source:a\n ta = task_vector tuned=a base=base\n"
    plan = bench.plan(
        f"{lines}{vectors}\n{merge}\n out = export_checkpoint checkpoint=edit folder:out", {"workers": None, "memory_bytes": mib << 20}
    )
    assert plan.peak_bytes <= mib << 20
