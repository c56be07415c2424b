"""Run Weightloom as its users do, by its command line, and read what its events tell."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.processes import Ended, run_process

_COMMAND = (sys.executable, "-m", "engine")


@dataclass(frozen=True)
class LoomRun:
    """Hold what a run took."""

    process: Ended
    run_seconds: float
    """The run itself: from opening the inputs until every tensor lies written, as RunFinished tells."""
    planned_bytes: int
    """The peak memory of the plan, as RunStarted tells."""


def run_loom(document: Path, target: Path, *, fingerprints: bool = False) -> LoomRun:
    """Run a graph in a process of its own; nothing is flushed to the platter."""
    words = ["run", str(document), "--output", str(target), "--json", "--flush", "off", "--device", "cpu"]
    ended = run_process([*_COMMAND, *words, "--fingerprints", "on" if fingerprints else "off"])
    events = _read_events(ended.output)
    return LoomRun(ended, float(str(events["RunFinished"]["seconds"])), int(str(events["RunStarted"]["peak_bytes"])))


def run_check(document: Path) -> Ended:
    """Check a graph in a process of its own."""
    return run_process([*_COMMAND, "check", str(document)])


def _read_events(output: str) -> Mapping[str, Mapping[str, object]]:
    """Return the last event of each kind."""
    lines = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    return {str(line["event"]): line for line in lines}
