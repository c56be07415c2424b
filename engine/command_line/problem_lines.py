"""Problems as lines, or as events."""

from __future__ import annotations

from collections.abc import Iterable

from engine.command_line.console import Console
from engine.command_line.event_json import write_event
from engine.problems import Problem


def tell_problems(problems: Iterable[Problem], console: Console) -> None:
    """Write each problem as one line to standard error."""
    for problem in problems:
        console.tell(str(problem))


def say_problems(problems: Iterable[Problem], console: Console) -> None:
    """Write each problem as one event to standard output."""
    for problem in problems:
        console.say(write_event(problem))
