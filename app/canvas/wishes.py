"""What the canvas asks the window for: things it shows but does not do itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from app.canvas.connection import PortEnd
from app.canvas.suggestions import Conversion
from engine.document.model import NodeId, Position


@dataclass(frozen=True)
class SearchWish:
    """Ask for the search of operations."""

    position: Position
    """Where the node will go, in the scene."""
    end: PortEnd | None = None
    """The port that a wire was drawn from: only what fits is offered, and joined."""
    is_pointed: bool = True
    """Whether the user points at the place; else the node goes beside what is selected."""


@dataclass(frozen=True)
class MenuWish:
    """Ask for the context menu."""

    position: Position
    node: NodeId | None = None


@dataclass(frozen=True)
class FileDrop:
    """Hand over files that were dropped on the canvas."""

    paths: tuple[Path, ...]
    position: Position
    end: PortEnd | None = None
    """The input they were dropped on, such as a role of an Analogy."""


@dataclass(frozen=True)
class Refusal:
    """Say at the cursor why something was refused, with what would make it right."""

    reason: str
    position: Position
    conversion: Conversion | None = None
