"""`weightloom sample`: copy what is shipped to a folder of the user's."""

from __future__ import annotations

import argparse
from pathlib import Path

from engine.command_line.console import Console
from engine.command_line.exit_status import ExitStatus, UsageError
from engine.sample import copy_sample, explain_taken


def copy_sample_to(chosen: argparse.Namespace, console: Console) -> ExitStatus:
    """Copy the sample pack.

    Raises:
        UsageError: something of the user's is there.
        EngineError: it can't be written, or is not shipped.
    """
    folder: Path = chosen.folder
    taken = explain_taken(folder)
    if taken:
        raise UsageError(taken)
    graphs = copy_sample(folder)
    console.say(f"The sample pack lies in {folder}: models/, data/ and {len(graphs)} graphs.")
    for graph in graphs:
        console.say(f"    {folder / graph}")
    first = next((graph for graph in graphs if graph == "analogy.loom"), graphs[0] if graphs else "")
    if first:
        console.say(f"Try: weightloom check {folder / first}")
    return ExitStatus.DONE
