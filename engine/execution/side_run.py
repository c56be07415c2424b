"""Run a graph that nobody drew: what the user's graph makes is made once more, to be measured."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from engine.document.model import Document
from engine.errors import EngineError
from engine.events import Event, Listener
from engine.execution.run import Execution
from engine.execution.stop import Stop
from engine.planning.check import check_document
from engine.planning.options import RunOptions


def _ignore(event: Event) -> None:
    """Tell nobody."""


@contextmanager
def open_side_run(document: Document, folder: Path, options: RunOptions, stop: Stop, listener: Listener = _ignore) -> Generator[Execution]:
    """Give the execution of a graph, which is closed in the end.

    Args:
        document: the graph.
        folder: what its relative paths count from.
        options: how it is run.
        stop: the user's wish to stop.
        listener: told how far it is.

    Raises:
        EngineError: something speaks against the graph.
    """
    verdict = check_document(document, folder, options)
    if verdict.plan is None:
        first = verdict.problems[0]
        raise EngineError(first.message, first.hint)
    execution = Execution(verdict.plan, listener, stop)
    try:
        yield execution
    finally:
        execution.close()
