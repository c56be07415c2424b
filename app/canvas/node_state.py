"""What a run, or the check before it, says of one node."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtCore import QCoreApplication


class StateKind(StrEnum):
    """Name how far a node is."""

    READY = "ready"
    ESTIMATED = "estimated"
    RUNNING = "running"
    DONE = "done"
    CACHED = "cached"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class NodeState:
    """Hold the state of one node, as the canvas and the outline show it."""

    kind: StateKind = StateKind.READY
    progress: float = 0.0
    """The share of the planned bytes that is done, 0 to 1; shown while running."""
    text: str = ""
    """Time left, or the reason of a warning or error: shown on hover."""

    @property
    def words(self) -> str:
        """Return the state in words: colour and icon never stand alone."""
        name = _tr(str(self.kind))
        if self.kind is StateKind.RUNNING:
            return ", ".join(part for part in (name, f"{self.progress:.0%}", self.text) if part)
        return f"{name}: {self.text}" if self.text else name


READY = NodeState()


def _tr(text: str) -> str:
    return QCoreApplication.translate("node state", text)
