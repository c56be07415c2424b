"""What the Gram pass costs beside reading the same files once, and what its estimate is worth."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tests.benchmarks.floors import list_inputs
from tests.benchmarks.made_checkpoints import TUNED
from tests.benchmarks.processes import run_process
from tests.benchmarks.table import Line, in_megabytes, in_seconds

MOST_TIMES_READING = 2.5
MOST_BYTES = 700e6
MOST_ESTIMATE_SECONDS = 2.0
_BUFFER_BYTES = 8 << 20


@dataclass(frozen=True)
class Taken:
    """Hold what a step took."""

    seconds: float
    processor_seconds: float

    @staticmethod
    def since(began: tuple[float, float]) -> Taken:
        """Return what has been taken since `now` was asked."""
        clock, processor = now()
        return Taken(clock - began[0], processor - began[1])


def now() -> tuple[float, float]:
    """Return the clock and the processor time of this process."""
    return time.perf_counter(), time.process_time()


def measure_live_gram(family: Path, rounds: int) -> Iterator[Line]:
    """Measure reading, pass and estimate one after the other, several times; figures are medians of the rounds."""
    read_once(family)
    found = [_measure_round(family) for _ in range(rounds)]
    reading, passing, estimating = ([Taken(*item[name]) for item in found] for name in ("reading", "pass", "estimate"))
    yield _compare("Gram pass, by the clock", [taken.seconds for taken in passing], [taken.seconds for taken in reading])
    processor = ([taken.processor_seconds for taken in passing], [taken.processor_seconds for taken in reading])
    yield _compare("Gram pass, processor time", *processor, is_asked=False)
    peak = max(float(item["peak_bytes"]) for item in found)
    yield Line("Gram pass, peak memory of the process", in_megabytes(peak), target=in_megabytes(MOST_BYTES), is_met=peak <= MOST_BYTES)
    seconds = statistics.median(taken.seconds for taken in estimating)
    target = f"≤ {MOST_ESTIMATE_SECONDS:.0f} s"
    yield Line("estimate", in_seconds(seconds), target=target, is_met=seconds <= MOST_ESTIMATE_SECONDS)
    within = min(float(item["within"]) for item in found)
    yield Line("estimate: products within 3 standard errors", f"{within:.2%}", target="≥ 99 %", is_met=within >= 0.99)


def read_once(family: Path) -> Taken:
    """Read all weights of a family through one buffer."""
    buffer = memoryview(bytearray(_BUFFER_BYTES))
    began = now()
    for path in list_inputs(family):
        descriptor = os.open(path, os.O_RDONLY)
        offset = 0
        while count := os.preadv(descriptor, [buffer], offset):
            offset += count
        os.close(descriptor)
    return Taken.since(began)


def _measure_round(family: Path) -> dict[str, object]:
    ended = run_process([sys.executable, "-m", "tests.benchmarks.live_gram", str(family)])
    return {**json.loads(ended.output.splitlines()[-1]), "peak_bytes": ended.peak_bytes}


def _compare(what: str, figures: Sequence[float], beside: Sequence[float], *, is_asked: bool = True) -> Line:
    ratio = statistics.median(mine / other for mine, other in zip(figures, beside, strict=True))
    return Line(
        what,
        in_seconds(statistics.median(figures)),
        f"{in_seconds(statistics.median(beside))} reading once",
        f"{ratio:.2f}",
        f"≤ {MOST_TIMES_READING}" if is_asked else "",
        ratio <= MOST_TIMES_READING if is_asked else None,
    )


def _measure_here(family: Path) -> dict[str, object]:
    """Measure one round in this process: imports and the loading of compiled loops are not counted, the memory is all of the process's."""
    from engine.checkpoints.sources import open_checkpoint
    from engine.execution.gram_pass import measure_gram
    from engine.execution.gram_sample import estimate_gram
    from engine.similarity.family_files import FamilyFiles
    from engine.similarity.store import GramStore

    names = ("base", *TUNED)
    headers = tuple(open_checkpoint(name, family) for name in names)
    tensors = tuple(spec.name for spec in headers[0].tensors.values() if spec.dtype.is_float)
    files = FamilyFiles(names[0], names[1:], tensors, (), headers)
    small = min(tensors, key=lambda name: headers[0].tensors[name].count)
    with tempfile.TemporaryDirectory() as folder:
        measure_gram(replace(files, tensors=(small,)), GramStore(Path(folder) / "gram.sqlite3"))
    reading = read_once(family)
    with tempfile.TemporaryDirectory() as folder:
        began = now()
        exact = measure_gram(files, GramStore(Path(folder) / "gram.sqlite3")).table
        passing = Taken.since(began)
    began = now()
    estimate = estimate_gram(files, GramStore(Path("/nowhere") / "gram.sqlite3"))
    estimating = Taken.since(began)
    within = abs(estimate.products - exact.products) <= 3 * estimate.errors + 1e-6 * abs(exact.products)
    taken = {"reading": reading, "pass": passing, "estimate": estimating}
    return {name: (item.seconds, item.processor_seconds) for name, item in taken.items()} | {"within": float(within.mean())}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("family", type=Path)
    print(json.dumps(_measure_here(parser.parse_args().family)))
