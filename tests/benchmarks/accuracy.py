"""How far results lie from the exact ones, and from mergekit's."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import safe_open

from tests.benchmarks.graphs import DENSITY, STRENGTH, write_linear, write_ties
from tests.benchmarks.made_checkpoints import TUNED
from tests.benchmarks.oracle import add_vectors, count_wrongly_rounded, find_thresholds, merge_ties
from tests.benchmarks.table import Line
from tests.benchmarks.weightloom import run_loom

_FLOAT_BOUND = 2e-7
_ROUNDING_BOUND = 1e-4
Tensors = Mapping[str, torch.Tensor]
Oracle = Callable[[torch.Tensor, Sequence[torch.Tensor]], torch.Tensor]


@dataclass(frozen=True)
class Checked:
    """Hold the comparison of one output with its oracle."""

    entries: int
    largest_error: float
    """Of any entry, relative to its tensor's largest."""
    wrongly_rounded: int


def measure_accuracy(families: Mapping[str, Path], scratch: Path) -> Iterator[Line]:
    """Give the lines of linear and TIES exports against float64 oracles.

    Args:
        families: from the name of a dtype to checkpoints of that dtype.
        scratch: where outputs are made and removed.
    """
    for title, write, oracle in _list_oracles():
        for dtype in ("float32", "bfloat16"):
            family = families[dtype]
            run_loom(write(family), scratch / "ours")
            checked = _check_output(family, scratch / "ours", oracle)
            shutil.rmtree(scratch / "ours")
            yield _describe(title, dtype, checked)


def compare_linear(family: Path, ours: Path, theirs: Path) -> Line:
    """Return the line that compares a linear export with mergekit's, entry by entry."""
    differing = entries = 0
    for name, (our, their) in _read_pairs(ours, theirs):
        differing += _count_differing(our, their)
        entries += our.numel()
        del name
    share = differing / entries
    return Line(
        "linear: entries that differ from mergekit's",
        f"{differing:,}",
        f"of {entries:,}",
        f"{share:.1e}",
        "≤ 1e-4",
        share <= _ROUNDING_BOUND,
    )


def compare_ties(family: Path, ours: Path, theirs: Path) -> Line:
    """Return the line that compares a TIES export with mergekit's, aside from entries that equal a threshold."""
    differing = entries = tied = 0
    for name, (our, their) in _read_pairs(ours, theirs):
        base, tuned = read_family(family, name)
        at_threshold = find_thresholds(base, tuned, DENSITY)
        tied += int(at_threshold.sum())
        differing += _count_differing(our[~at_threshold], their[~at_threshold])
        entries += our.numel()
    share = differing / entries
    beside = f"of {entries:,}, {tied / entries:.1%} at a threshold left out"
    return Line("TIES: entries that differ from mergekit's", f"{differing:,}", beside, f"{share:.1e}", "≤ 1e-4", share <= _ROUNDING_BOUND)


def read_family(family: Path, name: str) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """Return a tensor of the base and of the fine-tunes."""
    base, *tuned = (_read_tensor(family / model, name) for model in ("base", *TUNED))
    return base, tuned


def _list_oracles() -> tuple[tuple[str, Callable[[Path], Path], Oracle], ...]:
    return (
        ("linear", write_linear, lambda base, tuned: add_vectors(base, tuned, STRENGTH)),
        ("TIES", write_ties, lambda base, tuned: merge_ties(base, tuned, DENSITY)),
    )


def _check_output(family: Path, output: Path, oracle: Oracle) -> Checked:
    entries = wrong = 0
    largest = 0.0
    for name in _list_places(output):
        written = _read_tensor(output, name)
        exact = oracle(*read_family(family, name))
        entries += written.numel()
        largest = max(largest, float((written.double() - exact).abs().max() / exact.abs().max()))
        wrong += count_wrongly_rounded(written, exact)
    return Checked(entries, largest, wrong)


def _describe(title: str, dtype: str, checked: Checked) -> Line:
    beside = f"float64 oracle, {checked.entries:,} entries"
    if dtype == "float32":
        error = f"{checked.largest_error:.1e}"
        is_met = checked.largest_error <= _FLOAT_BOUND
        return Line(f"{title}, float32: largest error / largest entry", error, beside, "", f"≤ {_FLOAT_BOUND:g}", is_met)
    share = checked.wrongly_rounded / checked.entries
    is_met = share <= _ROUNDING_BOUND
    return Line(f"{title}, {dtype}: share not correctly rounded", f"{share:.1e}", beside, "", f"≤ {_ROUNDING_BOUND:g}", is_met)


def _count_differing(our: torch.Tensor, their: torch.Tensor) -> int:
    return int((our != their).sum())


def _read_pairs(ours: Path, theirs: Path) -> Iterator[tuple[str, tuple[torch.Tensor, torch.Tensor]]]:
    for name in _list_places(ours):
        yield name, (_read_tensor(ours, name), _read_tensor(theirs, name))


def _list_places(folder: Path) -> Mapping[str, Path]:
    """Return the file of every tensor of a model's folder."""
    index = folder / "model.safetensors.index.json"
    if index.exists():
        return {name: folder / file for name, file in json.loads(index.read_text())["weight_map"].items()}
    with safe_open(folder / "model.safetensors", "pt") as file:
        return dict.fromkeys(file.keys(), folder / "model.safetensors")


def _read_tensor(folder: Path, name: str) -> torch.Tensor:
    with ExitStack() as open_files:
        file = open_files.enter_context(safe_open(_list_places(folder)[name], "pt"))
        return file.get_tensor(name)
