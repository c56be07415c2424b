"""What every gesture is: begun by a press, fed by moves, ended by a release or called off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from engine.document.model import Position


@dataclass(frozen=True, slots=True)
class Pointer:
    """Say where the hand is and what it holds down."""

    scene: Position
    """In the scene, in its pixels."""
    view: Position
    """In the window, in its pixels."""
    is_shift: bool = False
    is_control: bool = False
    is_alt: bool = False

    def is_far_from(self, other: Pointer, pixels: float = 4.0) -> bool:
        """Tell whether the hand has left a place so clearly that a drag is meant, not a click."""
        return max(abs(self.view[0] - other.view[0]), abs(self.view[1] - other.view[1])) >= pixels

    def distance_from(self, other: Pointer) -> Position:
        """Return how far it came from a place, in the scene."""
        return self.scene[0] - other.scene[0], self.scene[1] - other.scene[1]


class Gesture(Protocol):
    """Do one thing from press to release; the document changes in one undo step or not at all."""

    def move(self, pointer: Pointer) -> None:
        """Follow the hand."""
        ...

    def finish(self, pointer: Pointer) -> None:
        """Do what the hand meant."""
        ...

    def cancel(self) -> None:
        """Leave everything as it was before."""
        ...
