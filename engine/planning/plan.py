"""The plan of a run: everything that is decided before the first tensor is read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.catalogue import defaults
from engine.checkpoints.header import FileStamp
from engine.checkpoints.recipe_paths import INPUT_PATHS
from engine.checkpoints.sources import HUB_PREFIX
from engine.document.model import Document, NodeId
from engine.document.recipe import canonical_recipe
from engine.operation import Choice, Sink
from engine.planning.costs import PROCESS_BYTES
from engine.planning.formula import write_formula
from engine.planning.linear import Folding
from engine.planning.options import RunOptions
from engine.planning.pass_costs import PassPlan, PlannedPass
from engine.planning.passes import SearchPass
from engine.planning.paths import find_path
from engine.planning.resolve import Resolved
from engine.planning.work import WorkPlanner
from engine.problems import Problem

FORMAT_NUMBER = 1
"""Rises when the same recipe on the same inputs gives other bytes."""


@dataclass(frozen=True)
class Plan:
    """Hold all that a run needs; running it decides nothing."""

    document: Document
    folder: Path
    """The folder that relative paths count from."""
    options: RunOptions
    resolved: Resolved
    planner: WorkPlanner
    targets: Mapping[NodeId, Path]
    passes: tuple[PlannedPass, ...]
    piece_entries: int
    workers: int
    kept_bytes: int
    """For operands kept between the rounds over a tensor."""
    formulas: Mapping[NodeId, str]
    """Per output and search node the normal form of what it writes."""
    recipe: str
    inputs: tuple[FileStamp, ...]
    """The checkpoint files that the run depends on."""
    read_files: frozenset[Path]
    """Those of which some bytes are read: the others have coefficient 0, or only give names and settings."""
    hash: str
    """Of all that decides the output's bytes."""
    warnings: tuple[Problem, ...] = ()

    @property
    def folding(self) -> Folding:
        """Return the normal forms of the graph."""
        return self.planner.folding

    @property
    def kept_searches(self) -> frozenset[NodeId]:
        """Return the searches whose Στ stays in memory between the strengths."""
        return frozenset(item.work.node for item in self.passes if isinstance(item.work, SearchPass) and item.keeps_vector)

    @property
    def bytes_read(self) -> int:
        """Return the bytes of tensors that the run reads; hashing reads them once more, behind the run."""
        return sum(item.bytes_read for item in self.passes)

    @property
    def bytes_written(self) -> int:
        """Return the bytes of tensors that the run writes."""
        return sum(item.bytes_written for item in self.passes)

    @property
    def peak_bytes(self) -> int:
        """Return the peak memory of the whole process."""
        return max((item.peak_bytes for item in self.passes), default=PROCESS_BYTES)


@dataclass(frozen=True)
class PlanDraft:
    """Hold what a plan is made of before its passes are known."""

    document: Document
    folder: Path
    options: RunOptions
    resolved: Resolved
    targets: Mapping[NodeId, Path]


def make_plan(draft: PlanDraft, passes: PassPlan, warnings: tuple[Problem, ...]) -> Plan:
    """Return the plan of a run from its costed passes."""
    recipe = write_recipe(draft.document)
    inputs = list_inputs(draft.resolved)
    stamps = (*inputs, *list_measured_files(draft.resolved, draft.folder))
    return Plan(
        document=draft.document,
        folder=draft.folder,
        options=draft.options,
        resolved=draft.resolved,
        planner=passes.planner,
        targets=draft.targets,
        passes=passes.passes,
        piece_entries=passes.piece_entries,
        workers=passes.workers,
        kept_bytes=passes.kept_bytes,
        formulas=write_formulas(draft.resolved, passes.planner),
        recipe=recipe,
        inputs=inputs,
        read_files=passes.read_files,
        hash=hash_plan(recipe, stamps, _remote_files(draft.resolved), draft.options),
        warnings=warnings,
    )


def hash_plan(recipe: str, inputs: tuple[FileStamp, ...], remote: Collection[Path], options: RunOptions) -> str:
    """Return 16 hexadecimal digits over all that decides the output's bytes; `remote` are the inputs that lie on the Hub."""
    # A file of the Hub has no time before it is here; its path names the commit.
    stamps = [[str(stamp.path), stamp.size_bytes, 0 if stamp.path in remote else stamp.modified_ns] for stamp in inputs]
    content = json.dumps([FORMAT_NUMBER, recipe, stamps, options.device, options.fingerprints], ensure_ascii=False)
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def _remote_files(resolved: Resolved) -> frozenset[Path]:
    remote = [source.header for source in resolved.sources.values() if source.header.source.startswith(HUB_PREFIX)]
    return frozenset(stamp.path for header in remote for stamp in header.files)


def list_inputs(resolved: Resolved) -> tuple[FileStamp, ...]:
    """Return the files of the checkpoints that the run depends on, each once."""
    used = [source for node, source in resolved.sources.items() if node in resolved.graph.needed]
    return tuple({stamp.path: stamp for source in used for stamp in source.header.files}.values())


def list_measured_files(resolved: Resolved, folder: Path) -> tuple[FileStamp, ...]:
    """Return the files of test sets, prompts, scorers and metrics that the run depends on: a strength is chosen by some of them."""
    steps = [step for node, step in resolved.graph.steps.items() if node in resolved.graph.needed and node not in resolved.sources]
    written = [step.parameters.get(name) for step in steps for name in INPUT_PATHS.get(step.operation.id, ())]
    places = sorted({find_path(folder, str(source)) for source in written if source and not str(source).startswith(HUB_PREFIX)})
    return tuple(stamp for place in places for stamp in _stamp_files(place))


def _stamp_files(place: Path) -> list[FileStamp]:
    """Return the stamps of a file, or of all that lies in a folder."""
    paths = sorted(path for path in place.rglob("*") if path.is_file()) if place.is_dir() else [place] if place.is_file() else []
    found = [(path, path.stat()) for path in paths]
    return [FileStamp(path, status.st_size, status.st_mtime_ns) for path, status in found]


def write_recipe(document: Document) -> str:
    """Return the canonical recipe that goes into the output's metadata."""
    return canonical_recipe(document, defaults())


def write_formulas(resolved: Resolved, planner: WorkPlanner) -> Mapping[NodeId, str]:
    """Return the normal form of every output, and of every search that is not part of one."""
    steps = resolved.graph.steps
    formulas = {
        name: write_formula(planner.folding, planner.sink_value(name)) for name, step in steps.items() if isinstance(step.behaviour, Sink)
    }
    searches = [name for name, step in steps.items() if isinstance(step.behaviour, Choice) and name in resolved.graph.needed]
    return formulas | {name: write_formula(planner.folding, name) for name in searches}
