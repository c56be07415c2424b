"""`python -m tests.benchmarks.engine`: measure the engine and print the table of the numbers to reach.

The first run makes about 8 GB of checkpoints under --cache and installs mergekit into --mergekit; later ones find them there.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from tests.benchmarks.accuracy import compare_linear, compare_ties, measure_accuracy
from tests.benchmarks.exports import (
    Bench,
    Case,
    describe_against_floor,
    describe_against_mergekit,
    describe_fingerprints,
    describe_memory,
    describe_processor_time,
    measure_case,
)
from tests.benchmarks.graphs import write_dare, write_linear, write_ties
from tests.benchmarks.made_checkpoints import FULL, QUICK, make_family
from tests.benchmarks.memory import measure_one_tensor
from tests.benchmarks.mergekit import make_environment
from tests.benchmarks.recording import Surroundings, record_table
from tests.benchmarks.starting import measure_start
from tests.benchmarks.table import Line, format_lines

_ROWS, _QUICK_ROWS = 732_422, 20_000
"""Of 1024 bfloat16 numbers; the first make 1.5 GB."""


@dataclass(frozen=True)
class Ground:
    """Hold what the command line has chosen."""

    cache: Path
    scratch: Path
    """Of this process alone: two that measure at once slow each other down, but do not take each other's outputs."""
    mergekit: Path
    repetitions: int
    is_quick: bool

    def bench(self, repetitions: int) -> Bench:
        """Return what the exports are measured on; makes it where it is not there yet."""
        family = make_family(self.cache, QUICK if self.is_quick else FULL)
        return Bench(family, self.scratch, make_environment(self.mergekit), repetitions)

    @property
    def fewer(self) -> int:
        """Return how often the long cases are measured: one round of TIES takes mergekit minutes."""
        return -(-self.repetitions // 2)


def main(words: Sequence[str] | None = None) -> int:
    """Measure the parts that were asked for; return 0 when every target is met."""
    chosen = _read_arguments(words)
    chosen.cache.mkdir(parents=True, exist_ok=True)
    surroundings = Surroundings.now()
    lines: list[Line] = []
    with tempfile.TemporaryDirectory(prefix="run-", dir=chosen.cache) as scratch:
        ground = Ground(chosen.cache, Path(scratch), chosen.mergekit, chosen.repetitions, chosen.quick)
        for part in chosen.parts:
            for line in _PARTS[part](ground):
                lines.append(line)
                print(" | ".join(cell for cell in line.cells if cell), flush=True)
    surroundings = surroundings.ended()
    print(f"\n{surroundings.sentence}\n\n{format_lines(lines)}")
    if chosen.record:
        command = " ".join(["python -m tests.benchmarks.engine", *(sys.argv[1:] if words is None else words)])
        record_table(chosen.record, surroundings, command, lines)
    return int(any(line.is_met is False for line in lines))


def _measure_start(ground: Ground) -> Iterator[Line]:
    yield from measure_start(ground.cache, 2 * ground.repetitions + 1)


def _measure_accuracy(ground: Ground) -> Iterator[Line]:
    families = {"bfloat16": make_family(ground.cache, QUICK), "float32": make_family(ground.cache, QUICK, torch.float32)}
    yield from measure_accuracy(families, ground.scratch)


def _measure_memory(ground: Ground) -> Iterator[Line]:
    yield from measure_one_tensor(ground.cache, ground.scratch, _QUICK_ROWS if ground.is_quick else _ROWS, ground.fewer)


def _measure_linear(ground: Ground) -> Iterator[Line]:
    bench = ground.bench(ground.repetitions)
    case = Case("linear", "linear", write_linear(bench.family), 4)
    compared: list[Line] = []
    rounds = measure_case(bench, case, hashes=True, keep=lambda ours, theirs: compared.append(compare_linear(bench.family, ours, theirs)))
    yield describe_against_floor(case, rounds)
    yield describe_against_mergekit(case, rounds)
    yield from describe_fingerprints(case, rounds)
    yield describe_processor_time(case, rounds)
    yield describe_memory(case, rounds)
    yield from compared


def _measure_ties(ground: Ground) -> Iterator[Line]:
    bench = ground.bench(ground.fewer)
    case = Case("ties", "TIES", write_ties(bench.family), 10)
    compared: list[Line] = []
    rounds = measure_case(bench, case, keep=lambda ours, theirs: compared.append(compare_ties(bench.family, ours, theirs)))
    yield describe_against_mergekit(case, rounds)
    yield describe_processor_time(case, rounds)
    yield describe_memory(case, rounds)
    yield from compared


def _measure_dare(ground: Ground) -> Iterator[Line]:
    bench = ground.bench(ground.fewer)
    for rescale in ("expected", "norm"):
        case = Case("dare", f"DARE ({rescale})", write_dare(bench.family, rescale), 5)
        rounds = measure_case(bench, case)
        yield describe_against_mergekit(case, rounds)
        yield describe_processor_time(case, rounds)
        yield describe_memory(case, rounds)


_PARTS: dict[str, Callable[[Ground], Iterator[Line]]] = {
    "start": _measure_start,
    "accuracy": _measure_accuracy,
    "memory": _measure_memory,
    "linear": _measure_linear,
    "dare": _measure_dare,
    "ties": _measure_ties,
}


def _read_arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.engine", description=__doc__)
    parser.add_argument("--parts", nargs="+", choices=list(_PARTS), default=list(_PARTS))
    parser.add_argument("--quick", action="store_true", help="small checkpoints: tries the benchmarks themselves; its figures mean nothing")
    parser.add_argument("--repetitions", type=int, default=5, help="rounds of the linear case; the longer cases have half as many")
    parser.add_argument("--cache", type=Path, default=Path("/tmp/weightloom-bench"))
    parser.add_argument("--mergekit", type=Path, default=Path("/tmp/mergekit-venv"), help="its virtual environment")
    parser.add_argument("--record", type=Path, help="put the table into this Markdown file")
    return parser.parse_args(words)


if __name__ == "__main__":
    sys.exit(main())
