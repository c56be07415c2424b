"""The peak memory of a model that is one tensor, larger than any piece."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.exports import MOST_BYTES
from tests.benchmarks.graphs import write_linear
from tests.benchmarks.made_checkpoints import make_one_tensor
from tests.benchmarks.table import Line, in_megabytes, in_seconds
from tests.benchmarks.weightloom import run_loom


def measure_one_tensor(cache: Path, scratch: Path, rows: int, repetitions: int) -> Iterator[Line]:
    """Give the line of the largest resident size of several exports of base + 0.3·τ, beside the plan's figure."""
    folder = cache / f"one-tensor-{rows}"
    document = write_linear(folder, make_one_tensor(folder, rows))
    runs = []
    for _ in range(repetitions):
        runs.append(run_loom(document, scratch / "ours"))
        shutil.rmtree(scratch / "ours")
    peak = max(run.process.peak_bytes for run in runs)
    planned = runs[0].planned_bytes
    beside = f"planned {in_megabytes(planned)}; the run took {in_seconds(min(run.run_seconds for run in runs))}"
    what = f"one tensor of {rows * 2048 / 1e9:.1f} GB: peak memory"
    is_met = peak <= min(MOST_BYTES, planned)
    yield Line(what, in_megabytes(peak), beside, f"{peak / planned:.2f} of the plan", "≤ 700 MB and the plan", is_met)
