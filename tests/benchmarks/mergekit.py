"""mergekit, the program that is compared with: in an environment of its own, told to compute what our graphs compute."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.benchmarks.graphs import DENSITY, DROP, STRENGTH
from tests.benchmarks.made_checkpoints import TUNED
from tests.benchmarks.processes import Ended, run_process

VERSION = "0.1.5"
_TORCH = "2.13.0"
_METHODS: Mapping[str, tuple[str, Mapping[str, object], Mapping[str, object]]] = {
    "linear": ("task_arithmetic", {"weight": STRENGTH}, {"normalize": False}),
    "ties": ("ties", {"weight": 1.0, "density": DENSITY}, {"normalize": True}),
    "dare": ("dare_linear", {"weight": STRENGTH, "density": 1 - DROP}, {"normalize": False}),
}
"""Per case the method, the parameters of each model and those of the merge."""


def make_environment(folder: Path) -> Path:
    """Install mergekit into a virtual environment unless it is there; return its `mergekit-yaml`."""
    program = folder / "bin" / "mergekit-yaml"
    if not program.exists():
        run_process([sys.executable, "-m", "venv", str(folder)])
        wanted = [f"mergekit=={VERSION}", f"torch=={_TORCH}"]
        run_process([str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", *wanted])
    return program


def run_mergekit(program: Path, family: Path, case: str, target: Path) -> Ended:
    """Merge the family by the method of a case; the tensors are computed in float32 and written in bfloat16."""
    settings = family / f"mergekit_{case}.yml"
    # JSON is YAML too.
    settings.write_text(json.dumps(_configure(family, case)))
    words = [str(program), str(settings), str(target), "--lazy-unpickle", "--no-copy-tokenizer", "--quiet", "--random-seed", "0"]
    return run_process(words, {"HF_HUB_OFFLINE": "1", "PYTHONHASHSEED": "0"})


def _configure(family: Path, case: str) -> Mapping[str, object]:
    method, each, whole = _METHODS[case]
    return {
        "merge_method": method,
        "base_model": str(family / "base"),
        "models": [{"model": str(family / name), "parameters": each} for name in TUNED],
        "parameters": whole,
        "dtype": "float32",
        "out_dtype": "bfloat16",
    }
