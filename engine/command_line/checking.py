"""`weightloom check`: everything that is wrong with a graph, its formulas and its plan."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from engine import Document, Plan, RunOptions, Verdict, check, open_document
from engine.command_line.console import Console
from engine.command_line.event_json import write_record
from engine.command_line.exit_status import ExitStatus
from engine.command_line.problem_lines import tell_problems
from engine.command_line.table import align_rows
from engine.report.wording import write_count
from engine.sizes import write_bytes


def check_file(chosen: argparse.Namespace, console: Console) -> ExitStatus:
    """Check a `.loom` file without reading a tensor."""
    path: Path = chosen.file
    document = open_document(path)
    # The recipe that an export keeps names no folder, and looking at it needs none.
    verdict = check(document, path.absolute().parent, RunOptions(needs_folders=False))
    if chosen.json:
        console.say(write_record(_as_record(document, verdict)))
    else:
        tell_problems(verdict.problems, console)
        if verdict.plan is not None:
            _say_plan(verdict.plan, console)
    return ExitStatus.PROBLEMS if verdict.plan is None else ExitStatus.DONE


def _say_plan(plan: Plan, console: Console) -> None:
    for node, formula in plan.formulas.items():
        target = f"  →  {plan.targets[node]}" if node in plan.targets else ""
        console.say(f"{plan.resolved.title(node)}{target}")
        for line in formula.splitlines():
            console.say(f"    {line}")
    console.say(f"{write_count(len(plan.passes), 'pass', 'passes')}:")
    rows = [
        (
            f"{number}. {item.work.title}",
            f"reads {write_bytes(item.bytes_read)}",
            f"writes {write_bytes(item.bytes_written)}",
            f"memory {write_bytes(item.peak_bytes)}",
        )
        for number, item in enumerate(plan.passes, 1)
    ]
    for line in align_rows(rows, indent="    "):
        console.say(line)
    total = f"{write_bytes(plan.bytes_read)} read, {write_bytes(plan.bytes_written)} written"
    console.say(f"In all {total}; peak memory of the process {write_bytes(plan.peak_bytes)}.")


def _as_record(document: Document, verdict: Verdict) -> Mapping[str, object]:
    plan = verdict.plan
    record: dict[str, object] = {"title": document.title, "can_run": plan is not None, "problems": verdict.problems}
    if plan is None:
        return record
    return {
        **record,
        "formulas": plan.formulas,
        "targets": plan.targets,
        "passes": [
            {
                "title": item.work.title,
                "bytes_read": item.bytes_read,
                "bytes_written": item.bytes_written,
                "peak_bytes": item.peak_bytes,
            }
            for item in plan.passes
        ],
        "bytes_read": plan.bytes_read,
        "bytes_written": plan.bytes_written,
        "peak_bytes": plan.peak_bytes,
    }
