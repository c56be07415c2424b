"""What is wrong with a document that its user can mend: problems as data, never exceptions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """Say whether a problem stops a run."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """Hold one thing wrong with one place of a document."""

    severity: Severity
    message: str
    """What is wrong, with names and numbers, as a full sentence."""
    hint: str = ""
    """What to do about it, as a full sentence."""
    node: str = ""
    """The node's id; empty for a problem of the whole document."""
    field: str = ""
    """The port or parameter of that node; empty for the node as a whole."""

    def __str__(self) -> str:
        """Return the problem as one line of a terminal."""
        place = f"{self.node}.{self.field}" if self.node and self.field else self.node
        return " ".join(part for part in (f"{self.severity}:", f"[{place}]" if place else "", self.message, self.hint) if part)


def error(message: str, hint: str = "", *, node: str = "", field: str = "") -> Problem:
    """Return a problem that stops a run."""
    return Problem(Severity.ERROR, message, hint, node, field)


def warning(message: str, hint: str = "", *, node: str = "", field: str = "") -> Problem:
    """Return a problem that the report mentions and that stops nothing."""
    return Problem(Severity.WARNING, message, hint, node, field)


def stops_a_run(problems: Iterable[Problem]) -> bool:
    """Tell whether any of the problems forbids running."""
    return any(problem.severity is Severity.ERROR for problem in problems)
