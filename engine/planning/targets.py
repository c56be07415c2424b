"""Where a run may write: export folders resolved, and everything that speaks against them."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from engine.checkpoints.output_target import target_problem
from engine.document.model import NodeId
from engine.planning.options import RunOptions
from engine.planning.paths import find_path
from engine.planning.resolve import Resolved
from engine.planning.structure import Graph
from engine.problems import Problem, error, warning
from engine.sizes import write_bytes


def find_targets(graph: Graph, folder: Path, options: RunOptions) -> tuple[Mapping[NodeId, Path], list[Problem]]:
    """Return the folder that each output node writes; `folder` is the document's own."""
    sinks = graph.sinks
    targets: dict[NodeId, Path] = {}
    problems: list[Problem] = []
    if options.output is not None and len(sinks) > 1:
        message = f"--output stands for the folder of one output node; this graph has {len(sinks)}."
        problems.append(error(message, "Leave --output out, or mute the other outputs."))
    for step in sinks:
        written = str(step.parameters["folder"]).strip()
        if options.output is not None and len(sinks) == 1:
            targets[step.id] = options.output.absolute()
        elif not written:
            say = error if options.needs_folders else warning
            problems.append(
                say("The export has no folder.", "Say where to write it, or name one with --output.", node=step.id, field="folder")
            )
        else:
            targets[step.id] = find_path(folder, written).absolute()
    return targets, problems


def check_targets(resolved: Resolved, targets: Mapping[NodeId, Path], folder: Path, options: RunOptions) -> list[Problem]:
    """Return what speaks against the targets: outside the document's tree, on an input, taken, or used twice."""
    problems: list[Problem] = []
    taken: dict[Path, NodeId] = {}
    for node, target in targets.items():
        real = target.resolve()
        sentence, hint = _find_fault(resolved, real, folder.resolve(), options)
        if not sentence and real in taken:
            sentence, hint = f"“{resolved.title(taken[real])}” writes to {target} too.", "Choose another folder."
        if not sentence:
            sentence, hint = _find_nesting(resolved, real, taken)
        if sentence:
            problems.append(error(sentence, hint, node=node, field="folder"))
        taken.setdefault(real, node)
    return problems


def check_space(targets: Mapping[NodeId, Path], sizes: Mapping[NodeId, int]) -> list[Problem]:
    """Return a problem for each disk that the exports do not fit on, with the numbers."""
    needed: dict[int, int] = {}
    places: dict[int, tuple[NodeId, Path]] = {}
    for node, target in targets.items():
        parent = _nearest_folder(target)
        device = parent.stat().st_dev
        needed[device] = needed.get(device, 0) + sizes.get(node, 0)
        places.setdefault(device, (node, parent))
    problems: list[Problem] = []
    for device, (node, parent) in places.items():
        free = shutil.disk_usage(parent).free
        if needed[device] > free:
            message = f"The export needs {write_bytes(needed[device])}; {parent} has {write_bytes(free)} free."
            problems.append(error(message, "Make room, or choose a folder on another disk.", node=node, field="folder"))
    return problems


def _find_fault(resolved: Resolved, target: Path, folder: Path, options: RunOptions) -> tuple[str, str]:
    if options.output is None and not options.allow_outside and not target.is_relative_to(folder):
        return f"{target} lies outside the folder of the graph.", "Allow it (--allow-outside), or name the folder with --output."
    if target == folder or folder.is_relative_to(target):
        return f"{target} holds the graph itself.", "Choose a folder of its own for the export."
    for source in resolved.sources.values():
        for place in {stamp.path.resolve() for stamp in source.header.files}:
            if place.is_relative_to(target):
                title = resolved.title(source.node)
                return f"{target} holds “{title}”, which the export is made from.", "Choose another folder."
        own = source.header.folder
        if own is not None and target.is_relative_to(own.resolve()) and own.resolve() != folder:
            return f"{target} lies inside “{resolved.title(source.node)}”.", "Choose another folder."
    fault = target_problem(target, options.overwrite)
    return (fault, "") if fault else ("", "")


def _find_nesting(resolved: Resolved, target: Path, taken: Mapping[Path, NodeId]) -> tuple[str, str]:
    """Return why a target can't be published whole: another output's folder lies in it, or it in that one."""
    for other, node in taken.items():
        if target.is_relative_to(other):
            return f"{target} lies inside {other}, which “{resolved.title(node)}” writes.", "Give each export a folder beside the other."
        if other.is_relative_to(target):
            return f"{other}, which “{resolved.title(node)}” writes, lies inside {target}.", "Give each export a folder beside the other."
    return "", ""


def _nearest_folder(path: Path) -> Path:
    return next(parent for parent in path.parents if parent.is_dir())
