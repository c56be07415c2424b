"""What it takes to start: importing the engine, and checking a graph of many checkpoints."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

from tests.benchmarks.graphs import write_linear
from tests.benchmarks.made_checkpoints import make_headers_only
from tests.benchmarks.processes import run_process
from tests.benchmarks.table import Line, in_seconds
from tests.benchmarks.weightloom import run_check

_MOST_SECONDS = 0.1
_IMPORT = """
import sys, time
started = time.perf_counter()
import engine
print(time.perf_counter() - started, "torch" in sys.modules)
"""
_CHECK = """
import sys, time
from pathlib import Path
started = time.perf_counter()
import engine
# The engine imports the checker when it is first asked for; it belongs to the import, not to the check.
import engine.planning.check
imported = time.perf_counter() - started
path = Path(sys.argv[1])
started, worked = time.perf_counter(), time.process_time()
verdict = engine.check(engine.open_document(path), path.parent)
checked, processor = time.perf_counter() - started, time.process_time() - worked
print(checked, processor, imported, verdict.plan is not None and len(verdict.plan.inputs), "torch" in sys.modules)
"""


def measure_start(cache: Path, repetitions: int, checkpoints: int = 20, tensors: int = 700) -> Iterator[Line]:
    """Give the lines of importing and checking, each time in a new process: no header has been read before, the page cache is warm."""
    alike = cache / f"headers-{checkpoints}x{tensors}"
    document = write_linear(alike, make_headers_only(alike, checkpoints, tensors))
    apart = cache / f"headers-told-apart-{checkpoints}x{tensors}"
    others = write_linear(apart, make_headers_only(apart, checkpoints, tensors, are_told_apart=True))
    checks, other_checks, starts, imports = [], [], [], []
    for _ in range(repetitions):
        checks.append(_run_script(_CHECK, str(document)))
        other_checks.append(_run_script(_CHECK, str(others)))
        starts.append(run_check(document).seconds)
        imports.append(_run_script(_IMPORT))
    yield _describe_checks(f"check of {checkpoints} checkpoints × {tensors} tensors, after import", checks, checkpoints)
    yield _describe_checks("the same where no header is like another", other_checks, checkpoints)
    yield Line("the first as a whole process (weightloom check)", in_seconds(median(starts)))
    clean = not any(words[-1] == "True" for words in (*imports, *checks, *other_checks))
    imported = median(float(words[0]) for words in imports)
    yield Line("import engine", f"{imported * 1e3:.0f} ms", "", "", "does not import torch", clean)


def _describe_checks(what: str, checks: Sequence[Sequence[str]], checkpoints: int) -> Line:
    seconds, processor, imported = (median(float(check[place]) for check in checks) for place in range(3))
    beside = f"{processor * 1e3:.0f} ms of the processor; imports {imported * 1e3:.0f} ms"
    is_met = seconds <= _MOST_SECONDS and {check[3] for check in checks} == {str(checkpoints)}
    return Line(what, f"{seconds * 1e3:.0f} ms", beside, "", "≤ 100 ms", is_met)


def _run_script(script: str, *words: str) -> list[str]:
    return run_process([sys.executable, "-c", script, *words]).output.split()
