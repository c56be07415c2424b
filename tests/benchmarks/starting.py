"""What it takes to start: importing the engine, and checking a graph of many checkpoints."""

from __future__ import annotations

import sys
from collections.abc import Iterator
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
started = time.perf_counter()
verdict = engine.check(engine.open_document(path), path.parent)
checked = time.perf_counter() - started
print(checked, imported, verdict.plan is not None and len(verdict.plan.inputs), "torch" in sys.modules)
"""


def measure_start(cache: Path, repetitions: int, checkpoints: int = 20, tensors: int = 700) -> Iterator[Line]:
    """Give the lines of importing and checking, each time in a new process: no header has been read before, the page cache is warm."""
    folder = cache / f"headers-{checkpoints}x{tensors}"
    document = write_linear(folder, make_headers_only(folder, checkpoints, tensors))
    checks, starts, imports = [], [], []
    for _ in range(repetitions):
        checks.append(_run_script(_CHECK, str(document)))
        starts.append(run_check(document).seconds)
        imports.append(_run_script(_IMPORT))
    seconds = median(float(check[0]) for check in checks)
    beside = f"importing what it needs {median(float(check[1]) for check in checks) * 1e3:.0f} ms"
    what = f"check of {checkpoints} checkpoints × {tensors} tensors, after import"
    is_met = seconds <= _MOST_SECONDS and {check[2] for check in checks} == {str(checkpoints)}
    yield Line(what, f"{seconds * 1e3:.0f} ms", beside, "", "≤ 100 ms", is_met)
    yield Line("the same as a whole process (weightloom check)", in_seconds(median(starts)))
    clean = not any(words[-1] == "True" for words in (*imports, *checks))
    imported = median(float(words[0]) for words in imports)
    yield Line("import engine", f"{imported * 1e3:.0f} ms", "", "", "does not import torch", clean)


def _run_script(script: str, *words: str) -> list[str]:
    return run_process([sys.executable, "-c", script, *words]).output.split()
