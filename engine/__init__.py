"""Weightloom's engine: exact arithmetic on checkpoints, without a window and without Qt.

    document = open_document(path)
    verdict = check(document, path.parent)
    if verdict.plan is not None:
        result = run(verdict.plan)

Importing this package, checking and planning import no torch; running does. Planning itself is imported when it is first
asked for: it takes numpy along, and every module of the engine comes through here, those of the window's first paint too.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING

from engine.catalogue import catalogue
from engine.document.model import Document
from engine.document.storage import load_document
from engine.errors import EngineError
from engine.events import Event, Listener
from engine.planning.options import RunOptions
from engine.problems import Problem

if TYPE_CHECKING:
    from engine.execution.result import RunResult
    from engine.execution.stop import Stop
    from engine.planning.check import Verdict
    from engine.planning.plan import Plan

__all__ = [
    "Document",
    "EngineError",
    "Plan",
    "Problem",
    "RunOptions",
    "Verdict",
    "catalogue",
    "check",
    "fetch",
    "make_plan",
    "open_document",
    "run",
]


def open_document(path: Path) -> Document:
    """Return the document of a `.loom` file.

    Raises:
        DocumentError: the file can't be read or is no document.
    """
    return load_document(path)


def check(document: Document, folder: Path, options: RunOptions | None = None) -> Verdict:
    """Return everything that is wrong with a document, and the plan of its run when nothing stops it.

    Relative paths in the document count from `folder`. Reads headers, never tensors.
    """
    from engine.planning.check import check_document  # noqa: PLC0415

    return check_document(document, folder, options)


def fetch(document: Document, listener: Listener | None = None, stop: Stop | None = None) -> None:
    """Download what a document's checkpoints on the Hub need before they can be planned; only pickled weights do.

    Raises:
        EngineError: the Hub refused or could not be reached; Cancelled when the user stopped.
    """
    from engine.execution.fetch import fetch_headers

    fetch_headers(document, listener or _ignore, stop.is_requested if stop else _never)


def make_plan(document: Document, folder: Path, options: RunOptions | None = None) -> Plan:
    """Return the plan of a document's run.

    Raises:
        EngineError: the document has problems; the message lists them all.
    """
    verdict = check(document, folder, options)
    if verdict.plan is None:
        fact = "\n".join(str(problem) for problem in verdict.problems)
        raise EngineError(fact)
    return verdict.plan


def run(plan: Plan, listener: Listener | None = None, stop: Stop | None = None) -> RunResult:
    """Run a plan; every output folder is whole when this returns, or absent.

    Raises:
        EngineError: what failed, with the remedy; see `engine.report.publish.run_plan`.
    """
    if not plan.options.needs_folders:
        fact = "This plan was made to be looked at: it does not know where to write."
        raise EngineError(fact, "Check the document again with the folders needed.")
    # torch is imported here and not with the package, so that checking stays instant.
    from engine.execution.stop import Stop as NewStop
    from engine.report.publish import run_plan

    return run_plan(plan, listener or _ignore, stop or NewStop())


def _never() -> bool:
    """Never stop."""
    return False


def _ignore(_event: Event) -> None:
    """Listen to nothing."""


def __getattr__(name: str) -> object:
    """Import what belongs to planning when it is first asked for."""
    places = {"Verdict": "engine.planning.check", "Plan": "engine.planning.plan"}
    if name not in places:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(importlib.import_module(places[name]), name)
