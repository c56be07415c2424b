"""`weightloom inspect`: what checkpoints hold, and where they do not fit together."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from engine.command_line.console import Console
from engine.command_line.event_json import write_record
from engine.command_line.exit_status import ExitStatus
from engine.command_line.table import align_rows
from engine.errors import EngineError
from engine.inspection import Comparison, Inspection, compare_checkpoints, inspect_checkpoint
from engine.report.wording import write_count
from engine.sizes import write_bytes

_MOST_FILES = 6


def inspect_sources(chosen: argparse.Namespace, console: Console) -> ExitStatus:
    """Show every checkpoint that can be opened, and say of each other one why it can't be."""
    inspections: list[Inspection] = []
    failed: list[EngineError] = []
    for source in chosen.sources:
        try:
            inspections.append(inspect_checkpoint(source, Path.cwd()))
        except EngineError as failure:
            failed.append(failure)
            told = str(failure)
            console.tell(f"error: {told if source in told else f'{source}: {told}'}")
    comparisons = [compare_checkpoints(inspections[0], other) for other in inspections[1:]]
    if chosen.json:
        console.say(write_record(_as_record(inspections, comparisons, failed)))
    else:
        for line in _describe_all(inspections, comparisons):
            console.say(line)
    return ExitStatus.FAILED if failed else ExitStatus.DONE


def _as_record(inspections: Sequence[Inspection], comparisons: Sequence[Comparison], failed: Sequence[EngineError]) -> object:
    return {
        "checkpoints": [inspection.summary for inspection in inspections],
        "comparisons": [{"compatible": comparison.is_compatible, **vars(comparison)} for comparison in comparisons],
        "failures": [str(failure) for failure in failed],
    }


def _describe_all(inspections: Sequence[Inspection], comparisons: Sequence[Comparison]) -> list[str]:
    lines = [line for inspection in inspections for line in _describe_checkpoint(inspection)]
    return lines + [line for comparison in comparisons for line in _describe_comparison(comparison)]


def _describe_checkpoint(inspection: Inspection) -> list[str]:
    summary = inspection.summary
    stacks = ", ".join(f"{write_count(count, 'layer')} in {stack}" for stack, count in summary.layers.items())
    rows = [
        ("architecture", summary.architecture or "unknown (there is no config.json)"),
        ("tensors", f"{summary.tensors:,} with {write_count(summary.parameters, 'entry', 'entries')}, {write_bytes(summary.size_bytes)}"),
        *(("dtype", f"{share.dtype}: {write_count(share.tensors, 'tensor')}, {write_bytes(share.size_bytes)}") for share in summary.dtypes),
        ("layers", stacks or "none by name"),
        *(("file", f"{file.name}  {write_bytes(file.size_bytes)}") for file in summary.files[:_MOST_FILES]),
    ]
    if len(summary.files) > _MOST_FILES:
        rows.append(("", f"… and {write_count(len(summary.files) - _MOST_FILES, 'file')} more"))
    rows += [("tied", f"{alias} is {stored}") for alias, stored in summary.aliases.items()]
    rows += [("note", remark) for remark in summary.remarks]
    return [summary.source, *align_rows(rows, left=2, indent="    ")]


def _describe_comparison(comparison: Comparison) -> list[str]:
    if not comparison.is_compatible:
        return list(comparison.sentences)
    return [f"‘{comparison.other}’ and ‘{comparison.reference}’ fit together.", *comparison.sentences]
