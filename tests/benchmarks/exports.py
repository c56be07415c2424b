"""Exports against the floor and against mergekit: whole processes in turn, so that what slows the machine slows them all."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tests.benchmarks.floors import Floor, list_inputs, measure_floor
from tests.benchmarks.mergekit import run_mergekit
from tests.benchmarks.processes import Ended, run_process
from tests.benchmarks.table import Line, in_megabytes, in_seconds
from tests.benchmarks.weightloom import LoomRun, run_loom

MOST_BYTES = 700e6


@dataclass(frozen=True)
class Bench:
    """Hold where things lie and how often each is measured."""

    family: Path
    scratch: Path
    """Outputs are made here, one at a time, and removed."""
    mergekit: Path
    repetitions: int

    @property
    def targets(self) -> tuple[Path, Path]:
        """Return where our output and mergekit's go."""
        return self.scratch / "ours", self.scratch / "theirs"

    @property
    def output_bytes(self) -> int:
        """Return the size of one checkpoint's files."""
        return sum(path.stat().st_size for path in list_inputs(self.family)) // len({path.parent for path in list_inputs(self.family)})


@dataclass(frozen=True)
class Case:
    """Hold one kind of export."""

    name: str
    """As mergekit's settings know it."""
    title: str
    document: Path
    times_faster: float
    """What the issue asks against mergekit; 0 where nothing is asked."""


@dataclass(frozen=True)
class Round:
    """Hold what was measured one after the other."""

    floor: Floor
    loom: LoomRun
    hashed: LoomRun | None
    peer: Ended


Keep = Callable[[Path, Path], None]
"""Called with our output and mergekit's of the last round, before they are removed."""


def measure_case(bench: Bench, case: Case, *, hashes: bool = False, keep: Keep | None = None) -> tuple[Round, ...]:
    """Measure a case as often as the bench says, each round in the order floor, (with fingerprints,) Weightloom, mergekit."""
    _warm_up(bench, case)
    rounds = tuple(_measure_round(bench, case, hashes=hashes) for _ in range(bench.repetitions))
    if keep:
        keep(*bench.targets)
    _remove(*bench.targets)
    return rounds


def _warm_up(bench: Bench, case: Case) -> None:
    """Read the inputs and both programs once without a clock, so that nothing comes from the disk for the first time."""
    _remove(*bench.targets)
    measure_floor(list_inputs(bench.family), bench.output_bytes, bench.scratch / "floor")
    run_loom(case.document, bench.targets[0])
    run_process([str(bench.mergekit), "--help"])


def _measure_round(bench: Bench, case: Case, *, hashes: bool) -> Round:
    ours, theirs = bench.targets
    _remove(ours, theirs)
    floor = measure_floor(list_inputs(bench.family), bench.output_bytes, bench.scratch / "floor")
    hashed = run_loom(case.document, ours, fingerprints=True) if hashes else None
    _remove(ours)
    loom = run_loom(case.document, ours)
    return Round(floor, loom, hashed, run_mergekit(bench.mergekit, bench.family, case.name, theirs))


def describe_against_floor(case: Case, rounds: Sequence[Round]) -> Line:
    """Return the line of the run itself beside the floor; the ratio is the median of the rounds' ratios."""
    ratio = median(item.loom.run_seconds / item.floor.seconds for item in rounds)
    reading, writing = (
        median(times) for times in zip(*((item.floor.reading_seconds, item.floor.writing_seconds) for item in rounds), strict=True)
    )
    floor = f"floor {_median_seconds(item.floor.seconds for item in rounds)} (read {reading:.2f}, write {writing:.2f})"
    figure = _median_seconds(item.loom.run_seconds for item in rounds)
    return Line(f"{case.title}: the run itself", figure, floor, f"{ratio:.2f}", "≤ 1.00 × the floor", ratio <= 1)


def describe_against_mergekit(case: Case, rounds: Sequence[Round]) -> Line:
    """Return the line of the whole process beside mergekit's."""
    ratio = median(item.peer.seconds / item.loom.process.seconds for item in rounds)
    return Line(
        f"{case.title}: whole process",
        _median_seconds(item.loom.process.seconds for item in rounds),
        f"mergekit {_median_seconds(item.peer.seconds for item in rounds)}",
        f"{ratio:.1f} × faster",
        f"≥ {case.times_faster:g} × faster" if case.times_faster else "",
        ratio >= case.times_faster if case.times_faster else None,
    )


def describe_processor_time(case: Case, rounds: Sequence[Round]) -> Line:
    """Return the line of the processor's seconds: a machine with other work to do changes them least."""
    ratio = median(item.peer.processor_seconds / item.loom.process.processor_seconds for item in rounds)
    figure = _median_seconds(item.loom.process.processor_seconds for item in rounds)
    return Line(
        f"{case.title}: processor time, all cores",
        figure,
        f"mergekit {_median_seconds(item.peer.processor_seconds for item in rounds)}",
        f"{ratio:.1f} × less",
    )


def describe_fingerprints(case: Case, rounds: Sequence[Round]) -> Iterable[Line]:
    """Return the lines of runs that hash every input, beside those that do not."""
    hashed = [(item.loom, item.hashed) for item in rounds if item.hashed]
    if not hashed:
        return
    for what, read in (("the run itself", _run_seconds), ("whole process", _process_seconds)):
        ratio = median(read(second) / read(first) for first, second in hashed)
        figure = _median_seconds(read(second) for _, second in hashed)
        beside = f"without {_median_seconds(read(first) for first, _ in hashed)}"
        yield Line(f"{case.title}, fingerprints on: {what}", figure, beside, f"{ratio:.2f}")


def describe_memory(case: Case, rounds: Sequence[Round]) -> Line:
    """Return the line of the largest resident size of all rounds beside the plan's figure and mergekit's."""
    peak = max(item.loom.process.peak_bytes for item in rounds)
    planned = max(item.loom.planned_bytes for item in rounds)
    peer = max(item.peer.peak_bytes for item in rounds)
    beside = f"planned {in_megabytes(planned)}, mergekit {in_megabytes(peer)}"
    is_met = peak <= min(MOST_BYTES, planned)
    return Line(
        f"{case.title}: peak memory", in_megabytes(peak), beside, f"{peak / planned:.2f} of the plan", "≤ 700 MB and the plan", is_met
    )


def _run_seconds(run: LoomRun) -> float:
    return run.run_seconds


def _process_seconds(run: LoomRun) -> float:
    return run.process.seconds


def _median_seconds(values: Iterable[float]) -> str:
    return in_seconds(median(values))


def _remove(*folders: Path) -> None:
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
